"""Three languages that say the same things in the same places."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from personalize.ui.text.catalogue import FOLDER, LANGUAGES, Words, language_asked, words_of
from personalize.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).parents[3]
OTHERS = LANGUAGES[1:]
WHAT_PEOPLE_MEET = (
    "rounds/personalizer.py", "rounds/strategies.py", "rendering/png.py", "session/record.py",
    "session/subject.py", "taste/blind_test.py", "taste/comparison.py", "taste/personal_pictures.py",
    "taste/taste_file.py", "taste/transfer.py", "ui/background.py", "ui/browser_state.py",
    "ui/handlers/events.py", "ui/http/audience.py", "ui/http/staff_access.py", "ui/http/vote.py",
    "ui/rate_limit.py", "ui/screens/rounds.py",
)  # fmt: skip
"""Modules whose errors come from what a person does; others tell of a broken installation, in English."""


def catalogue(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def leaves(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{above}/{key}"
        if isinstance(value, dict):
            yield from leaves(value, name)
        else:
            yield name, value


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_texts_with_the_same_places(language: str) -> None:
    english = {name: places(text) for name, text in leaves(catalogue("en"))}
    said = {n: places(text) for n, text in leaves(catalogue(language)) if not n.startswith("/tokens/")}
    assert said.keys() == english.keys()
    for name, wanted in english.items():
        if name.endswith("/one") or name.startswith("/errors/"):
            assert said[name] | {"n", "name"} == wanted | {"n", "name"}, name  # these may go without saying
        else:
            assert said[name] == wanted, name


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    english, said = dict(leaves(catalogue("en"))), dict(leaves(catalogue(language)))
    same = [name for name, text in english.items() if said[name] == text and re.search(r"[a-z] [a-z]", text)]
    assert same == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_of_the_vocabulary_has_a_name(language: str) -> None:
    tokens = Vocabulary.load(ROOT / "assets" / "vocabulary" / "mini").tokens[1:]
    names = catalogue(language)["tokens"]
    assert set(names) == set(tokens)
    assert len(set(names.values())) == len(names)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    code = [*(ROOT / "personalize" / "ui").rglob("*.py"), *(ROOT / "personalize" / "ui").glob("*/*.html")]
    text = "\n".join(path.read_text("utf-8") for path in code)
    scripts = "\n".join(path.read_text("utf-8") for path in (ROOT / "personalize" / "ui").glob("static/*.js"))
    texts = catalogue("en")["texts"]
    named = set(re.findall(r"""['"]([a-z_0-9]+)['"]""", text))
    named |= {"step_rounds", "step_taste", "step_pictures"} | {f"{key}_settled" for key in named}
    said = re.findall(r'data-(?:say|label)="(\w+)"|words\.(\w+)', scripts + text)
    named |= {f"js_{one or other}" for one, other in said}
    assert sorted(set(texts) - named) == []
    asked = set(re.findall(r"""\bt\(['"](\w+)['"]|\bwords\(['"](\w+)['"]""", text))
    assert {one or other for one, other in asked} - set(texts) == {"step_"}


def messages(path: Path) -> Iterator[str]:
    """The texts of the errors that a module raises, with {} where values stand."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if not node.func.id.endswith("Error") or node.func.id == "SettingsError":
            continue
        said = node.args[0]
        if isinstance(said, ast.Constant):
            yield str(said.value)
        elif isinstance(said, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in said.values)


def test_every_error_that_a_person_can_meet_is_in_the_catalogue() -> None:
    known = {re.sub(r"\{\w+\}", "{}", text) for text in catalogue("en")["errors"].values()}
    for name in WHAT_PEOPLE_MEET:
        for message in messages(ROOT / "personalize" / name):
            assert message in known, f"{name}: {message}"


@pytest.mark.parametrize("language", OTHERS)
def test_an_error_is_said_with_what_stands_in_it(language: str) -> None:
    words = words_of(language)
    english = "Expected a subject of at most 200 characters, found 10000. Shorten it."
    said = words.error(english)
    assert "200" in said and "10000" in said and "Expected" not in said
    assert "Expected" not in words.error(
        "Expected at most 40 drawings in a minute, found more. "
        "Everyone shares one painter here; please wait a minute."
    )
    assert "The brush broke." in words.error("The brush broke.")  # not known: as it is, and said to be so
    assert words.error("The brush broke.") != "The brush broke."
    assert words_of("en").error(english) == english


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("es,de;q=0.3,en;q=0.9", "en"),
        ("es-ES,it", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("\x00;;q=,,de;q=nan," + "x" * 100_000, "en"),
    ],
)
def test_the_browsers_language_is_taken(header: str, language: str) -> None:
    assert language_asked(header) == language


def test_numbers_dates_and_lists() -> None:
    en, de, fr = (words_of(language) for language in ("en", "de", "fr"))
    assert en.count("to_go", 1) == "About 1 more pick to go."
    assert de.count("after_answers", 0) == "Nach 0 Antworten"
    assert fr.count("after_answers", 0) == "Après 0 réponse"
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert [w.date(moment) for w in (en, de, fr)] == ["1 March 2026", "1. März 2026", "1 mars 2026"]
    assert de.listed(["a", "b", "c"]) == "a, b und c"
    assert fr("js_ask_title") == "Tout effacer\N{NO-BREAK SPACE}?"


def test_values_in_html_are_escaped_and_markup_is_kept() -> None:
    words = words_of("en")
    assert words.html("asks_one", first="<i>") == "This round asks about &lt;i&gt;."
    assert words.token("no such token") == "no such token"


def test_an_unknown_language_is_english() -> None:
    assert words_of("tlh").language == "en"
    assert Words("de")("undo") == "Zurück"
