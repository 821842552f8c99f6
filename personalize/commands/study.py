"""``experiments``, ``study`` and ``unlock``: evidence, the data of a study, and a code for staff."""

import argparse
from pathlib import Path

from models.output import write_line
from personalize.commands.command import Flags
from personalize.settings import Settings


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
    from personalize.assembly import open_store
    from personalize.ui.http.unlock import CODE_S, new_code

    code = new_code(open_store(settings).notes)
    write_line(f"{code}")
    write_line(f"Type this code as the PIN on the page /staff within {CODE_S // 60} minutes. It works once.")
