"""Three languages that say the same things in the same places."""

import ast
import pickle
import re
import string
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.remote.answers import AWAY, BUSY, UNSAFE, WRONG
from personalize.errors import LimitError, RenderError, SessionError, StoreError
from personalize.session.subject import check_subject
from personalize.ui.rate_limit import Limit
from personalize.ui.text.catalogue import FOLDER, LANGUAGES, Catalogue, catalogue, language_asked
from personalize.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).parents[3]
OTHERS = LANGUAGES[1:]
PEOPLE_MEET = {
    "SessionError", "LimitError", "UnknownSessionError", "StaleAnswerError", "RenderError", "StalledError",
    "CancelledError",
}  # fmt: skip
"""Errors that come from what a person does."""

STORES = (
    "rendering/png.py",
    "session/database.py:_explanation",
    "session/database_file.py",
    "session/picture_bucket.py",
    "session/picture_files.py",
    "session/store.py",
)
"""Modules and functions with errors of the store. Sentences have no paths of the server."""


def table(language: str) -> dict[str, Any]:
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
    english = {name: places(text) for name, text in leaves(table("en")) if not name.startswith("/templates/")}
    said = {n: places(text) for n, text in leaves(table(language)) if not n.startswith("/tokens/")}
    assert said.keys() == english.keys()
    for name, wanted in english.items():
        if name.endswith("/one") or name.startswith("/errors/"):
            assert said[name] | {"n", "name"} == wanted | {"n", "name"}, name  # these may go without saying
        else:
            assert said[name] == wanted, name


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    english = {name: text for name, text in leaves(table("en")) if not name.startswith("/templates/")}
    said = dict(leaves(table(language)))
    same = [name for name, text in english.items() if said[name] == text and re.search(r"[a-z] [a-z]", text)]
    assert same == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_of_the_vocabulary_has_a_name(language: str) -> None:
    tokens = Vocabulary.load(ROOT / "assets" / "vocabulary" / "mini").tokens[1:]
    names = table(language)["tokens"]
    assert set(names) == set(tokens)
    assert len(set(names.values())) == len(names)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    code = [*(ROOT / "personalize" / "ui").rglob("*.py"), *(ROOT / "personalize" / "ui").glob("*/*.html")]
    text = "\n".join(path.read_text("utf-8") for path in code)
    scripts = "\n".join(path.read_text("utf-8") for path in (ROOT / "personalize" / "ui").glob("static/*.js"))
    texts = table("en")["texts"]
    named = set(re.findall(r"""['"]([a-z_0-9]+)['"]""", text))
    named |= {"step_rounds", "step_taste", "step_pictures"} | {f"{key}_settled" for key in named}
    said = re.findall(r'data-(?:say|label)="(\w+)"|words\.(\w+)', scripts + text)
    named |= {f"js_{one or other}" for one, other in said}
    assert sorted(set(texts) - named) == []
    asked = set(re.findall(r"""\bt\(['"](\w+)['"]|\bwords\(['"](\w+)['"]""", text))
    assert {one or other for one, other in asked} - set(texts) == {"step_"}


def templates(path: Path) -> Iterator[str]:
    """The templates of the errors that a module makes, where they are written out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if node.func.id not in PEOPLE_MEET:
            continue
        assert not isinstance(node.args[0], ast.JoinedStr), f"{path}:{node.lineno}: give the error a template"
        if isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def test_every_error_that_a_person_can_meet_has_a_sentence_in_every_language() -> None:
    known = {text: key for key, text in table("en")["templates"].items()}
    made = {
        template: path
        for path in (ROOT / "personalize").rglob("*.py")
        if "experiments" not in path.parts
        for template in templates(path)
    }
    assert {template: path for template, path in made.items() if template not in known} == {}
    for language in LANGUAGES:
        assert set(table(language)["errors"]) == set(known.values()), language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [AWAY, BUSY, UNSAFE, WRONG])
def test_an_error_of_an_images_server_has_a_sentence_without_its_address(
    language: str, template: str
) -> None:
    values = {place: "http://10.0.0.7:8000" for place in places(template)}
    said = catalogue(language).error(RenderError(template, **values))
    assert said not in (catalogue(language)("other_failure"), str(RenderError(template, **values)))
    assert "10.0.0.7" not in said and said.endswith(".")


def test_an_error_of_the_store_has_a_sentence_without_paths() -> None:
    keys = {template: key for key, template in table("en")["templates"].items()}
    for where in STORES:
        name, _, function = where.partition(":")
        tree: ast.AST = ast.parse((ROOT / "personalize" / name).read_text("utf-8"))
        if function:
            (tree,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
        made = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and is_store_error(call)]
        assert made, where
        for call in made:
            assert isinstance(call.args[0], ast.Constant), f"{where}:{call.lineno}: give the error a template"
            template = str(call.args[0].value)
            assert template in keys, template
            assert places(template) == {keyword.arg for keyword in call.keywords}, template
            for language in LANGUAGES:
                assert not places(table(language)["errors"][keys[template]]), template


def is_store_error(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "StoreError" and bool(call.args)


def test_visitors_read_sentences_and_the_log_what_was_expected() -> None:
    assert [text for text in table("en")["errors"].values() if text.startswith("Expected")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_has_no_place_that_its_template_lacks(language: str) -> None:
    for key, template in table("en")["templates"].items():
        assert places(table(language)["errors"][key]) <= places(template), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_is_told_with_its_values(language: str) -> None:
    words = catalogue(language)
    with pytest.raises(SessionError) as long:
        check_subject("a" * 10_000)
    sentence = words.error(long.value)
    assert "120" in sentence and "10000" in sentence and "Expected" not in sentence
    limit = Limit(1, 60.0, "drawings")
    limit.take("a")
    with pytest.raises(LimitError) as often:
        limit.take("a")
    sentence = words.error(often.value)
    assert "Expected" not in sentence and ("drawings" in sentence) == (language == "en")
    foreign = SessionError("The brush {broke}.")
    assert "The brush {broke}." in words.error(foreign)  # not known: quoted as it is
    assert (words.error(foreign) == str(foreign)) == (language == "en")
    for raw in (RenderError("out of memory at /secret"), StoreError("no /secret"), OSError("/secret")):
        assert "secret" not in words.error(raw) and words.error(raw)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_names_a_folder_or_what_a_driver_said(language: str) -> None:
    told = 0
    for key, template in table("en")["templates"].items():
        private = places(template) & {"path", "fault", "kind"}
        private |= places(template) & {"where"} if "database" in template or "disk" in template else set()
        told += bool(private)
        assert not places(table(language)["errors"][key]) & private, key
    assert told >= 7


def test_an_error_keeps_its_template_and_its_values_on_the_way_through_a_process() -> None:
    error = SessionError("Expected {a}, found {b}.", a=1, b="x")
    assert str(error) == "Expected 1, found x."
    assert (error.template, error.values) == ("Expected {a}, found {b}.", {"a": 1, "b": "x"})
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.values) == (SessionError, str(error), error.values)
    limit = LimitError("Expected at most {goes}, found more.", 30, goes=4)
    assert vars(pickle.loads(pickle.dumps(limit))) == vars(limit)


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
    en, de, fr = (catalogue(language) for language in ("en", "de", "fr"))
    assert en.count("to_go", 1) == "About 1 more pick to go."
    assert de.count("after_answers", 0) == "Nach 0 Antworten"
    assert fr.count("after_answers", 0) == "Après 0 réponse"
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert [w.date(moment) for w in (en, de, fr)] == ["1 March 2026", "1. März 2026", "1 mars 2026"]
    assert de.listed(["a", "b", "c"]) == "a, b und c"
    assert fr("js_ask_title") == "Tout effacer\N{NO-BREAK SPACE}?"


def test_values_in_html_are_escaped_and_markup_is_kept() -> None:
    words = catalogue("en")
    assert words.html("asks_one", first="<i>") == "This round asks about &lt;i&gt;."
    assert words.token("no such token") == "no such token"


def test_an_unknown_language_is_english() -> None:
    assert catalogue("tlh").language == "en"
    assert Catalogue("de")("undo") == "Zurück"
