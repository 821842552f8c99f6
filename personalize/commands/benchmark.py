"""``benchmark``: its flags, and which benchmark runs."""

import argparse
import json
from pathlib import Path

from models.output import write_line
from personalize.commands.command import Flags
from personalize.commands.crowd_server import visit_crowd_page
from personalize.settings import Settings


def benchmark_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `benchmark`."""
    kinds = ("round", "design", "learning", "estimate", "crowd", "growth", "footprint")
    parser.add_argument("what", nargs="?", default="round", choices=kinds)
    parser.add_argument("--tokens", type=int, default=5000, help="design: number of tokens, S")
    parser.add_argument(
        "--dimension", type=int, default=64, help="design, learning, estimate: dimension of the features, d"
    )
    parser.add_argument("--horizon", type=int, default=6, help="design: number of slots, H")
    parser.add_argument("--criterion", choices=("V", "D"), help="design: optimality criterion (default: V)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="design: device")
    parser.add_argument("--scaling", action="store_true", help="design: run several sizes, with a plot")
    parser.add_argument(
        "--people", type=int, default=40, help="learning, estimate, footprint: number of simulated people"
    )
    parser.add_argument(
        "--answers", type=int, default=60, help="learning, footprint: number of answers of each person"
    )
    parser.add_argument(
        "--strategies",
        default="adaptive,static-rounded,static-iid,random",
        help="learning: also adaptive+best-worst, adaptive+lapse=0.1, adaptive+prior=ridge, adaptive-planned",
    )
    parser.add_argument("--feedback", default="best", help="learning: best, best-worst, tiers or ranking")
    parser.add_argument("--lapse", type=float, default=0.0, help="learning: share of picks that are slips")
    parser.add_argument(
        "--liked-share", "--pleasant", type=float, help="learning: share of the pool for adaptive questions"
    )
    parser.add_argument("--prior", default="evidence", help="learning: evidence, features, root or ridge")
    parser.add_argument("--tastes", default="concepts", help="learning: concepts or isotropic")
    parser.add_argument("--items", type=int, default=1000, help="learning: number of items, N")
    parser.add_argument(
        "--features", help="learning: NumPy file of N x d features, instead of synthetic items"
    )
    parser.add_argument(
        "--people-file",
        type=Path,
        help="learning: npz file of real ratings: features N x d, and ratings P x N with NaN for none",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path, help="write a plot here (PNG or SVG)")
    parser.add_argument(
        "--visitors", type=int, default=25, help="crowd: number of people who pick at the same time"
    )
    parser.add_argument(
        "--lookers", type=int, default=0, help="crowd: number of people who only look at a first round"
    )
    parser.add_argument("--picture-s", type=float, default=0.1, help="crowd: seconds to render one picture")
    parser.add_argument(
        "--thinking-s",
        default="0.25:0.75",
        help="crowd: shortest and longest time before a pick, A:B in seconds",
    )
    parser.add_argument("--batch", type=int, default=4, help="crowd: most pictures in one batch")
    parser.add_argument(
        "--http", action="store_true", help="crowd: through the page's events, with a server process"
    )
    parser.add_argument(
        "--replicas", help="crowd: machines that draw, as on Ray; 1,2,4 searches the largest crowd of each"
    )
    parser.add_argument(
        "--limit-s", type=float, default=1.0, help="crowd: p95 in seconds that the largest crowd keeps"
    )
    parser.add_argument("--seeds", type=int, default=3, help="crowd: searches of each number of machines")
    parser.add_argument(
        "--queue-only", action="store_true", help="crowd: at the real queue, without sessions and database"
    )
    parser.add_argument(
        "--simulated",
        action="store_true",
        help="crowd: in simulated time, by the rules of the queue alone; growth: its people at that queue",
    )
    parser.add_argument(
        "--marginal",
        type=float,
        default=0.5,
        help="crowd: cost of each further round in a batch, as a share of the first",
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="crowd: duration of the simulation in seconds"
    )
    parser.add_argument(
        "--repeats", type=int, default=5, help="number of runs of each part; the result is their median"
    )


def run_benchmark(chosen: Flags, settings: Settings) -> None:
    """Run a benchmark and print its result; `round` is the default."""
    if chosen.what in ("crowd", "growth", "footprint"):
        {"crowd": _run_crowd, "growth": _run_growth, "footprint": _run_footprint}[chosen.what](
            chosen, settings
        )
        return
    if chosen.what != "round":
        from personalize.experiments import command

        command.run_benchmark(chosen, settings)
        return
    from personalize.assembly import assemble
    from personalize.experiments.benchmarks.round import measure, table

    parts = assemble(settings)
    result = measure(
        parts.vocabulary, parts.renderer, parts.embedder, parts.settings, chosen.repeats, parts.shipped
    )
    write_line(json.dumps(result) if chosen.json else table(result))


def _run_crowd(chosen: Flags, settings: Settings) -> None:
    """Run the benchmark of many visitors at one render queue."""
    from personalize.assembly import VOCABULARIES
    from personalize.experiments.benchmarks.crowd_command import run_crowd
    from personalize.vocabulary.vocabulary import Vocabulary

    vocabulary = Vocabulary.load(VOCABULARIES / "mini")
    found, text = run_crowd(chosen, vocabulary, settings, visit_crowd_page)
    write_line(json.dumps(found) if chosen.json else text)


def _run_growth(chosen: Flags, settings: Settings) -> None:
    """Print what many people a day need, as tables in Markdown."""
    from personalize.experiments.benchmarks.growth import growth_tables, read_figures
    from personalize.experiments.benchmarks.growth_simulated import simulated_table
    from personalize.progress import ConsoleProgress

    if chosen.simulated:
        write_line(simulated_table(read_figures(), on_progress=ConsoleProgress()))
    else:
        write_line(growth_tables())


def _run_footprint(chosen: Flags, settings: Settings) -> None:
    """Print the rows and bytes of a session in the database of the settings."""
    from personalize.assembly import VOCABULARIES
    from personalize.experiments.benchmarks.footprint import measure_footprint
    from personalize.progress import ConsoleProgress
    from personalize.vocabulary.vocabulary import Vocabulary

    vocabulary = Vocabulary.load(VOCABULARIES / "mini")
    found = measure_footprint(vocabulary, settings, chosen.people, chosen.answers, ConsoleProgress())
    write_line(json.dumps(found) if chosen.json else "\n".join(f"{n:<20} {v}" for n, v in found.items()))
