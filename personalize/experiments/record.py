"""What an experiment is, and how it is written down: numbers as JSON, figures, and a page made of both.

A run takes plain settings and returns a tree of plain numbers (dicts, lists, strings, numbers). The figures,
the page and the findings are made from that tree alone.
"""

import ast
import hashlib
import inspect
import json
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
import torch

from personalize.errors import SettingsError
from personalize.experiments.figures import close, save
from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

SCHEMA = 1
"""Of the JSON files; raised when their shape changes."""


CODE = ("mdp", "design", "preference")
"""Parts of the method whose code the evidence depends on, besides an experiment's own module."""


def silent(what: str, done: int, of: int) -> None:
    """Progress that nobody is told about."""


GetParts = Callable[[], Parts]


@dataclass(frozen=True)
class Table:
    """A table of a page: a heading, names of columns, and rows of cells."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Experiment:
    """One question and how it is answered.

    Attributes:
        name: as the command line knows it.
        question: what is asked, one sentence.
        method: how it is measured, a few sentences for the page.
        full: settings of the committed run; "seed" is among them.
        quick: what differs in a quick run.
        run: from settings, parts and progress to numbers.
        draw: from numbers to figures by name, and a caption each.
        tables: from numbers to the page's tables.
        findings: from numbers to plain sentences, those against us included.
        models: whether it needs the networks, so that its numbers change with them.
    """

    name: str
    question: str
    method: str
    full: Mapping[str, Any]
    quick: Mapping[str, Any]
    run: Callable[[Mapping[str, Any], GetParts, OnProgress], dict[str, Any]]
    draw: Callable[[dict[str, Any]], dict[str, tuple[Any, str]]]
    tables: Callable[[dict[str, Any]], tuple[Table, ...]]
    findings: Callable[[dict[str, Any]], tuple[str, ...]]
    models: bool = False

    def settings(self, mode: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Of mode "full" or "quick", with changes."""
        return {**self.full, **(self.quick if mode == "quick" else {}), **(changes or {})}


def perform(
    experiment: Experiment,
    mode: str,
    get_parts: GetParts,
    on_progress: OnProgress = silent,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of one run: numbers, and all that is needed to make them again.

    Args:
        experiment: what to run.
        mode: "full" or "quick".
        get_parts: loads the networks, when they are needed.
        on_progress: told how far it is.
        changes: of the mode's settings; the record then says "changed".
    """
    settings = experiment.settings(mode, changes)
    begun = time.monotonic()
    numbers = experiment.run(settings, get_parts, on_progress)
    return {
        "schema": SCHEMA,
        "experiment": experiment.name,
        "command": f"python -m personalize experiments {experiment.name}"
        + (" --quick" if mode == "quick" else ""),
        "mode": "changed" if changes else mode,
        "seed": settings["seed"],
        "settings": settings,
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": numpy.__version__,
            "matplotlib": version("matplotlib"),
            "code": fingerprint(experiment),
        },
        "threads": torch.get_num_threads(),
        "seconds": round(time.monotonic() - begun, 1),
        "numbers": numbers,
    }


def fingerprint(experiment: Experiment) -> str:
    """12 hexadecimal digits of the code of the method and of an experiment's own module.

    Comments, docstrings and layout do not count: only the syntax trees are digested, with the files' names.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    own = Path(inspect.getfile(experiment.run))
    for file in [*(f for part in CODE for f in sorted((package / part).rglob("*.py"))), own]:
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(syntax_of(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()[:12]


def syntax_of(source: str) -> str:
    """The syntax tree of a module as text, without docstrings (of constants, too)."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [part for part in node.body if not _is_docstring(part)]
    return ast.dump(tree)


def _is_docstring(part: ast.stmt) -> bool:
    return (
        isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    )


def write(experiment: Experiment, record: dict[str, Any], folder: Path) -> list[Path]:
    """The files written to `folder`/NAME: the JSON first, the page last; what is drawn is what was written.

    Raises:
        SettingsError: the folder cannot be written to.
    """
    target = folder / experiment.name
    try:
        target.mkdir(parents=True, exist_ok=True)
        data = target / f"{experiment.name}.json"
        data.write_text(_json(record), encoding="utf-8")
        return [data, *redraw(experiment, read(experiment, folder), folder)]
    except OSError as error:
        raise SettingsError(
            f"Expected a folder to write to in --out, found: {error}. Choose another folder."
        ) from error


def redraw(experiment: Experiment, record: dict[str, Any], folder: Path) -> list[Path]:
    """Figures and page again, from a record."""
    target = folder / experiment.name
    files, captions = [], []
    for name, (figure, caption) in experiment.draw(record["numbers"]).items():
        files += save(figure, target / name)
        captions.append((name, caption))
        close(figure)
    page = target / "README.md"
    page.write_text(page_of(experiment, record, captions), encoding="utf-8")
    return [*files, page]


def read(experiment: Experiment, folder: Path) -> dict[str, Any]:
    """The record that was written to `folder`.

    Raises:
        SettingsError: there is none, or one of another schema.
    """
    file = folder / experiment.name / f"{experiment.name}.json"
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Expected the numbers of {experiment.name} in {file}, found: {error}. Run it first."
        ) from error
    if record.get("schema") != SCHEMA:
        raise SettingsError(
            f"Expected schema {SCHEMA} in {file}, found {record.get('schema')}. Run the experiment again."
        )
    return record


def page_of(experiment: Experiment, record: dict[str, Any], captions: Sequence[tuple[str, str]]) -> str:
    """The Markdown page: the question, what was found, tables, figures, and how to run it again."""
    numbers = record["numbers"]
    parts = [f"# {experiment.name}", experiment.question]
    if record["mode"] != "full":
        parts.append(f"**This was a run of mode {record['mode']}: too small to conclude anything from.**")
    parts += ["## Found", "\n".join(f"- {sentence}" for sentence in experiment.findings(numbers))]
    parts += ["## How", experiment.method]
    parts += [f"![{caption}]({name}.png)\n\n{caption} ([SVG]({name}.svg))" for name, caption in captions]
    parts += [markdown(table) for table in experiment.tables(numbers)]
    settings = "\n".join(f"- `{name}`: {value}" for name, value in record["settings"].items())
    versions = ", ".join(f"{name} {value}" for name, value in record["versions"].items())
    parts += [
        "## Run it again",
        f"`{record['command']}`, {record['seconds']:.0f} s on {record['threads']} thread(s); {versions}. "
        f"All numbers are in [{experiment.name}.json]({experiment.name}.json); this page and the figures "
        "are made from it.",
        settings,
    ]
    return "\n\n".join(parts) + "\n"


def markdown(table: Table) -> str:
    """A table in Markdown."""
    head = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    body = ["| " + " | ".join(row) + " |" for row in table.rows]
    return f"### {table.heading}\n\n" + "\n".join([*head, *body])


def _json(record: dict[str, Any]) -> str:
    """One line a leaf or list of numbers, so that versions can be compared; numbers of 6 digits."""
    return _lines(_rounded(record), 0) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _lines(value: Any, depth: int) -> str:
    pad = "  " * (depth + 1)
    if isinstance(value, dict) and value:
        items = [f"{pad}{json.dumps(name)}: {_lines(item, depth + 1)}" for name, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + "  " * depth + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        items = [pad + _lines(item, depth + 1) for item in value]
        return "[\n" + ",\n".join(items) + "\n" + "  " * depth + "]"
    return json.dumps(value)
