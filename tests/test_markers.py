"""Every test that starts a process, loads weights or opens a browser is left out of `make quick`."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.places import HEAVY, MARKERS, TESTS, left_out, markers_of, markers_of_name
from tests.scheduling import GroupScheduling

HEAVY_NAMES = {
    "subprocess",
    "multiprocessing",
    "start_app",
    "forked_app",
    "sync_playwright",
    "load_renderer",
    "load_embedder",
    "load_on_ray",
    "assemble",
}
"""Names that a test reaches, itself or through a function of the tests, when it starts or loads something."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions(path: Path) -> dict[str, Function]:
    """The functions at the top of a file, by name."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, Function)}


@cache
def imported(path: Path) -> dict[str, tuple[Path, str]]:
    """What a file imports from other test files: the name here, that file and the name there."""
    found: dict[str, tuple[Path, str]] = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests"):
            source = TESTS.parent / Path(*node.module.split(".")).with_suffix(".py")
            found |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
    return {name: place for name, place in found.items() if place[0].exists()}


def home(path: Path, name: str) -> tuple[Path, str]:
    """Where a function that a file uses is written: there, in another file, or in a conftest above it."""
    if name in imported(path) or name in functions(path):
        return imported(path).get(name, (path, name))
    above = (folder / "conftest.py" for folder in path.parents if folder.is_relative_to(TESTS))
    return next(((file, name) for file in above if file.exists() and name in functions(file)), (path, name))


@cache
def names(path: Path, function: str) -> frozenset[str]:
    """Every name that a function reaches: its own, its fixtures' and those of the functions that it calls."""
    reached: set[str] = set()
    waiting, seen = [(path, function)], {(path, function)}
    while waiting:
        file, name = waiting.pop()
        node = functions(file).get(name)
        if node is None:
            continue
        own = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        own |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        reached |= own
        for other in own:
            place = home(file, other)
            if place not in seen:
                seen.add(place)
                waiting.append(place)
    return frozenset(reached)


def own_markers(node: Function) -> set[str]:
    """The markers that stand above a test."""
    found = (ast.unparse(decorator) for decorator in node.decorator_list)
    return {text.removeprefix("pytest.mark.") for text in found if text.startswith("pytest.mark.")}


def heavy_tests() -> list[tuple[Path, Function]]:
    """Every test that reaches a heavy name."""
    return [
        (path, node)
        for path in sorted(TESTS.rglob("test_*.py"))
        for name, node in functions(path).items()
        if name.startswith("test_") and names(path, name) & HEAVY_NAMES
    ]


def test_every_place_that_is_named_exists() -> None:
    assert [place for place in MARKERS if not (TESTS / place).exists()] == []
    assert {marker for markers in MARKERS.values() for marker in markers} <= set(HEAVY)


def test_every_heavy_test_has_a_marker() -> None:
    without = [
        f"{path.relative_to(TESTS)}: {node.name}"
        for path, node in heavy_tests()
        if not (markers_of(path) | own_markers(node)) & set(HEAVY)
    ]
    assert without == []


def test_a_heavy_test_is_found_by_its_own_calls_its_fixtures_and_its_helpers() -> None:
    found = {node.name for _, node in heavy_tests()}
    assert {
        "test_hadolint_has_nothing_to_say",  # calls subprocess
        "test_a_program_goes_all_the_way",  # a fixture of a fixture starts the app
        "test_none_of_these_is_an_answer",  # a fixture in a conftest starts the app
        "test_a_seed_gives_the_recorded_session_with_the_shipped_models",  # another file loads weights
        "test_everything_acknowledged_survives_a_kill",  # a function of its file starts a program
    } <= found
    assert "test_every_package_imports_packages_below_it" not in found


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


def test_a_worker_gets_all_tests_of_a_group() -> None:
    schedule = object.__new__(GroupScheduling)
    groups = {
        schedule._split_scope(nodeid)
        for nodeid in ("tests/session/test_store.py::test_a[x-y]", "tests/session/test_kill.py::test_b")
    }
    assert groups == {"session"}
    assert schedule._split_scope("tests/design/test_solve.py::test_c[1::2]") == "design/test_solve.py"


def test_postgresql_is_marked_by_its_parameter() -> None:
    assert markers_of_name("test_a[postgresql-x]") == {"postgres"}
    assert markers_of_name("test_postgresql[sqlite]") == set()
