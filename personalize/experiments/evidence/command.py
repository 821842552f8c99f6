"""``python -m personalize experiments NAME``: run one or all, write them down, say what was found."""

from collections.abc import Callable
from pathlib import Path

from personalize.errors import SettingsError
from personalize.experiments.evidence.lineup import EXPERIMENTS
from personalize.experiments.evidence.writing import read, redraw, write
from personalize.experiments.record import Experiment, GetParts, perform
from personalize.progress import OnProgress

ALL, SUMMARY, REDRAW = "all", "summary", "redraw"
NAMES = (*EXPERIMENTS, ALL, SUMMARY, REDRAW)
FOLDER = Path("evidence")


def run(
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
        say(summary(folder))
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


def summary(folder: Path) -> str:
    """What the runs in a folder found, in Markdown, for the README.

    Raises:
        SettingsError: a record that cannot be read.
    """
    there = [one for one in EXPERIMENTS.values() if (folder / one.name).is_dir()]
    return "\n".join(_paragraph(one, folder) for one in there)


def _paragraph(experiment: Experiment, folder: Path) -> str:
    found = " ".join(experiment.findings(read(experiment, folder)["numbers"]))
    return f"- [{experiment.name}]({(folder / experiment.name / 'README.md').as_posix()}): {found}"
