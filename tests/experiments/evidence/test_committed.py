"""The committed evidence: whole, from full runs, its pages made of its numbers, and quoted rightly."""

import json
import re
from pathlib import Path

import pytest

from personalize.experiments.evidence import EXPERIMENTS
from personalize.experiments.record import SCHEMA, read
from tests.soak.report import page
from tests.soak.run import ON_RAY

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "assets" / "evidence"
SOAK = FOLDER / "reliability"
"""The report of `python -m tests.soak`, which is no experiment."""

GROWTH = FOLDER / "growth"
"""Figures of benchmarks, which `tests/experiments/test_growth.py` holds."""

COMMITTED = sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and path not in (SOAK, GROWTH))
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def test_every_experiment_is_there_and_they_are_small() -> None:
    assert set(COMMITTED) == set(EXPERIMENTS)
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 4_500_000


@pytest.mark.parametrize("name", COMMITTED)
def test_it_is_a_full_run_with_its_seed_and_settings(name: str) -> None:
    experiment = EXPERIMENTS[name]
    record = read(experiment, FOLDER)
    assert record["schema"] == SCHEMA and record["experiment"] == name and record["mode"] == "full"
    assert record["settings"] == experiment.settings("full") and record["seed"] == record["settings"]["seed"]
    assert record["seconds"] > 0 and {"python", "torch", "numpy", "code"} <= set(record["versions"])


@pytest.mark.parametrize("name", COMMITTED)
def test_the_page_says_what_the_numbers_say(name: str) -> None:
    experiment = EXPERIMENTS[name]
    page = (FOLDER / name / "README.md").read_text("utf-8")
    for sentence in experiment.findings(read(experiment, FOLDER)["numbers"]):
        assert sentence in page
    for picture in re.findall(r"\]\(([^)]+\.(?:png|svg|json))\)", page):
        assert (FOLDER / name / picture).exists()


def test_numbers_quoted_in_the_index_are_those_found() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    section = text.partition("<!-- evidence -->")[2].partition("<!-- /evidence -->")[0]
    quoted = set()
    for item in (item for item in section.split("\n- ") if "/README.md)" in item):
        (name,) = set(re.findall(r"\((\w+)/README\.md\)", item))
        experiment = EXPERIMENTS[name]
        found = " ".join(experiment.findings(read(experiment, FOLDER)["numbers"]))
        said = re.sub(r"\]\([^)]*\)", "]", item)
        numbers = {n.lstrip("+") for n in NUMBER.findall(said)}
        unknown = numbers - {n.lstrip("+") for n in NUMBER.findall(found)}
        assert not unknown, f"{name}: {sorted(unknown)} are not among what was found"
        quoted.add(name)
    assert quoted == set(COMMITTED)


def test_the_report_of_the_soak_is_what_its_numbers_say() -> None:
    record = json.loads((SOAK / "reliability.json").read_text("utf-8"))
    assert (SOAK / "README.md").read_text("utf-8") == page(record)
    assert {run["database"] for run in record["runs"]} == {"sqlite", "postgresql", ON_RAY}
    assert all(run["acknowledged"] > 0 for run in record["runs"])
