"""Every test that starts a process, loads weights or opens a browser has a marker."""

import re
from pathlib import Path

import pytest

from tests.places import HEAVY, MARKERS, TESTS, left_out, markers_of, markers_of_name

HEAVY_CALLS = re.compile(
    r"\bsubprocess\.(?:run|Popen)\(|\b(?:load_renderer|load_embedder|start_app|forked_app)\(|\bsync_playwright\("
)


def test_every_place_that_is_named_exists() -> None:
    assert [place for place in MARKERS if not (TESTS / place).exists()] == []
    assert {marker for markers in MARKERS.values() for marker in markers} <= set(HEAVY)


def test_every_heavy_test_file_has_a_marker() -> None:
    heavy = [path for path in TESTS.rglob("test_*.py") if HEAVY_CALLS.search(path.read_text("utf-8"))]
    assert heavy
    assert [str(path.relative_to(TESTS)) for path in heavy if not markers_of(path)] == []


@pytest.mark.parametrize(
    ("expression", "place", "out"),
    [
        ("not (models or browser)", "browser/test_session.py", True),
        ("not (models or browser)", "design/test_solve.py", False),
        ("", "browser/test_session.py", False),
        ("slow", "experiments/test_learning.py", False),
    ],
)
def test_what_an_expression_leaves_out_is_not_imported(expression: str, place: str, out: bool) -> None:
    assert left_out(TESTS / Path(place), expression) is out


def test_postgresql_is_marked_by_its_parameter() -> None:
    assert markers_of_name("test_a[postgresql-x]") == {"postgres"}
    assert markers_of_name("test_postgresql[sqlite]") == set()
