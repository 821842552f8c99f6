"""The card of the mini models: its quality section is made of the committed numbers."""

import json
import shutil
from pathlib import Path

import pytest

from models import find_model
from models.__main__ import main
from models.card import BEGIN, END, LARGE, quality_section

MINI = Path(__file__).parents[2] / "models" / "mini"
QUALITY, SHARP = (json.loads((MINI / name).read_text("utf-8")) for name in ("quality.json", LARGE))


def test_the_committed_section_is_what_the_numbers_make() -> None:
    card = (MINI / "README.md").read_text("utf-8")
    section = card[card.index(BEGIN) + len(BEGIN) : card.index(END)].strip("\n")
    assert section == quality_section(QUALITY, SHARP)


def test_the_committed_numbers_are_of_the_shipped_models() -> None:
    assert QUALITY["fingerprint"] == SHARP["fingerprint"] == find_model("mini").fingerprint
    with pytest.raises(ValueError, match="two models"):
        quality_section(QUALITY, SHARP | {"fingerprint": "another"})


def test_the_section_has_the_shares_of_the_numbers() -> None:
    rows = [line.strip("| ").split(" | ") for line in quality_section(QUALITY, SHARP).splitlines()]
    shares = [f"{100 * part['share']:.0f} %" for part in QUALITY["by_words"]["generated"]["3"].values()]
    assert ["Classifier", "generated", "3", *shares] in rows


def test_the_command_writes_the_section_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(["card", str(tmp_path)]) == 2
    assert "python -m models evaluate" in capsys.readouterr().err
    for name in ("quality.json", LARGE):
        shutil.copy(MINI / name, tmp_path)
    assert main(["card", str(tmp_path)]) == 0
    assert card.read_text() == f"before\n{BEGIN}\n{quality_section(QUALITY, SHARP)}\n{END}\nafter\n"
    card.write_text("no marks")
    assert main(["card", str(tmp_path)]) == 2


def test_a_share_of_no_pictures_is_a_dash() -> None:
    quality = json.loads((MINI / "quality.json").read_text("utf-8"))
    none = {"share": None, "error": None, "of": 0}
    quality["by_words"]["generated"]["3"] = {name: none for name in quality["by_words"]["generated"]["3"]}
    quality["tokens_text_picture_rank_correlation"] = None
    section = quality_section(quality, SHARP)
    assert "| Classifier | generated | 3 |" + " – |" * 9 in section
    assert "by its pictures |  | – |" in section
