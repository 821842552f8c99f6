"""Styles of other programs: reading, cleaning, the new slot, and refusals in one sentence."""

import json
from pathlib import Path

import pytest

from personalize.errors import VocabularyError
from personalize.vocabulary.styles import (
    LARGEST_BYTES,
    LONGEST,
    MOST_STYLES,
    read_styles,
    style_token,
    with_styles,
)
from tests.fakes import fake_vocabulary

CSV = (
    "name,prompt,negative_prompt\n"
    'Noir,"film noir still of {prompt}, hard shadows, rain","color, cartoon"\n'
    "Empty,,ugly\n"
    'Suffix,"(soft focus:1.3), <lora:mist:0.8> morning mist",\n'
)
FOOOCUS = [
    {
        "name": "cinematic",
        "prompt": "cinematic still {prompt} . emotional, vignette",
        "negative_prompt": "anime",
    },
    {"name": "negative only", "negative_prompt": "blurry"},
]


def file_of(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("prompt", "token"),
    [
        ("cinematic still {prompt} . emotional, harmonious", "cinematic still, emotional, harmonious"),
        ("a painting of {prompt}, thick paint", "a painting, thick paint"),
        ("a photo with a {prompt}", "a photo"),
        ("{prompt}", ""),
        ("{prompt}, {prompt} again", "again"),
        ("(sharp:1.2), ((bold)), [pale], <lora:x:1>", "sharp, bold, pale"),
        ("35mm f1.8 lens, f/1.8", "35mm f1.8 lens, f/1.8"),
        ("noir; noir, rain\x00y", "noir, rain y"),
        ("pastel", "pastel"),
    ],
)
def test_a_prompt_becomes_what_it_says_apart_from_the_subject(prompt: str, token: str) -> None:
    assert style_token(prompt) == token


def test_a_long_style_keeps_its_first_phrases() -> None:
    token = style_token(", ".join(f"phrase number {n}" for n in range(50)))
    assert token.startswith("phrase number 0, phrase number 1") and len(token) <= LONGEST
    assert not token.endswith(",") and 0 < len(style_token("x" * 500)) <= LONGEST


def test_a1111_and_fooocus_files_are_read(tmp_path: Path) -> None:
    assert read_styles(file_of(tmp_path, "styles.csv", "\ufeff" + CSV)) == [
        "film noir still of {prompt}, hard shadows, rain",
        "(soft focus:1.3), <lora:mist:0.8> morning mist",
    ]
    assert read_styles(file_of(tmp_path, "sdxl.json", json.dumps(FOOOCUS))) == [FOOOCUS[0]["prompt"]]


def test_spaces_after_commas_are_no_part_of_a_style(tmp_path: Path) -> None:
    text = 'name, prompt, negative_prompt\nNoir, "film noir, rain", "cartoon, ""bad"""\nInk, ink,\n'
    assert read_styles(file_of(tmp_path, "styles.csv", text)) == ["film noir, rain", "ink"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('Noir,"a "dark" still, rain",', "line 4"),
        ('Noir,"a dark still, rain', "line 4"),
        ("Noir,film noir, rain, fog, night", "3 columns in line 4"),
    ],
)
def test_a_fault_is_named_by_its_line(tmp_path: Path, row: str, found: str) -> None:
    text = f'name,prompt,negative_prompt\nTwo,"two\nlines",\n{row}\nLast,last,\n'
    with pytest.raises(VocabularyError, match=found) as refused:
        read_styles(file_of(tmp_path, "styles.csv", text))
    assert "quote" in str(refused.value)


def test_the_styles_of_a_folder_are_one_more_slot(tmp_path: Path) -> None:
    file_of(tmp_path, "styles.csv", CSV + "Known,Night,\nTwice,SOFT FOCUS,\n")
    file_of(tmp_path, "b.json", json.dumps([*FOOOCUS, {"name": "again", "prompt": "soft focus"}]))
    file_of(tmp_path, "notes.txt", "not a style")
    before = fake_vocabulary()
    after = with_styles(before, tmp_path)
    assert after.slots == (*before.slots, "style")
    assert after.tokens[before.size :] == (
        "cinematic still, emotional, vignette", "soft focus", "film noir still, hard shadows, rain",
        "soft focus, morning mist",
    )  # fmt: skip
    assert after.tokens[: before.size] == before.tokens and after.subjects == before.subjects


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("styles.csv", "", "nothing"),
        ("styles.csv", "title,text\na,b\n", "title,text"),
        ("styles.csv", 'name,prompt\na,"open\n', "unexpected end of data"),
        ("styles.csv", "name,prompt\nplain,{prompt}\n", "found 0"),
        ("s.json", "{", "Expecting property name"),
        ("s.json", '{"name": "a"}', "something else"),
        ("s.json", '[{"prompt": "a"}]', "something else"),
        ("s.json", '[{"name": "a", "prompt": 3}]', "something else"),
        ("s.json", "[" * 100_000, "recursion"),
        ("s.json", "[]", "found 0"),
        (
            "s.json",
            json.dumps([{"name": "a", "prompt": f"style {n}"} for n in range(MOST_STYLES + 1)]),
            "2001",
        ),
        ("s.json", " " * (LARGEST_BYTES + 1), "4 MiB"),
    ],
)
def test_a_file_that_is_no_list_of_styles_gets_one_sentence(
    tmp_path: Path, name: str, text: str, found: str
) -> None:
    file = file_of(tmp_path, name, text)
    with pytest.raises(VocabularyError, match=r"^Expected ") as refused:
        with_styles(fake_vocabulary(), file)
    said = str(refused.value)
    assert found in said and str(file) in said and "\n" not in said


def test_missing_files_empty_folders_and_wrong_encodings_are_said(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"name,prompt\na,caf\xe9\n")
    (tmp_path / "empty").mkdir()
    for place in ("latin.csv", "empty", "nowhere.csv"):
        with pytest.raises(VocabularyError, match=place):
            with_styles(fake_vocabulary(), tmp_path / place)


def test_styles_are_added_once(tmp_path: Path) -> None:
    file = file_of(tmp_path, "styles.csv", CSV)
    with pytest.raises(VocabularyError, match="slot 'style'"):
        with_styles(with_styles(fake_vocabulary(), file), file)
