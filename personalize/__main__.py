"""The command line: ``python -m personalize COMMAND``; ``--help`` says which there are."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from personalize.errors import PersonalizeError, SettingsError
from personalize.settings import Settings

ASSETS = Path(__file__).parents[1] / "assets"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are said as all others are."""

    def error(self, message: str) -> NoReturn:
        """Raise rather than print the usage."""
        raise SettingsError(f"Expected flags as in --help, found this: {message}. Correct it.")


def _own_words(settings: Settings) -> str:
    """Name of the words that the chosen model knows; "" for none of its own."""
    from models import find_model

    return find_model(settings.model, settings.clip).vocabulary


def _parts(settings: Settings) -> tuple[Any, Any, Any]:
    """Vocabulary, renderer and embedder of the chosen model."""
    from models import load_embedder, load_renderer
    from personalize.vocabulary.loading import load_vocabulary

    vocabulary = load_vocabulary(settings, ASSETS / "vocabulary", _own_words(settings))
    return (
        vocabulary,
        load_renderer(settings.model, settings.threads, changes=settings.model_changes),
        load_embedder(settings.model, settings.threads, clip=settings.clip),
    )


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def render(chosen: argparse.Namespace, settings: Settings) -> None:
    """Write pictures of one prompt to a folder."""
    from models import load_renderer
    from personalize.progress import ConsoleProgress
    from personalize.session.record import PictureRecord
    from personalize.session.subject import LONGEST_PROMPT, check_line

    prompt = check_line(chosen.prompt, "prompt", LONGEST_PROMPT, "a fox, watercolor")
    if not 1 <= chosen.count <= 1000:
        raise SettingsError(f"Expected a count from 1 to 1000, found {chosen.count}. Choose another.")
    if not 0 <= chosen.seed < 2**31:
        raise SettingsError(f"Expected a seed from 0 to {2**31 - 1}, found {chosen.seed}. Choose another.")
    renderer = load_renderer(settings.model, settings.threads, changes=settings.model_changes)
    progress = ConsoleProgress()
    records = [PictureRecord(renderer.name, prompt, "", chosen.seed + n) for n in range(chosen.count)]
    contents = renderer.render(records, lambda done, of: progress("denoising", done, of))
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
        for record, content in zip(records, contents, strict=True):
            file = chosen.out / f"palate-{record.seed}.png"
            file.write_bytes(content)
            _print(str(file))
    except OSError as error:
        raise SettingsError(
            f"Expected a folder to write to in --out, found: {error}. Choose another folder."
        ) from error


def design(chosen: argparse.Namespace, settings: Settings) -> None:
    """Solve the design of the chosen model's vocabulary, and say what it reaches."""
    from personalize.design.diagnosis import design_warnings
    from personalize.preparation.effects import feature_source
    from personalize.preparation.prepare import prepare, solved_design
    from personalize.progress import ConsoleProgress

    vocabulary, renderer, embedder = _parts(settings)
    prepared = prepare(vocabulary, renderer, embedder, settings, ConsoleProgress(), shipped_effects(settings))
    result = prepared.design
    if chosen.again:
        result = solved_design(prepared.mdp, prepared.prior, settings, ConsoleProgress(), use_cache=False)
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
        "warnings": list(design_warnings(result)),
    }
    if chosen.json:
        _print(json.dumps(facts))
        return
    _print("\n".join(f"{name:<19} {value}" for name, value in facts.items()))


def simulate(chosen: argparse.Namespace, settings: Settings) -> None:
    """Simulated people through the real loop."""
    from personalize.experiments.simulate import Simulation
    from personalize.experiments.simulate import simulate as run
    from personalize.experiments.summary import table
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
    )
    vocabulary, renderer, embedder = _parts(settings)
    result = run(
        simulation, vocabulary, renderer, embedder, settings, ConsoleProgress(), shipped_effects(settings)
    )
    _print(json.dumps(result) if chosen.json else table(result))


def benchmark(chosen: argparse.Namespace, settings: Settings) -> None:
    """Measure: the parts of a round (the default), design, learning or estimate."""
    from personalize.experiments.benchmark import measure, table

    if chosen.what != "round":
        from personalize.experiments import command

        command.run(chosen, settings)
        return
    vocabulary, renderer, embedder = _parts(settings)
    result = measure(vocabulary, renderer, embedder, settings, chosen.repeats, shipped_effects(settings))
    _print(json.dumps(result) if chosen.json else table(result))


def experiments(chosen: argparse.Namespace, settings: Settings) -> None:
    """The evidence: run an experiment (or all), write numbers, figures and a page."""
    from personalize.experiments.evidence import command
    from personalize.experiments.record import Parts
    from personalize.progress import ConsoleProgress

    def get_parts() -> Parts:
        return Parts(*_parts(settings), settings, shipped_effects(settings))

    command.run(chosen.name, chosen.quick, chosen.out, get_parts, _print, ConsoleProgress())


def study(chosen: argparse.Namespace, settings: Settings) -> None:
    """Write a study's data to a file (export FILE), or say what such a file shows (analyse FILE)."""
    from personalize.study.command import analyse_study, export_study

    if chosen.what == "analyse":
        _print(analyse_study(chosen.file, as_numbers=chosen.json))
        return
    from personalize.preparation.prepare import prepare
    from personalize.progress import ConsoleProgress
    from personalize.session.database_store import DatabaseStore

    vocabulary, renderer, embedder = _parts(settings)
    store = DatabaseStore(settings.database, settings.pictures)
    progress = ConsoleProgress()
    prepared = prepare(vocabulary, renderer, embedder, settings, progress, shipped=shipped_effects(settings))
    people = export_study(prepared, store, renderer, embedder, settings, chosen.file)
    _print(f"{people} participants in {chosen.file}")


def shipped_effects(settings: Settings) -> Path:
    """The folder of the words, where effects that were measured on the shipped models may lie."""
    from personalize.vocabulary.loading import vocabulary_folder

    return vocabulary_folder(settings, ASSETS / "vocabulary", _own_words(settings))


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], None]] = {
    "render": render,
    "design": design,
    "simulate": simulate,
    "benchmark": benchmark,
    "experiments": experiments,
    "study": study,
}


def _add_benchmarks(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", nargs="?", default="round", choices=("round", "design", "learning", "estimate"))
    one.add_argument("--tokens", type=int, default=5000, help="design: words in all, S")
    one.add_argument("--dimension", type=int, default=64, help="design, learning, estimate: features, d")
    one.add_argument("--horizon", type=int, default=6, help="design: slots, H")
    one.add_argument("--criterion", choices=("V", "D"), help="design: what is optimal (default: V)")
    one.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="design: where it runs")
    one.add_argument("--scaling", action="store_true", help="design: over sizes, with a plot")
    one.add_argument("--people", type=int, default=40, help="learning, estimate: simulated people")
    one.add_argument("--answers", type=int, default=60, help="learning: answers of each")
    one.add_argument(
        "--strategies",
        default="adaptive,static-rounded,static-iid,random",
        help="learning: also adaptive+best-worst, adaptive+lapse=0.1, adaptive+prior=ridge, adaptive-planned",
    )
    one.add_argument("--feedback", default="best", help="learning: best, best-worst or ranking")
    one.add_argument("--lapse", type=float, default=0.0, help="learning: share of picks that are slips")
    one.add_argument("--pleasant", type=float, help="learning: share of the pool adaptive questions use")
    one.add_argument("--prior", default="evidence", help="learning: evidence, features, root or ridge")
    one.add_argument("--tastes", default="concepts", help="learning: concepts or isotropic")
    one.add_argument("--items", type=int, default=1000, help="learning: what can be shown, N")
    one.add_argument("--features", help="learning: a NumPy file N x d in the place of synthetic items")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--plot", type=Path, help="write a plot here (PNG or SVG)")


def read_command(arguments: list[str]) -> argparse.Namespace:
    """What is to be done, from flags.

    Raises:
        SettingsError: a flag does not fit.
    """
    parser = _Parser(prog="python -m personalize", description="Palate without its page.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        one.add_argument("--model", help="name in the catalogue, or a folder (default: mini)")
        one.add_argument("--data", type=Path, help="folder of caches")
        one.add_argument(
            "--threads", type=int, help="CPU threads of the networks (default: the cores there are)"
        )
        if name == "render":
            one.add_argument("--prompt", required=True, help='such as "a fox, watercolor"')
            one.add_argument("--count", type=int, default=1, help="pictures; each has the next seed")
            one.add_argument("--seed", type=int, default=0, help="of the first picture")
            one.add_argument("--out", type=Path, default=Path("."), help="folder for the PNG files")
            continue
        if name == "experiments":
            one.add_argument("name", help="an experiment, or all, summary, redraw")
            one.add_argument("--quick", action="store_true", help="small sizes: that it works, no conclusion")
            one.add_argument("--out", type=Path, default=Path("evidence"), help="folder for the results")
            continue
        one.add_argument("--json", action="store_true", help="print one JSON object")
        if name == "study":
            one.add_argument("what", choices=("export", "analyse"))
            one.add_argument("file", type=Path, help="the study as JSON lines")
            continue
        one.add_argument("--options", type=int, help="pictures a round")
        one.add_argument(
            "--vocabulary", help="words in assets/vocabulary, or a folder (default: the model's)"
        )
        if name == "design":
            one.add_argument("--criterion", choices=("V", "D"), help="what is optimal (default: V)")
            one.add_argument("--rounds", type=int, help="answers it is planned for")
            one.add_argument("--features", dest="feature_source", help="pictures, texts or auto (default)")
            one.add_argument("--again", action="store_true", help="solve it even if it was solved before")
        if name == "simulate":
            one.add_argument("--people", type=int, default=20)
            one.add_argument("--rounds", type=int, default=15, help="answers of each person")
            one.add_argument("--strategy", default="adaptive", help="a strategy, or several with commas")
            one.add_argument("--judge", default="pictures", help="pictures (they are rendered) or tokens")
            one.add_argument("--seed", type=int, default=0)
            one.add_argument("--held-out", type=int, default=60, help="questions that test what was learned")
            one.add_argument("--lapse", type=float, default=0.0, help="share of picks that are slips")
        if name == "benchmark":
            _add_benchmarks(one)
            one.add_argument(
                "--repeats", type=int, default=5, help="times each part is run; the median counts"
            )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 2 after one sentence when something does not fit."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        from models.errors import ModelError

        chosen = read_command(arguments)
        names = ("model", "vocabulary", "data", "threads", "options", "criterion", "feature_source")
        flags = {name: getattr(chosen, name, None) for name in names}
        if chosen.command == "design":
            flags["rounds"] = chosen.rounds
        try:
            COMMANDS[chosen.command](chosen, Settings.from_environment(os.environ, **flags))
        except ModelError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    except PersonalizeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
