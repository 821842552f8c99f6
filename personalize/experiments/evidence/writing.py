"""Writes an experiment down: NAME.json, figures as PNG and SVG, and a page made of the numbers."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personalize.errors import SettingsError
from personalize.experiments.figures import close, save
from personalize.experiments.record import SCHEMA, Experiment, Table


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
