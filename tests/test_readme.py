"""The README says only what is so: commands, settings and pictures that exist."""

import re
from pathlib import Path

from personalize.commands import COMMANDS
from personalize.settings import Settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_picture_and_file_it_links_exists() -> None:
    links = re.findall(r"\]\(((?!https?://)[^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_setting_is_in_the_table_as_it_is() -> None:
    for row in Settings.table():
        default = f"`{row.default}`" if row.default else ""
        assert f"| `{row.environment}` | {default} | {row.unit} | {row.meaning} |" in TEXT


def test_every_make_target_and_command_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", TEXT)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    named = set(re.findall(r"python -m personalize ([a-z]+)", TEXT))
    assert named and named <= set(COMMANDS)


def test_every_test_that_the_table_names_exists() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| [MB]\d", line)]
    assert len(rows) > 15
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for row in rows:
        names = re.findall(r"`([^`]+)`", row.split("|")[3])
        assert names, row
        for name in names:
            assert (ROOT / name).exists() if name.startswith("tests/") else f"def test_{name}(" in tests, name
