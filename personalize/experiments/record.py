"""What an experiment is: a question, settings at two sizes, a run, and what is drawn and said of its numbers.

A run takes plain settings and returns a tree of plain numbers (dicts, lists, strings, numbers). Whatever is
shown later, figures, page and findings, is made from that tree alone.
"""

import hashlib
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
import torch

from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

SCHEMA = 1
"""Of the JSON files; raised when their shape changes."""

CODE = ("mdp", "design", "preference")
"""Parts of the method whose text the evidence depends on, besides an experiment's own module."""


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
            "code": fingerprint(experiment.name),
        },
        "threads": torch.get_num_threads(),
        "seconds": round(time.monotonic() - begun, 1),
        "numbers": numbers,
    }


def fingerprint(name: str) -> str:
    """12 hexadecimal digits of the text of the method and of an experiment's module."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    own = Path(__file__).with_name(f"{name}.py")
    for file in [*(f for part in CODE for f in sorted((package / part).rglob("*.py"))), own]:
        digest.update(str(file.relative_to(package)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
