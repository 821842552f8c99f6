"""The files of a vocabulary, its rules, and the prompts of paths."""

from pathlib import Path

import pytest
import torch

from personalize.errors import VocabularyError
from personalize.ui.page import example_subjects
from personalize.vocabulary.vocabulary import Vocabulary

MINI = Path(__file__).parents[2] / "assets" / "vocabulary" / "mini"


def write(folder: Path, **files: str) -> Path:
    for name, text in {
        "1-medium": "ink\noil\n",
        "2-light": "night\n",
        "subjects": "a fox\n",
        **files,
    }.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def test_the_mini_vocabulary_loads_with_the_blank_first_and_in_every_slot() -> None:
    vocabulary = Vocabulary.load(MINI)
    assert (vocabulary.name, vocabulary.horizon) == ("mini", 8)
    assert vocabulary.tokens[0] == ""
    assert bool(vocabulary.allowed[:, 0].all())
    assert vocabulary.slots == (
        "medium", "palette", "background", "light", "composition", "detail", "mood", "texture",
    )  # fmt: skip
    assert "a fox" in vocabulary.subjects


def test_every_token_but_the_blank_belongs_to_the_slot_of_its_file() -> None:
    vocabulary = Vocabulary.load(MINI)
    for row, slot in enumerate(vocabulary.slots):
        lines = (MINI / f"{row + 1}-{slot}.txt").read_text().splitlines()
        for token in (line for line in lines if line and not line.startswith("#")):
            assert vocabulary.slot_of(token) == row
            assert vocabulary.tokens[vocabulary.index(token)] == token


def test_a_prompt_is_the_subject_and_the_tokens_without_blanks(tmp_path: Path) -> None:
    vocabulary = Vocabulary.load(write(tmp_path))
    ink, night = vocabulary.index("ink"), vocabulary.index("night")
    assert vocabulary.prompt("a fox", (ink, night)) == "a fox, ink, night"
    assert vocabulary.prompt("a fox", torch.tensor([0, night])) == "a fox, night"
    assert vocabulary.prompt("a fox", (0, 0)) == "a fox"


def test_slots_are_sorted_by_number_not_by_name(tmp_path: Path) -> None:
    vocabulary = Vocabulary.load(write(tmp_path, **{"10-finish": "grain\n"}))
    assert vocabulary.slots == ("medium", "light", "finish")


def test_comments_blank_lines_and_windows_line_ends_are_skipped(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "1-medium.txt").write_bytes(b"\xef\xbb\xbf# how\r\n\r\n  pencil   sketch \r\noil\r\n")
    assert Vocabulary.load(tmp_path).tokens[1:3] == ("pencil sketch", "oil")


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"1-medium": "# nothing\n"}, "1-medium.txt"),
        ({"2-light": "night\nink\n"}, "2-light.txt, line 2"),
        ({"1-medium": "ink\nred, green\n"}, "1-medium.txt, line 2"),
        ({"1-medium": "ink\nbell\x07\n"}, "1-medium.txt, line 2"),
        ({"1-other": "pen\n"}, "1-other.txt"),
        ({"medium": "pen\n"}, "medium.txt"),
        ({"subjects": "\n"}, "subjects.txt"),
        ({"examples": "# some\na unicorn of clay\n"}, "examples.txt, line 2.*a unicorn of clay"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, files: dict[str, str], where: str) -> None:
    with pytest.raises(VocabularyError, match=where):
        Vocabulary.load(write(tmp_path, **files))


def test_missing_folders_files_and_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="nowhere"):
        Vocabulary.load(tmp_path / "nowhere")
    with pytest.raises(VocabularyError, match="1-medium.txt"):
        Vocabulary.load(tmp_path)
    write(tmp_path)
    (tmp_path / "2-light.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VocabularyError, match="UTF-8"):
        Vocabulary.load(tmp_path)


def test_unknown_tokens_and_the_slot_of_the_blank_are_refused(tmp_path: Path) -> None:
    vocabulary = Vocabulary.load(write(tmp_path))
    with pytest.raises(VocabularyError, match="found 'chalk'"):
        vocabulary.index("chalk")
    with pytest.raises(VocabularyError, match="blank"):
        vocabulary.slot_of("")


@pytest.mark.parametrize("path", [(1,), (1, 2), (1, 9), (-1, 0), (3, 0)])
def test_paths_that_may_not_be_said_are_refused(tmp_path: Path, path: tuple[int, ...]) -> None:
    with pytest.raises(VocabularyError):
        Vocabulary.load(write(tmp_path)).prompt("a fox", path)


def test_the_fingerprint_changes_with_every_content_and_not_with_the_name(tmp_path: Path) -> None:
    original = Vocabulary.load(write(tmp_path))
    fingerprints = {original.fingerprint}
    for change in ({"1-medium": "oil\nink\n"}, {"2-light": "dawn\n"}, {"subjects": "a cat\n"}):
        (tmp_path / "-".join(change)).mkdir()
        fingerprints.add(Vocabulary.load(write(tmp_path / "-".join(change), **change)).fingerprint)
    assert len(fingerprints) == 4
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in fingerprints)
    renamed = Vocabulary("b", original.tokens, original.slots, original.allowed, original.subjects)
    assert renamed.fingerprint == original.fingerprint


def test_a_vocabulary_that_breaks_its_rules_is_refused() -> None:
    allowed = torch.tensor([[True, True, False], [True, False, True]])
    tokens, slots = ("", "ink", "night"), ("medium", "light")
    Vocabulary("v", tokens, slots, allowed, ())
    both = torch.ones(2, 3, dtype=torch.bool)
    no_blank = torch.tensor([[False, True, False], [True, False, True]])
    for wrong in (both, no_blank, allowed[:1], allowed.to(torch.float64)):
        with pytest.raises(VocabularyError):
            Vocabulary("v", tokens, slots, wrong, ())
    for words in (("ink", "", "night"), ("", "ink", "ink"), ("",)):
        with pytest.raises(VocabularyError):
            Vocabulary("v", words, slots, allowed, ())


def test_a_line_may_say_its_source_and_kind_and_rules_part_kinds(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        **{
            "1-medium": "ink\tcurated\tdrawn\noil\tcurated\tpainted\nchalk\n",
            "2-light": "night\tlist\tdark\nnoon\n",
            "rules": "# who may not\nmedium:drawn\tlight:dark\n",
        },
    )
    vocabulary = Vocabulary.load(folder)
    assert vocabulary.tokens == ("", "ink", "oil", "chalk", "night", "noon")
    assert vocabulary.sources == ("", "curated", "curated", "", "list", "")
    rules = vocabulary.successors
    assert rules is not None
    may = rules.allowed[rules.groups][:, rules.groups]
    refused = [(vocabulary.tokens[a], vocabulary.tokens[b]) for a, b in (~may).nonzero().tolist()]
    assert refused == [("ink", "night")]


def test_without_rules_there_are_no_successors_and_the_mini_fingerprint_is_as_it_was(tmp_path: Path) -> None:
    plain = Vocabulary.load(write(tmp_path))
    assert plain.successors is None and plain.sources == ()
    (tmp_path / "ruled").mkdir()
    ruled = Vocabulary.load(
        write(
            tmp_path / "ruled",
            **{"1-medium": "ink\t\ta\noil\n", "2-light": "night\t\tb\n", "rules": "medium:a\tlight:b\n"},
        )
    )
    assert ruled.tokens == plain.tokens and ruled.fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"rules": "medium:pen\tlight:dark\n"}, "rules.txt, line 1"),
        ({"rules": "medium:drawn\n"}, "rules.txt, line 1"),
        ({"rules": "light:dark\tmedium:drawn\n"}, "the one after it"),
        ({"2-light": "night\tlist\tdark\tmore\n"}, "2-light.txt, line 1"),
        ({"2-light": "night\tlist\tdark\n\tlist\n"}, "2-light.txt"),
    ],
)
def test_rules_and_columns_that_do_not_fit_are_named(
    tmp_path: Path, files: dict[str, str], where: str
) -> None:
    good = {"1-medium": "ink\t\tdrawn\n", "2-light": "night\tlist\tdark\n"}
    Vocabulary.load(write(tmp_path, **good, rules="medium:drawn\tlight:dark\n"))
    with pytest.raises(VocabularyError, match=where):
        Vocabulary.load(write(tmp_path, **{**good, **files}))


def test_a_slot_can_be_added_at_the_end(tmp_path: Path) -> None:
    vocabulary = Vocabulary.load(write(tmp_path))
    more = vocabulary.with_slot("style", ["noir, grainy", "pastel"], "a file")
    assert more.slots == ("medium", "light", "style") and more.size == vocabulary.size + 2
    assert more.slot_of("pastel") == 2 and more.fingerprint != vocabulary.fingerprint
    assert more.prompt("a fox", (1, 0, more.index("noir, grainy"))) == "a fox, ink, noir, grainy"
    with pytest.raises(VocabularyError):
        vocabulary.with_slot("light", ["pastel"], "a file")
    with pytest.raises(VocabularyError):
        vocabulary.with_slot("style", ["ink"], "a file")


def test_the_first_screen_offers_the_chosen_subjects(tmp_path: Path) -> None:
    folder = write(tmp_path, subjects="a fox\na castle\nan owl\n")
    spread = Vocabulary.load(folder)
    assert spread.examples == () and example_subjects(spread) == spread.subjects
    (folder / "examples.txt").write_text("an owl\na fox\n")
    chosen = Vocabulary.load(folder)
    assert example_subjects(chosen) == ("an owl", "a fox") and chosen.fingerprint == spread.fingerprint
