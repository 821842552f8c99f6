"""``design`` and ``simulate``: what the design is worth, and how fast simulated people are learned."""

import argparse
import json

from models.output import write_line
from personalize.commands.command import Flags
from personalize.settings import Settings


def design_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `design`."""
    parser.add_argument("--criterion", choices=("V", "D"), help="optimality criterion (default: V)")
    parser.add_argument("--rounds", type=int, help="planned number of answers")
    parser.add_argument("--features", dest="feature_source", help="pictures, texts or auto (default)")
    parser.add_argument("--again", action="store_true", help="solve the design even if it is cached")


def run_design(chosen: Flags, settings: Settings) -> None:
    """Solve the design for the vocabulary of the chosen model, and print its value, gap and status."""
    from personalize.assembly import assemble, prepare_parts
    from personalize.design.diagnosis import design_warnings
    from personalize.preparation.effects import feature_source
    from personalize.preparation.prepare import solved_design
    from personalize.progress import ConsoleProgress

    parts = assemble(settings)
    vocabulary, prepared = parts.vocabulary, prepare_parts(parts, ConsoleProgress())
    result = prepared.design
    if chosen.again:
        result = solved_design(
            prepared.mdp, prepared.prior, parts.settings, ConsoleProgress(), use_cache=False
        )
    facts = {
        "vocabulary": vocabulary.name,
        "features": feature_source(vocabulary, settings),
        "tokens": vocabulary.size,
        "dimension": prepared.mdp.dimension,
        "horizon": vocabulary.horizon,
        "options": settings.options,
        "criterion": result.criterion,
        "value": result.value,
        "gap": result.gap,
        "gap_relative": result.relative_gap,
        "iterations": result.iterations,
        "seconds": round(result.seconds, 3),
        "status": result.status.name.lower(),
        "realised_ratio": result.realised_ratio,
        "rounded_ratio": result.rounded_ratio,
        "discarded_variance": prepared.space.discarded,
        "foreseen_share": prepared.foresight.explained,
        "foreseen_by_sum": prepared.foresight.explained_by_sum,
        "foresight_scale": prepared.foresight.scale,
        "calibration_pictures": prepared.foresight.pictures,
        "warnings": list(design_warnings(result)),
    }
    if chosen.json:
        write_line(json.dumps(facts))
        return
    write_line("\n".join(f"{name:<19} {value}" for name, value in facts.items()))


def simulate_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `simulate`."""
    parser.add_argument("--people", type=int, default=20, help="number of simulated people")
    parser.add_argument("--rounds", type=int, default=15, help="number of answers of each person")
    parser.add_argument("--strategy", default="adaptive", help="one strategy, or several separated by commas")
    parser.add_argument("--judge", default="pictures", help="basis of a pick: pictures (rendered) or tokens")
    parser.add_argument(
        "--answers",
        default="best",
        help="what people tell: best, best-worst, or tiers (the favourite and all others that they like)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", type=int, default=60, help="number of test questions")
    parser.add_argument("--lapse", type=float, default=0.0, help="share of picks that are slips")


def run_simulate(chosen: Flags, settings: Settings) -> None:
    """Run the real loop with simulated people, and print the accuracy of their estimated tastes."""
    from personalize.assembly import assemble
    from personalize.experiments.benchmarks.simulate import Simulation, simulate
    from personalize.experiments.statistics import simulation_table
    from personalize.progress import ConsoleProgress

    strategies = tuple(part.strip() for part in chosen.strategy.split(",") if part.strip())
    simulation = Simulation(
        strategies or ("adaptive",),
        chosen.people,
        chosen.rounds,
        chosen.judge,
        chosen.seed,
        lapse=chosen.lapse,
        held_out=chosen.held_out,
        answers=chosen.answers,
    )
    parts = assemble(settings)
    result = simulate(
        simulation,
        parts.vocabulary,
        parts.renderer,
        parts.embedder,
        parts.settings,
        ConsoleProgress(),
        parts.shipped,
    )
    write_line(json.dumps(result) if chosen.json else simulation_table(result))
