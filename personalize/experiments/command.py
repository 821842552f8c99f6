"""The commands `benchmark` and `experiments` of ``python -m personalize``."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from personalize.errors import SettingsError
from personalize.experiments.bank import concept_items, items_of_file
from personalize.experiments.benchmarks.design import SIZES, measure_design, measure_scaling, scaling_exponent
from personalize.experiments.benchmarks.estimate import measure_bound
from personalize.experiments.benchmarks.learning import Learning, learn, summary
from personalize.experiments.benchmarks.learning_people import InventedPeople
from personalize.experiments.evidence import EXPERIMENTS
from personalize.experiments.figures import plot_learning, plot_scaling
from personalize.experiments.rated_people import RatedPeople
from personalize.experiments.record import Experiment, GetParts, perform, read, redraw, write
from personalize.progress import ConsoleProgress, OnProgress
from personalize.settings import Settings

ESTIMATED_AFTER = (5, 10, 20, 40, 80, 160)


ALL, SUMMARY, REDRAW = "all", "summary", "redraw"


NAMES = (*EXPERIMENTS, ALL, SUMMARY, REDRAW)


FOLDER = Path("evidence")


def run_benchmark(chosen: argparse.Namespace, settings: Settings) -> None:
    """Run the benchmark that was chosen, and print it."""
    result, text = {"design": _design, "learning": _learning, "estimate": _estimate}[chosen.what](
        chosen, settings
    )
    sys.stdout.write((json.dumps(result) if chosen.json else text) + "\n")


def _design(chosen: argparse.Namespace, settings: Settings) -> tuple[dict[str, Any], str]:
    criterion = chosen.criterion or "V"
    base = {
        "tokens": chosen.tokens,
        "dimension": chosen.dimension,
        "horizon": chosen.horizon,
        "options": settings.options,
    }
    if not chosen.scaling:
        row = measure_design(
            **base,
            criterion=criterion,
            device=chosen.device,
            seed=chosen.seed,
            on_progress=ConsoleProgress(),
        )
        return row, "\n".join(f"{name:<15} {value}" for name, value in row.items())
    rows = measure_scaling(base, criterion, chosen.device, ConsoleProgress())
    exponents = {name: round(scaling_exponent(rows, name), 2) for name in SIZES}
    file = chosen.plot or Path("design-scaling.png")
    plot_scaling(rows, file)
    lines = [f"{'varied':<10} {'size':>6} {'seconds':>9} {'steps':>6} {'gap':>9}"]
    lines += [
        f"{row['varied']:<10} {row[row['varied']]:>6} {row['seconds']:>9.3f} {row['iterations']:>6} "
        f"{row['gap_relative']:>9.1e}"
        for row in rows
    ]
    lines += [f"seconds grow as {name}^{value}" for name, value in exponents.items()]
    return {"rows": rows, "exponents": exponents, "plot": str(file)}, "\n".join([*lines, f"plot: {file}"])


def _learning(chosen: argparse.Namespace, settings: Settings) -> tuple[dict[str, Any], str]:
    strategies = tuple(part.strip() for part in chosen.strategies.split(",") if part.strip())
    wanted = Learning(
        strategies,
        chosen.people,
        chosen.answers,
        settings.options,
        chosen.feedback,
        lapse=chosen.lapse,
        liked_share=chosen.liked_share or 1.0,
        seed=chosen.seed,
        prior=chosen.prior,
        tastes=chosen.tastes,
    )
    people = _people(chosen, wanted)
    left_out = None
    if isinstance(people, RatedPeople):
        wanted, left_out = replace(wanted, people=min(wanted.people, len(people))), people.left_out
    curves = learn(wanted, people, ConsoleProgress())
    result = summary(wanted, curves, people)
    if left_out is not None:
        result["people_left_out"] = left_out
    if chosen.plot:
        plot_learning(curves, result["oracle"], 1.0 / wanted.options, chosen.plot)
    lines = [
        f"{wanted.people} people, {wanted.answers} answers ({wanted.feedback}), chance "
        f"{1.0 / wanted.options:.2f}, oracle {result['oracle']:.2f}"
        + ("" if left_out is None else f", {left_out} people with too few ratings left out"),
        f"{'strategy':<25} {'accuracy':>8} {'+-':>6} {'to near':>8} {'ratio':>6} {'+-':>5} {'shown':>6} "
        f"{'ms':>6}  answers needed",
    ]
    for name, facts in result["strategies"].items():
        lines.append(
            f"{name:<25} {facts['accuracy'][-1]:8.3f} {facts['accuracy_at_end_se']:6.3f} "
            f"{facts['picks_to_within_5_points_median']:8.0f} "
            f"{facts.get('ratio_to_random', float('nan')):6.2f} "
            f"{facts.get('ratio_se', float('nan')):5.2f} {facts['best_shown_mean_sd']:6.2f} "
            f"{facts['question_ms']:6.1f}  {_compared(facts)}"
        )
    return result, "\n".join(lines)


def _people(chosen: argparse.Namespace, wanted: Learning) -> InventedPeople | RatedPeople:
    """The people of a file, or people with invented tastes over synthetic items or the items of a file.

    Raises:
        SettingsError: a file does not fit, or two files are given.
    """
    if chosen.features and chosen.people_file:
        raise SettingsError(
            "Expected --features or --people-file, found both. Leave one out; a people file has features."
        )
    if chosen.people_file:
        return RatedPeople.of_file(chosen.people_file, wanted.options, wanted.seed)
    generator = torch.Generator().manual_seed(chosen.seed)
    if chosen.features:
        items = items_of_file(chosen.features, wanted.options, generator)
    else:
        items = concept_items(chosen.items, chosen.dimension, wanted.options, generator)
    return InventedPeople(items, wanted.oracle, wanted.tastes, wanted.seed)


def _compared(facts: dict[str, Any]) -> str:
    if "compared_with" not in facts:
        return ""
    value, error = facts["answers_compared"], facts["answers_compared_se"]
    return f"{value:.2f} +- {error:.2f} of {facts['compared_with']}'s"


def _estimate(chosen: argparse.Namespace, settings: Settings) -> tuple[dict[str, Any], str]:
    rows = measure_bound(chosen.people, ESTIMATED_AFTER, chosen.dimension, settings.options, chosen.seed)
    lines = [f"{'answers':>7} {'error':>8} {'bound':>8} {'ratio':>6} {'constant':>8}"]
    lines += [
        f"{row['answers']:>7} {row['utility_mse']:8.3f} {row['utility_mse_bound']:8.3f} {row['ratio']:6.2f} "
        f"{row['smallest_constant']:8.2f}"
        for row in rows
    ]
    facts = {"people": chosen.people, "dimension": chosen.dimension, "seed": chosen.seed, "rows": rows}
    return facts, "\n".join(lines)


def run_experiment(
    name: str, quick: bool, folder: Path, get_parts: GetParts, say: Callable[[str], None], told: OnProgress
) -> None:
    """Run what was chosen.

    Args:
        name: of an experiment; "all"; "summary" says what the runs in the folder found, and "redraw" makes
            their figures and pages again; neither runs anything.
        quick: small sizes, to see that all works; concludes nothing.
        folder: where each experiment has a folder of its own.
        get_parts: loads the networks when an experiment needs them.
        say: prints a line.
        told: progress.

    Raises:
        SettingsError: an unknown name, or a folder that cannot be read or written.
    """
    if name not in NAMES:
        raise SettingsError(f"Expected an experiment out of {', '.join(NAMES)}, found '{name}'. Choose one.")
    if name == SUMMARY:
        say(evidence_summary(folder))
        return
    for experiment in EXPERIMENTS.values():
        if name == REDRAW:
            if (folder / experiment.name).is_dir():
                redraw(experiment, read(experiment, folder), folder)
        elif name in (ALL, experiment.name):
            record = perform(experiment, "quick" if quick else "full", get_parts, told)
            files = write(experiment, record, folder)
            say(f"{experiment.name}: {record['seconds']:.0f} s, {files[0]}")
            for sentence in experiment.findings(record["numbers"]):
                say(f"  {sentence}")


def evidence_summary(folder: Path) -> str:
    """What the runs in a folder found, in Markdown, for the README.

    Raises:
        SettingsError: a record that cannot be read.
    """
    there = [one for one in EXPERIMENTS.values() if (folder / one.name).is_dir()]
    return "\n".join(_paragraph(one, folder) for one in there)


def _paragraph(experiment: Experiment, folder: Path) -> str:
    found = " ".join(experiment.findings(read(experiment, folder)["numbers"]))
    return f"- [{experiment.name}]({(folder / experiment.name / 'README.md').as_posix()}): {found}"
