"""The READMEs are true: commands, settings, links and figures exist, and the first page stays short."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personalize.commands import COMMANDS
from personalize.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EVIDENCE = ROOT / "assets" / "evidence"
GENERATED = {EVIDENCE / path.name / "README.md" for path in EVIDENCE.iterdir() if path.is_dir()}


def pages() -> list[Path]:
    """Every Markdown page that people wrote or that is generated for them."""
    hidden = [path.name for path in ROOT.iterdir() if path.name.startswith(".") and path.name != ".github"]
    return sorted(path for path in ROOT.rglob("*.md") if not set(hidden) & set(path.parts))


WRITTEN = [page for page in pages() if page not in GENERATED]


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def test_the_first_page_is_for_two_minutes() -> None:
    assert len(README.splitlines()) <= 130 and len(README.encode()) <= 9 * 1024


@pytest.mark.parametrize("document", pages(), ids=name_of)
def test_every_file_that_a_page_links_exists(document: Path) -> None:
    links = re.findall(r"\]\(((?!https?://|mailto:|#)[^)#\s]+)[^)]*\)", document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_room_has_a_page_that_another_page_links() -> None:
    linked = {
        (page.parent / link).resolve()
        for page in pages()
        for link in re.findall(r"\]\(((?!https?://)[^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    }
    unlinked = [name_of(page) for page in pages() if page.resolve() not in linked]
    assert unlinked == ["README.md"]


def test_every_setting_is_in_the_table_as_it_is() -> None:
    text = (ROOT / "personalize" / "ui" / "README.md").read_text("utf-8")
    for row in Settings.table():
        default = f"`{row.default}`" if row.default else ""
        assert f"| `{row.environment}` | {default} | {row.unit} | {row.meaning} |" in text


@pytest.mark.parametrize("document", WRITTEN, ids=name_of)
def test_every_setting_command_and_target_that_a_page_names_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    known = {row.environment for row in Settings.table()}
    assert {name.rstrip("_") for name in re.findall(r"PALATE_[A-Z_]+", text)} - known == set()
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"(?<![\w-])make ([a-z]+)\b(?=[`\s])", "\n".join(code_of(text)))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert set(re.findall(r"python -m personalize ([a-z]+)", text)) <= set(COMMANDS)
    models = "\n".join(path.read_text("utf-8") for path in (ROOT / "models").rglob("*.py"))
    for command in set(re.findall(r"python -m models ([a-z]+)", text)):
        assert f'"{command}"' in models, command


def code_of(text: str) -> list[str]:
    """The code of a page: blocks and inline."""
    return re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text)


def test_every_test_that_the_table_names_exists() -> None:
    text = (ROOT / "tests" / "README.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| [MB]\d", line)]
    assert len(rows) > 30
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    laws = [line for line in text.splitlines() if line.startswith("| ") and "`tests/" in line]
    for row in {*rows, *laws}:
        names = re.findall(r"`([^`]+)`", row.rstrip("| ").split("|")[-1])
        assert names, row
        for name in names:
            assert (ROOT / name).exists() if name.startswith("tests/") else f"def test_{name}(" in tests, name


def record(name: str) -> Any:
    return json.loads((EVIDENCE / name / f"{name}.json").read_text("utf-8"))["numbers"]


def quality() -> Any:
    return json.loads((ROOT / "models" / "mini" / "quality.json").read_text("utf-8"))


def index() -> str:
    return (EVIDENCE / "README.md").read_text("utf-8")


def card() -> str:
    return (ROOT / "models" / "mini" / "README.md").read_text("utf-8")


SOURCES: dict[str, Callable[[], str]] = {
    "0.45": index,
    "0.28": index,
    "1.55": index,
    "-0.003 +- 0.013": index,
    "0.89 +- 0.04": index,
    "0.77 +- 0.06": index,
    "2.7e-05": index,
    "95.5 %": card,
    "0.92": index,
}
"""Where each figure of the first page stands with its command; those pages are held to the committed JSON."""


@pytest.mark.parametrize("figure", SOURCES)
def test_every_figure_of_the_first_page_has_its_source(figure: str) -> None:
    assert figure in README and figure in SOURCES[figure]()


def test_the_table_of_figures_is_short_and_has_no_other_figure() -> None:
    table = README.partition("| Figure | Target | Result |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert 0 < len(rows) <= 10
    results = [row.split("|")[3].replace("(missed)", "").strip() for row in rows]
    known = {*SOURCES, "35, 39, 34 (two missed)"}
    assert [result for result in results if result not in known] == []
    assert "35" in card() and "39" in card() and "34" in card()
