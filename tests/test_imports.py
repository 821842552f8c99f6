"""Imports between packages: every package has a floor, and imports go to lower floors only."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

FLOORS = (
    ("app", "personalize.__main__", "personalize.commands", "personalize.assembly"),
    ("personalize.ui", "personalize.experiments"),
    ("personalize.taste",),
    ("personalize.rounds",),
    ("personalize.study",),
    ("personalize.preparation",),
    ("personalize.design", "personalize.rendering", "personalize.settings"),
    ("personalize.vocabulary", "personalize.session"),
    ("personalize.mdp", "personalize.preference"),
    ("personalize.seeds",),
    ("personalize.errors", "personalize.files", "personalize.progress"),
)
"""Packages by floor, highest floor first. A package imports packages of lower floors only. Modules of one
package may import each other."""

DOOR = "personalize"
"""The package itself has lazy names of every floor, and no imports at its start."""

KNOW_BOTH = ("app", "personalize.assembly", "personalize.commands", "personalize.__main__")
"""The only modules and packages that may import both `models` and `personalize`."""

OUTSIDE = {
    "gradio": ("personalize.ui",),
    "starlette": ("personalize.ui",),
    "prometheus_client": ("personalize.ui",),
    "sqlalchemy": ("personalize.session",),
    "alembic": ("personalize.session",),
    "matplotlib": ("personalize.experiments",),
    "diffusers": ("models",),
    "transformers": ("models",),
    "open_clip": ("models",),
    "accelerate": ("models",),
    "ray": ("models",),
}
"""Third-party packages, and the only packages of this project that may import them."""

METHOD = ("personalize.mdp", "personalize.preference", "personalize.design")
METHOD_NEEDS = {"torch", "numpy", "scipy"}


def _name(path: Path) -> str:
    parts = list(path.relative_to(REPOSITORY).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def files() -> dict[str, Path]:
    folders = (REPOSITORY / "personalize", REPOSITORY / "models")
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    return {_name(path): path for path in [*paths, REPOSITORY / "app.py"]}


@cache
def imports(name: str) -> frozenset[str]:
    """Full names of all modules that a module imports at any place, except imports for type checking."""
    known = files()
    found = set()
    tree = ast.parse(known[name].read_text("utf-8"))
    skipped = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively: write the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else str(node.module))
    return frozenset(found - {name})


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def floor(name: str) -> tuple[int, str]:
    """The floor of a module, with 0 for the highest, and its package on that floor."""
    places = [(n, p) for n, packages in enumerate(FLOORS) for p in packages if within(name, p)]
    assert places, f"{name} has no place in FLOORS: give its package one"
    return places[0]


def ours() -> list[str]:
    return sorted(name for name in files() if not within(name, "models") and name != DOOR)


def test_every_package_imports_packages_below_it() -> None:
    climbs = [
        f"{name} -> {other}"
        for name in ours()
        for other in imports(name)
        if within(other, "personalize") and other != DOOR
        if floor(other)[1] != floor(name)[1] and floor(other)[0] <= floor(name)[0]
        if floor(name)[0] > 0
    ]
    assert climbs == []


def test_no_module_imports_the_front_door() -> None:
    assert [name for name in ours() if DOOR in imports(name)] == []


def test_there_is_no_circle_of_modules() -> None:
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in sorted(imports(name)):
                if other in files():
                    visit(other, (*above, name))
            done.add(name)

    for name in sorted(files()):
        visit(name, ())


def test_models_and_personalize_do_not_know_each_other() -> None:
    strangers = [
        f"{name} -> {other}"
        for name in files()
        for other in imports(name)
        if within(other, "personalize" if within(name, "models") else "models")
        if not any(within(name, place) for place in KNOW_BOTH)
    ]
    assert strangers == []


def test_the_parts_of_models_import_downhill() -> None:
    above = [
        f"{name} -> {other}"
        for name in files()
        if within(name, "models") and not within(name, "models.__main__")
        for other in imports(name)
        for upper, lower in (
            ("models.training", "models.composer"),
            ("models.evaluation", "models.composer"),
            ("models.training", "models.evaluation"),
        )
        if within(name, lower) and within(other, upper)
    ]
    assert above == []


def test_nothing_imports_the_app_or_the_tests() -> None:
    assert [
        name for name in files() if any(within(o, "app") or within(o, "tests") for o in imports(name))
    ] == []


def test_packages_of_others_stay_where_they_belong() -> None:
    stray = [
        f"{name} -> {other}"
        for name in files()
        for other in imports(name)
        if (allowed := OUTSIDE.get(other.partition(".")[0])) is not None
        if not any(within(name, package) for package in allowed)
    ]
    assert stray == []


def test_the_method_needs_torch_numpy_and_scipy_alone() -> None:
    stray = [
        f"{name} -> {other}"
        for name in files()
        if any(within(name, package) for package in METHOD)
        for other in imports(name)
        if other.partition(".")[0] not in (*sys.stdlib_module_names, *METHOD_NEEDS, "personalize")
    ]
    assert stray == []


def test_the_root_of_the_package_holds_at_most_nine_files() -> None:
    assert len(list((REPOSITORY / "personalize").glob("*.py"))) <= 9


def _run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


ABSENT = (
    "gradio",
    "diffusers",
    "open_clip",
    "sqlalchemy",
    "transformers",
    "torchvision",
    "matplotlib",
    "PIL",
)


@pytest.mark.app
def test_the_front_door_opens_where_only_torch_numpy_and_scipy_are_there() -> None:
    absent = "; ".join(f"sys.modules[{name!r}] = None" for name in ABSENT)
    done = _run(
        f"import sys; {absent}; import personalize, personalize.session.store; "
        "print([getattr(personalize, name) is not None for name in personalize.__all__].count(True) > 10)"
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


@pytest.mark.app
def test_importing_the_method_leaves_the_threads_and_the_seed_alone() -> None:
    done = _run(
        "import torch; torch.manual_seed(3); before = torch.get_num_threads(), torch.initial_seed(); "
        "import personalize; personalize.solve_design; "
        "print(before == (torch.get_num_threads(), torch.initial_seed()))"
    )
    assert done.stdout.strip() == "True", done.stderr


def mapped() -> list[Path]:
    """Packages whose docstring lists their modules."""
    packages = sorted(REPOSITORY.glob("personalize/**/__init__.py"))
    return [
        file.parent
        for file in packages
        if "::\n" in (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "")
    ]


@pytest.mark.parametrize("package", mapped(), ids=lambda package: package.name)
def test_the_map_of_a_package_lists_its_modules_and_no_others(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    listed = {
        line.split()[0] for line in text.splitlines() if line.startswith("    ") and ".py " in f"{line} "
    }
    modules = {file.name for file in package.glob("*.py") if not file.name.startswith("__")}
    assert {name for name in listed if name.endswith(".py")} == modules


def test_models_readme_lists_every_module() -> None:
    text = (REPOSITORY / "models" / "README.md").read_text("utf-8")
    modules = {file.name for file in (REPOSITORY / "models").glob("*.py") if not file.name.startswith("__")}
    assert {name for name in modules if f"`{name}`" not in text} == set()
