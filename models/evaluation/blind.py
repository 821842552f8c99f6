"""A test by eye: numbered pictures without labels for a rater to name, and the count of correct names.

The rater gets the pictures and the lists of all subjects and media, and writes a line for each number. The
composed pictures of the same captions can be laid out in the same way. The number of those that a rater names
correctly is an upper bound for generated pictures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.composer.compose import SLOTS, caption, compose
from models.composer.figures import Wardrobe
from models.composer.scenes import evaluation_scene, scene_of
from models.errors import ModelError
from models.evaluation.grid import labelled

SHEET, COLUMNS = 20, 10
"""Pictures on a sheet, and in a row of it."""
SHOWN_PX, GAP_PX, LABEL_PX = 192, 4, 20
MEDIUM = 1 + list(SLOTS).index("medium")
SEED = 2026


@dataclass(frozen=True)
class Named:
    """The count of a test.

    Attributes:
        subject: pictures whose subject was named correctly.
        medium: pictures whose medium was named correctly.
        both: pictures with both correct.
        of: number of pictures.
        misses: a line for each other picture: its number, its caption, and the names that it got.
    """

    subject: int
    medium: int
    both: int
    of: int
    misses: tuple[str, ...]


def random_rows(subjects: int, count: int = 40, words: int = 2, seed: int = SEED) -> NDArray[np.int16]:
    """Int16[count, 1 + slots]: random subjects with a medium and other tokens, `words` tokens in all.

    Each row has a combination of a subject and two tokens that no training step used.
    """
    rng = np.random.default_rng(seed)
    rows: list[list[int]] = []
    while len(rows) < count:
        row = evaluation_scene(subjects, words, rng)
        if row[MEDIUM]:
            rows.append(row)
    return np.array(rows, np.int16)


def captions(rows: NDArray[np.int16], subjects: tuple[str, ...]) -> list[str]:
    """The prompt of each row."""
    return [caption(subjects[row[0]], scene_of(row).tokens) for row in rows]


def composed(rows: NDArray[np.int16], drawings: NDArray[np.uint8] | Wardrobe) -> NDArray[np.uint8]:
    """UInt8[count, px, px, 3]: the rows as composed pictures; `drawings` are those of `compose`."""
    rng = np.random.default_rng(SEED)
    return np.stack([compose(scene_of(row), drawings, rng) for row in rows])


def lay_out(pictures: NDArray[np.uint8], subjects: tuple[str, ...], folder: Path, name: str) -> list[Path]:
    """Write numbered sheets `name`-1.png, ... and lists.txt to `folder`; returns the paths of the sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    media = SLOTS["medium"][1:]
    (folder / "lists.txt").write_text(
        f"Subjects:\n{', '.join(subjects)}\n\nMedia:\n{', '.join(media)}\n\n"
        "One line for each picture, such as\n3: a fox | watercolor\n",
        encoding="utf-8",
    )
    files = []
    for first in range(0, len(pictures), SHEET):
        part = pictures[first : first + SHEET]
        numbers = [str(first + n + 1) for n in range(len(part))]
        sheet = labelled(
            part, numbers, COLUMNS, shown_px=SHOWN_PX, label_px=LABEL_PX, font_px=13, gap_px=GAP_PX
        )
        files.append(folder / f"{name}-{1 + first // SHEET}.png")
        sheet.save(files[-1])
    return files


def read_answers(file: Path, subjects: tuple[str, ...], count: int) -> dict[int, tuple[str, str]]:
    """The named subject and medium of each number.

    Raises:
        ModelError: there is no such file, a line is not `number: subject | medium`, or a name is not in the
            lists.
    """
    if not file.is_file():
        raise ModelError(f"Expected a file of answers, found none at {file}. Correct --answers.")
    answers: dict[int, tuple[str, str]] = {}
    for place, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*(\d+)\s*:\s*(.+?)\s*\|\s*(.+?)\s*", line)
        if not found or not 1 <= int(found[1]) <= count:
            raise ModelError(
                f"{file.name} line {place}: expected a number up to {count} and names such as "
                f"'3: a fox | watercolor', found {line.strip()!r}. Correct it."
            )
        number, subject, medium = int(found[1]), found[2].lower(), found[3].lower()
        for named, known, what in ((subject, subjects, "subject"), (medium, SLOTS["medium"][1:], "medium")):
            if named not in known:
                raise ModelError(
                    f"{file.name} line {place}: expected a {what} of lists.txt, found {named!r}. Correct it."
                )
        answers[number] = (subject, medium)
    return answers


def count_named(
    answers: dict[int, tuple[str, str]], rows: NDArray[np.int16], subjects: tuple[str, ...]
) -> Named:
    """Compare answers with the rows; a picture without an answer counts as not recognised."""
    subject = medium = both = 0
    misses = []
    for number, (row, truth) in enumerate(zip(rows, captions(rows, subjects), strict=True), 1):
        named = answers.get(number, ("nothing", "nothing"))
        right = (named[0] == subjects[row[0]], named[1] == SLOTS["medium"][row[MEDIUM]])
        subject, medium, both = subject + right[0], medium + right[1], both + all(right)
        if not all(right):
            misses.append(f"{number}: {truth} - named {named[0]} | {named[1]}")
    return Named(subject, medium, both, len(rows), tuple(misses))
