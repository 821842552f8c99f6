"""``blind`` and ``pairs``: pictures for a rater to name or to choose from, and the count of the answers.

The networks and the composer are imported when a command runs, so that `python -m models --help` is quick.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelError
from models.progress import ConsoleProgress
from models.resolve import find_model


def add_blind(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``blind``."""
    parser = commands.add_parser("blind", help="numbered pictures for a rater to name, and the correct names")
    parser.set_defaults(run=_blind)
    add = parser.add_argument
    add("model", help="as for evaluate")
    add("--build", type=Path, default=Path(".build"), help="work folder; sheets go to BUILD/blind")
    add("--config", type=Path, help="file with the table [data], for composed pictures")
    add("--composed", action="store_true", help="composed pictures instead of the model's")
    add("--count", type=int, default=40, help="number of pictures")
    add("--seed", type=int, default=2026, help="of the combinations")
    add("--answers", type=Path, help="count the names in this file: a line '3: a fox | watercolor' a picture")


def add_pairs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``pairs``."""
    parser = commands.add_parser("pairs", help="the same prompts by two models, for a rater to choose from")
    parser.set_defaults(run=_pairs)
    add = parser.add_argument
    add("model", help="as for evaluate")
    add("--against", required=True, help="the other model")
    add("--build", type=Path, default=Path(".build"), help="work folder; sheets go to BUILD/pairs")
    add("--subjects", type=int, help="only the first ones, which both models know (default: all)")
    add("--count", type=int, default=40, help="number of pairs")
    add("--seed", type=int, default=2026, help="of the combinations and of the sides")
    add("--answers", type=Path, help="count the choices in this file: a line '3: left' a pair")


def _blind(chosen: argparse.Namespace) -> int:
    from models.composer.dataset import build_subjects, load_subjects, read_data_config, subject_phrases
    from models.evaluation import blind

    subjects = subject_phrases()
    _check_count(chosen.count)
    rows = blind.random_rows(len(subjects), chosen.count, seed=chosen.seed)
    if chosen.answers:
        named = blind.count_named(blind.read_answers(chosen.answers, subjects, len(rows)), rows, subjects)
        found = f"subject {named.subject}, medium {named.medium}, both {named.both} of {named.of}"
        sys.stdout.write("\n".join([found, *named.misses]) + "\n")
        return 0
    if chosen.composed:
        config = read_data_config(chosen.config)
        build_subjects(chosen.build, config)
        pictures = blind.composed(rows, load_subjects(chosen.build, config))
    else:
        pictures = _drawn(chosen.model, blind.captions(rows, subjects))
    name = "composed" if chosen.composed else "drawn"
    for file in blind.lay_out(pictures, subjects, chosen.build / "blind", name):
        sys.stdout.write(f"{file}\n")
    return 0


def _pairs(chosen: argparse.Namespace) -> int:
    from models.composer.dataset import subject_phrases
    from models.evaluation import blind, side_by_side

    _check_count(chosen.count)
    if chosen.answers:
        found = side_by_side.count_preferred(chosen.answers, chosen.count, chosen.seed)
        sys.stdout.write(
            f"{chosen.model} preferred in {found.new} pairs, {chosen.against} in {found.old}, of {found.of}; "
            f"chance of that if both were alike: {found.chance:.2g}\n"
        )
        return 0
    subjects = subject_phrases()[: chosen.subjects]
    prompts = blind.captions(blind.random_rows(len(subjects), chosen.count, seed=chosen.seed), subjects)
    new, old = (_drawn(model, prompts) for model in (chosen.model, chosen.against))
    for file in side_by_side.lay_out_pairs(new, old, prompts, chosen.seed, chosen.build / "pairs"):
        sys.stdout.write(f"{file}\n")
    return 0


def _drawn(model: str, prompts: list[str]) -> np.ndarray[Any, Any]:
    """The model's pictures UInt8[N, px, px, 3], with the seeds of the sheet of random combinations."""
    from models.diffusion import DiffusersRenderer
    from models.evaluation.blind import COLUMNS
    from models.evaluation.drawing import FIRST_SEED, draw
    from models.jobs import Job

    renderer = DiffusersRenderer(find_model(model))
    jobs = [Job(prompt, FIRST_SEED + n % COLUMNS) for n, prompt in enumerate(prompts)]
    pictures = draw(renderer, jobs, ConsoleProgress(), f"drawing with {model}")
    renderer.close()
    return pictures


def _check_count(count: int) -> None:
    if count < 1:
        raise ModelError(f"Expected at least one picture for --count, found {count}. Choose a larger number.")
