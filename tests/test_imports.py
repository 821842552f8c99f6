"""Who may import whom: modules import sideways and downhill, never uphill, and never in a circle."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

ROWS = (
    ("app",),
    ("personalize.__main__",),
    ("personalize.ui",),
    ("personalize", "personalize.experiments", "personalize.study"),
    ("personalize.blender",),
    ("personalize.porter", "personalize.prover", "personalize.studio"),
    ("personalize.personalizer",),
    ("personalize.blend", "personalize.portable", "personalize.proof"),
    ("personalize.personal", "personalize.taste", "personalize.why"),
    ("personalize.rounds", "personalize.steadiness"),
    ("personalize.asking", "personalize.earlier"),
    ("personalize.preparation", "personalize.recommend", "personalize.pictures"),
    ("personalize.vocabularies", "personalize.kept_texts"),
    ("personalize.styles", "personalize.lexicon"),
    ("personalize.rendering", "personalize.render_queue"),
    ("personalize.session", "personalize.design"),
    ("personalize.preference", "personalize.mdp"),
    ("personalize.study.plan",),
    ("personalize.settings", "personalize.progress", "personalize.limits"),
    ("personalize.seeds", "personalize.audience", "personalize.proportion"),
    ("personalize.errors",),
)
"""From the top down. `models` stands beside them: only `app` and the command line know both."""

KNOWS_BOTH = ("app", "personalize.__main__")

OUTSIDE = {
    "gradio": ("personalize.ui", "app"),
    "sqlalchemy": ("personalize.session",),
    "pydantic": ("personalize.session",),
    "matplotlib": ("personalize.experiments",),
    "prometheus_client": ("personalize.ui",),
    "diffusers": ("models",),
    "transformers": ("models",),
    "open_clip": ("models",),
    "accelerate": ("models",),
}
"""Packages that only these parts may import; the method needs none of them."""


def _name(path: Path) -> str:
    parts = list(path.relative_to(REPOSITORY).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _files() -> dict[str, Path]:
    folders = (REPOSITORY / "personalize", REPOSITORY / "models")
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    return {_name(path): path for path in [*paths, *REPOSITORY.glob("app.py")]}


FILES = _files()


def imports(name: str) -> set[str]:
    """Every module that a module imports, wherever in its text, as full names."""
    path = FILES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if whole in FILES else base)
    return found - {name}


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def row(name: str) -> int:
    """The row of a module's part; the most exact name counts, the front door itself is "personalize"."""
    places = [
        (len(part), index)
        for index, parts in enumerate(ROWS)
        for part in parts
        if name == part or (part != "personalize" and within(name, part))
    ]
    assert places, f"{name} has no place in the table: give it one"
    return max(places)[1]


OURS = sorted(FILES)


@pytest.mark.parametrize("name", [name for name in OURS if not within(name, "models")])
def test_a_module_imports_its_own_row_or_lower_ones(name: str) -> None:
    for other in imports(name):
        if within(other, "personalize"):
            assert row(other) >= row(name), f"{name} imports {other}, which stands above it"


@pytest.mark.parametrize("name", OURS)
def test_models_and_personalize_do_not_know_each_other(name: str) -> None:
    stranger = "personalize" if within(name, "models") else "models"
    if name not in KNOWS_BOTH:
        assert not [other for other in imports(name) if within(other, stranger)]


@pytest.mark.parametrize("name", OURS)
def test_nothing_of_ours_imports_the_app_or_the_tests(name: str) -> None:
    assert not [other for other in imports(name) if within(other, "app") or within(other, "tests")]


@pytest.mark.parametrize("name", OURS)
def test_heavy_packages_stay_where_they_belong(name: str) -> None:
    for other in imports(name):
        allowed = OUTSIDE.get(other.partition(".")[0])
        assert allowed is None or any(within(name, part) for part in allowed), f"{name} imports {other}"


def test_there_is_no_circle() -> None:
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in sorted(imports(name)):
                if other in FILES:
                    visit(other, (*above, name))
            done.add(name)

    for name in OURS:
        visit(name, ())


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


def test_the_method_is_importable_with_torch_numpy_and_scipy_alone() -> None:
    absent = "; ".join(f"sys.modules[{name!r}] = None" for name in ABSENT)
    done = _run(
        f"import sys; {absent}; import personalize, personalize.session.store; print(personalize.__name__)"
    )
    assert (done.returncode, done.stdout.strip()) == (0, "personalize"), done.stderr


def test_importing_the_method_leaves_the_threads_and_the_seed_alone() -> None:
    done = _run(
        "import torch; torch.manual_seed(3); before = torch.get_num_threads(), torch.initial_seed(); "
        "import personalize; print(before == (torch.get_num_threads(), torch.initial_seed()))"
    )
    assert done.stdout.strip() == "True", done.stderr
