"""The READMEs are true: commands, settings, links, paths and figures exist. The first page stays short."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from personalize.commands import COMMANDS
from personalize.experiments.evidence.picture_numbers import POOLED
from personalize.experiments.seen_sessions import POOL_LIKED, WAYS
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


def test_the_settings_of_the_first_page_are_ten_of_them_as_they_are() -> None:
    rows = {f"| `{row.environment}` | {f'`{row.default}`' if row.default else ''} | {row.meaning} |"
            for row in Settings.table()}  # fmt: skip
    shown = [line for line in README.splitlines() if line.startswith("| `PALATE_")]
    assert len(shown) == 10 and set(shown) <= rows


@pytest.mark.parametrize("document", WRITTEN, ids=name_of)
def test_every_path_that_a_page_names_exists(document: Path) -> None:
    places = (document.parent, ROOT, ROOT / "personalize")
    known = {path.name for path in document.parent.iterdir()} | {path.name for path in ROOT.iterdir()}
    for code in re.findall(r"`([^`\n]+)`", document.read_text("utf-8")):
        named = code.partition("/")[0] in known and re.fullmatch(r"\.?[\w-]+(?:/[\w.-]+)+/?", code)
        if named or re.fullmatch(r"[\w./-]+/[\w-]+\.(?:py|md|toml|txt|svg|json|yml)", code):
            assert any((place / code).exists() for place in places), code


@pytest.mark.parametrize("page", ["README.md", "personalize/ui/README.md"])
def test_every_button_that_a_page_quotes_is_on_the_page(page: str) -> None:
    languages = ROOT / "personalize" / "ui" / "text" / "languages"
    texts = tomllib.loads((languages / "en.toml").read_text("utf-8"))["texts"].values()
    prose = re.sub(
        r"```.*?```|`[^`\n]+`|^---\n.*?\n---\n", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL
    )
    quoted = [" ".join(text.split()) for text in re.findall(r'"([^"]+)"', prose)]
    assert quoted and [text for text in quoted if text not in texts] == []


@pytest.mark.parametrize("document", WRITTEN, ids=name_of)
def test_every_setting_command_and_target_that_a_page_names_exists(document: Path) -> None:
    text = document.read_text("utf-8")
    known = {row.environment for row in Settings.table()}
    assert {name.rstrip("_") for name in re.findall(r"PALATE_[A-Z_]+", text)} - known == set()
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"(?<![\w-])make ([a-z]+)\b(?=[`\s])", "\n".join(code_of(text)))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert set(re.findall(r"python -m personalize ([a-z-]+)", text)) <= set(COMMANDS)
    models = "\n".join(path.read_text("utf-8") for path in (ROOT / "models").rglob("*.py"))
    for command in set(re.findall(r"python -m models(?:\.\w+)? ([a-z-]+)", text)):
        assert f'"{command}"' in models, command
    ours = models + "\n".join(path.read_text("utf-8") for path in (ROOT / "personalize").rglob("*.py"))
    flags = {row.flag for row in Settings.table()}
    for line in re.findall(r"(?:python -m (?:personalize|models)|make run ARGS=)[^`#]*", text):
        for flag in re.findall(r"(?<=[\s\"])--[a-z-]+", line):
            assert flag in flags or f'"{flag}"' in ours, flag


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


def rows_of(page: Path) -> list[list[str]]:
    """The cells of all tables of a page."""
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def row_of(page: Path, first: str, columns: int) -> list[str]:
    """The row of a page whose first cell is given, in the table with that many columns."""
    (row,) = [row for row in rows_of(page) if row[0] == first and len(row) == columns]
    return row


def spread(of: Any, form: str = ".2f") -> str:
    """Mean and standard error; the last ones of a curve."""
    mean, error = (of[key][-1] if isinstance(of[key], list) else of[key] for key in ("mean", "se"))
    return f"{mean:{form}} +- {error:{form.lstrip('+')}}"


def at_answers(values: dict[str, Any], place: int) -> dict[str, float]:
    """The mean and the standard error after one number of answers."""
    return {what: values[what][place] for what in ("mean", "se")}


def figures() -> list[list[str]]:
    """Target and result of each figure of the first page, made from the committed numbers.

    Figures without committed numbers stand, with their command, in a table of the evidence or of the card.
    """

    def numbers(name: str) -> Any:
        return json.loads((EVIDENCE / name / f"{name}.json").read_text("utf-8"))["numbers"]

    index, card = EVIDENCE / "README.md", ROOT / "models" / "mini" / "README.md"
    quality = json.loads((ROOT / "models" / "mini" / "quality.json").read_text("utf-8"))
    (round_s,) = re.findall(r"A round of four took ([\d.]+) s", card.read_text("utf-8"))
    pictures = numbers("pictures")
    linear, other = pictures["kinds"]["linear"], pictures["kinds"]["another eye"]
    arm, way, middle = POOL_LIKED, WAYS[POOLED], pictures["middle"]
    share = linear["share_of_random"][arm]
    plain = row_of(index, "adaptive", 5)
    both = row_of(index, "adaptive, best and worst told", 5)
    slips = row_of(index, "adaptive, one click in ten a slip", 5)[4]
    (slip_share,) = re.findall(r"^(.*) of its answers", slips)
    (slip_target,) = re.findall(r"target ([\d.]+)", slips)
    named = [row[3] for row in rows_of(card) if row[0].startswith("generated, `--seed")]
    subject = quality["by_words"]["generated"]["2"]["subject"]["share"]
    gap = {row.name: row.default for row in Settings.table()}["relative_gap"]
    assert "The target is 36 of 40" in card.read_text("utf-8")
    return [
        [plain[3], judged(plain[2], at_most=plain[3])],
        [both[3], judged(both[2], at_most=both[3])],
        [slip_target, judged(slip_share, at_most=slip_target)],
        ["0.35", judged(spread(share), at_most="0.35")],
        *(["", spread(at_answers(kind["won"][arm][way], middle))] for kind in (linear, other)),
        [gap, judged(f"{numbers('scaling')['profile']['gap_relative']:.1e}", at_most=gap)],
        ["90 %", f"{100 * subject:.1f} %" + ("" if subject >= 0.9 else " (missed)")],
        ["36 each", ", ".join(named) + missed_of([int(n) < 36 for n in named])],
        ["", round_s],
    ]


def judged(result: str, at_most: str) -> str:
    """The result, with a note if it is above its target."""
    return result if float(result.partition(" ")[0]) <= float(at_most) else f"{result} (missed)"


def missed_of(missed: list[bool]) -> str:
    """How many of several results are below their target."""
    return f" ({['none', 'one', 'two', 'three'][sum(missed)]} missed)" if any(missed) else ""


def test_every_figure_of_the_first_page_is_the_one_of_its_source() -> None:
    table = README.partition("| Figure | Target | Result |")[2].partition("\n\n")[0]
    shown = [line.strip("|").split("|")[1:] for line in table.splitlines()[2:]]
    assert 0 < len(shown) <= 10
    assert [[cell.strip() for cell in row] for row in shown] == figures()
