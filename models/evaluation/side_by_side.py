"""A test by eye: the same prompts drawn by two models, side by side, for a rater who does not know them.

The side of each model is drawn at random for each pair, from a seed. The rater writes a line for each number.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.evaluation.drawing import fitted
from models.evaluation.grid import labelled

PAIRS, COLUMNS = 10, 2
"""Pairs on a sheet, and pairs in a row of it."""
SHOWN_PX, GAP_PX, LABEL_PX = 256, 6, 22


@dataclass(frozen=True)
class Preferred:
    """The count of a test.

    Attributes:
        new: pairs in which the first model was preferred.
        old: pairs in which the other one was.
        of: number of pairs.
    """

    new: int
    old: int
    of: int

    @property
    def chance(self) -> float:
        """Probability of at least as many for the first model if both were alike (a one-sided sign test)."""
        counted = self.new + self.old
        ways = sum(math.comb(counted, k) for k in range(self.new, counted + 1))
        return ways / 2.0**counted


def sides(count: int, seed: int) -> NDArray[np.bool_]:
    """Bool[count]: whether the first model is on the left."""
    return np.random.default_rng((seed, count)).random(count) < 0.5


def lay_out_pairs(
    new: NDArray[np.uint8], old: NDArray[np.uint8], prompts: list[str], seed: int, folder: Path
) -> list[Path]:
    """Write sheets pairs-1.png, ... and pairs.txt to `folder`; returns the paths of the sheets.

    Args:
        new: UInt8[N, px, px, 3], of the first model.
        old: UInt8[N, px', px', 3], of the other one; shown in the same size.
        prompts: N texts.
        seed: of the sides.
        folder: where they go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = sides(len(prompts), seed)
    new, old = fitted(new, SHOWN_PX), fitted(old, SHOWN_PX)
    (folder / "pairs.txt").write_text(
        "Which picture of each pair would you rather keep? One line for each pair, such as\n3: left\n",
        encoding="utf-8",
    )
    files = []
    for first in range(0, len(prompts), PAIRS):
        pictures, labels = [], []
        for n in range(first, min(first + PAIRS, len(prompts))):
            pictures += [new[n], old[n]] if left[n] else [old[n], new[n]]
            labels += [f"{n + 1} left: {prompts[n]}", f"{n + 1} right"]
        sheet = labelled(
            np.stack(pictures), labels, 2 * COLUMNS,
            shown_px=SHOWN_PX, label_px=LABEL_PX, font_px=13, gap_px=GAP_PX,
        )  # fmt: skip
        files.append(folder / f"pairs-{1 + first // PAIRS}.png")
        sheet.save(files[-1])
    return files


def count_preferred(file: Path, count: int, seed: int) -> Preferred:
    """The count of a rater's answers. A pair without an answer counts for neither model.

    Raises:
        ModelError: there is no such file, or a line is not `number: left` or `number: right`.
    """
    if not file.is_file():
        raise ModelError(f"Expected a file of answers, found none at {file}. Correct --answers.")
    left, votes = sides(count, seed), {}
    for place, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*(\d+)\s*:\s*(left|right)\s*", line.lower())
        if not found or not 1 <= int(found[1]) <= count:
            raise ModelError(
                f"{file.name} line {place}: expected a number up to {count} and a side such as '3: left', "
                f"found {line.strip()!r}. Correct it."
            )
        votes[int(found[1])] = (found[2] == "left") == bool(left[int(found[1]) - 1])
    new = sum(votes.values())
    return Preferred(new, len(votes) - new, count)
