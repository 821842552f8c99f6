"""The commands of ``python -m personalize``. Each adds its flags to a parser and runs with their values."""

import argparse
import asyncio
import json
import multiprocessing
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from models.output import write_line
from personalize.errors import SettingsError
from personalize.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from personalize.experiments.benchmarks.crowd import Crowd
    from personalize.vocabulary.vocabulary import Vocabulary

Flags = argparse.Namespace


class FlagParser(argparse.ArgumentParser):
    """A parser that raises errors in the form of all other errors."""

    def error(self, message: str) -> NoReturn:
        """Raise a SettingsError instead of printing the usage."""
        raise SettingsError(f"Expected flags as in --help, found this: {message}. Correct it.")


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        flags: adds the flags of this command only.
        run: runs the command and prints its result.
        shared: names of groups of flags that several commands have, for `add_shared`.
    """

    flags: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Flags, Settings], None]
    shared: tuple[str, ...] = ()


def add_shared(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """Add `--model`, `--data` and `--threads`, and the groups of flags in `names` ("json", "questions")."""
    parser.add_argument("--model", help="name in the catalogue, or a folder (default: mini)")
    parser.add_argument("--data", help="folder of sessions, pictures and caches")
    parser.add_argument("--threads", type=int, help="CPU threads of the networks (default: the free cores)")
    if "json" in names:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    if "questions" in names:
        parser.add_argument("--options", type=int, help="number of pictures in a round")
        parser.add_argument("--vocabulary", help="name in assets/vocabulary, or a folder")


def render_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `render`."""
    parser.add_argument("--prompt", required=True, help='such as "a fox, watercolor"')
    parser.add_argument("--count", type=int, default=1, help="number of pictures, with successive seeds")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first picture")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder for the PNG files")


def run_render(chosen: Flags, settings: Settings) -> None:
    """Write pictures of one prompt to a folder, and print the paths of the files. No file is replaced."""
    import models
    from personalize.files import NumberedFiles
    from personalize.progress import ConsoleProgress
    from personalize.seeds import LARGEST_SEED
    from personalize.session.record import PictureRecord
    from personalize.session.subject import LONGEST_PROMPT, check_line

    prompt = check_line(chosen.prompt, "prompt", LONGEST_PROMPT, "a fox, watercolor")
    if not 1 <= chosen.count <= 1000:
        raise SettingsError(f"Expected a count from 1 to 1000, found {chosen.count}. Choose another.")
    if not 0 <= chosen.seed <= LARGEST_SEED:
        raise SettingsError(
            "Expected a seed from 0 to {high}, found {found}. Choose another.",
            high=LARGEST_SEED,
            found=chosen.seed,
        )
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
        files = NumberedFiles(chosen.out)  # before the drawing, which may take minutes
    except OSError as error:
        raise _no_folder(error) from error
    _say_if_unknown(prompt, settings)
    renderer = models.load_renderer(
        settings.model,
        settings.threads,
        changes=settings.model_changes,
        on=settings.render_on,
        key=settings.render_key,
        answer_s=settings.stall_s,
    )
    progress = ConsoleProgress()
    records = [PictureRecord(renderer.name, prompt, "", chosen.seed + n) for n in range(chosen.count)]
    contents = renderer.render(records, lambda done, of: progress("denoising", done, of))
    try:
        for record, content in zip(records, contents, strict=True):
            write_line(str(files.write(f"{record.seed}-{prompt}", ".png", content)))
    except BrokenPipeError:
        raise  # nobody reads the names of the files any more
    except OSError as error:
        raise _no_folder(error) from error


def _say_if_unknown(prompt: str, settings: Settings) -> None:
    """Warn about a prompt whose subject the model has not learned."""
    import logging

    from personalize.assembly import known_subjects, load_words

    known = known_subjects(settings)
    if known is not None and not known.knows(prompt, load_words(settings).tokens):
        logging.getLogger(__name__).warning("%s", known.note(prompt))


def _no_folder(error: OSError) -> SettingsError:
    return SettingsError(f"Expected a folder to write to in --out, found: {error}. Choose another folder.")


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


def benchmark_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `benchmark`."""
    kinds = ("round", "design", "learning", "estimate", "crowd")
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
        "--people", type=int, default=40, help="learning, estimate: number of simulated people"
    )
    parser.add_argument("--answers", type=int, default=60, help="learning: number of answers of each person")
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
    """Run a benchmark and print its result: round (the default), design, learning, estimate or crowd."""
    if chosen.what == "crowd":
        _run_crowd(chosen, settings)
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
    from personalize.experiments.benchmarks.crowd import Crowd, simulate_crowd
    from personalize.progress import ConsoleProgress
    from personalize.vocabulary.vocabulary import Vocabulary

    low, _, high = str(chosen.thinking_s).partition(":")
    try:
        thinking_s = (float(low), float(high or low))
    except ValueError:
        raise SettingsError(
            f"Expected --thinking-s as A:B in seconds, found '{chosen.thinking_s}'. Correct it."
        ) from None
    crowd = Crowd(
        chosen.visitors,
        chosen.lookers,
        chosen.picture_s,
        thinking_s,
        chosen.batch,
        chosen.marginal,
        1,
        chosen.seconds,
        chosen.seed,
    )
    vocabulary = Vocabulary.load(VOCABULARIES / "mini")
    if chosen.http:
        found = _visit_crowd_page(crowd, vocabulary, settings)
    else:
        found = simulate_crowd(crowd, vocabulary, settings, ConsoleProgress())
    write_line(json.dumps(found) if chosen.json else "\n".join(f"{n:<20} {v}" for n, v in found.items()))


def _visit_crowd_page(crowd: "Crowd", vocabulary: "Vocabulary", settings: Settings) -> dict[str, Any]:
    """Let a crowd visit the page of a server process.

    Raises:
        RuntimeError: the server did not start.
    """
    from personalize.experiments.benchmarks.crowd_page import visit_page
    from personalize.progress import ConsoleProgress

    spawned = multiprocessing.get_context("spawn")
    ready, said = spawned.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(
            settings, data=Path(folder), port=0, rounds=100, draws_a_minute=0, sessions_an_hour=0
        )
        server = spawned.Process(target=_serve_crowd, args=(crowd, vocabulary, chosen, said), daemon=True)
        server.start()
        said.close()
        try:
            url = ready.recv()
            return asyncio.run(visit_page(crowd, url, vocabulary.subjects, ConsoleProgress()))
        except EOFError:
            raise RuntimeError("Expected a server for the crowd, found that it ended.") from None
        finally:
            server.terminate()
            server.join(30)
            server.kill()


def _serve_crowd(crowd: "Crowd", vocabulary: "Vocabulary", settings: Settings, said: "Connection") -> None:
    """Serve the real page over a renderer that only takes time, until this process is told to end."""
    from personalize.experiments.benchmarks.crowd import crowd_loop
    from personalize.ui.background import BackgroundRenders
    from personalize.ui.http.server import serve
    from personalize.ui.page import build_page

    personalizer = crowd_loop(crowd, vocabulary, settings)
    renders = BackgroundRenders()
    page = build_page(personalizer, settings, vocabulary, renders)
    serve(page, personalizer, settings, said.send, renders.metrics)


def experiments_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `experiments`."""
    parser.add_argument("name", help="name of an experiment, or all, summary or redraw")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, as a test; the results support no conclusion"
    )
    parser.add_argument("--out", type=Path, default=Path("evidence"), help="folder for the results")


def run_experiments(chosen: Flags, settings: Settings) -> None:
    """Run one experiment or all, and write the numbers, figures and pages."""
    from personalize.assembly import assemble
    from personalize.experiments import command
    from personalize.progress import ConsoleProgress

    command.run_experiment(
        chosen.name, chosen.quick, chosen.out, lambda: assemble(settings), write_line, ConsoleProgress()
    )


def study_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `study`."""
    parser.add_argument("what", choices=("export", "analyse"))
    parser.add_argument("file", type=Path, help="file of the study in the format JSON lines")


def run_study(chosen: Flags, settings: Settings) -> None:
    """Write the data of a study to a file (export FILE), or print the analysis of a file (analyse FILE)."""
    from personalize.study.command import analyse_study, export_study

    if chosen.what == "analyse":
        write_line(analyse_study(chosen.file, as_numbers=chosen.json))
        return
    from personalize.assembly import assemble, open_store, prepare_parts
    from personalize.progress import ConsoleProgress

    parts = assemble(settings)
    prepared = prepare_parts(parts, ConsoleProgress())
    store = open_store(settings)
    people = export_study(prepared, store, parts.renderer, parts.embedder, parts.settings, chosen.file)
    write_line(f"{people} participants in {chosen.file}")


def unlock_flags(parser: argparse.ArgumentParser) -> None:
    """Flags of `unlock`: none of its own."""


def run_unlock(chosen: Flags, settings: Settings) -> None:
    """Print a code that lets staff in once, instead of the PIN, when there were too many tries."""
    from personalize.ui.http.unlock import CODE_S, new_code

    code = new_code(settings.folder)
    write_line(f"{code}")
    write_line(f"Type this code as the PIN on the page /staff within {CODE_S // 60} minutes. It works once.")


COMMANDS: dict[str, Command] = {
    "render": Command(render_flags, run_render),
    "design": Command(design_flags, run_design, ("json", "questions")),
    "simulate": Command(simulate_flags, run_simulate, ("json", "questions")),
    "benchmark": Command(benchmark_flags, run_benchmark, ("json", "questions")),
    "experiments": Command(experiments_flags, run_experiments),
    "study": Command(study_flags, run_study, ("json",)),
    "unlock": Command(unlock_flags, run_unlock),
}
"""All commands by name."""
