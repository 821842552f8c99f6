"""Scenes drawn at random: a subject and at most one token in each slot, as a row of numbers.

Every tenth combination of a subject and two tokens is held out: only the last pictures of a data set, which
are kept for evaluation, have it. Each of those pictures has such a combination, and every second one has a
third token.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.composer.compose import SLOTS, Scene

KEPT_BACK = 10
"""One in this many combinations of a subject and two tokens is held out for evaluation."""

EXCLUSIVE = 0.7
"""Probability that a mood excludes palette and light. A mood is a palette and a light in itself."""

TOKEN_FREQUENCY: dict[str, float] = {
    "reflected in water": 1.5,
    "tilted": 2.0,
    "tiny and far away": 2.0,
    "close-up": 1.5,
    "peeking from below": 1.5,
    "many small copies": 1.5,
    "inverted colors": 2.0,
}
"""Frequency of a token in the training pictures, relative to the other tokens of its slot (default 1).

These tokens give every subject a shape or colours that it has nowhere else, so they need more examples. The
evaluation draws all tokens equally often.
"""


def is_kept_back(row: Sequence[int] | NDArray[np.int16]) -> bool:
    """Whether a scene has a combination of a subject and two tokens that is held out for evaluation."""
    tokens = [(column, int(number)) for column, number in enumerate(row) if column and number]
    subject = int(row[0])
    return any(
        zlib.crc32(f"{subject} {one} {other}".encode()) % KEPT_BACK == 0
        for one, other in itertools.combinations(tokens, 2)
    )


def _probabilities(frequency: dict[str, float]) -> tuple[NDArray[np.float64], ...]:
    """Float64[tokens] for each slot, without the blank token."""
    weights = [np.array([frequency.get(token, 1.0) for token in tokens[1:]]) for tokens in SLOTS.values()]
    return tuple(weight / weight.sum() for weight in weights)


_UNIFORM, _TRAINING = _probabilities({}), _probabilities(TOKEN_FREQUENCY)


def random_scene(
    subjects: int,
    words: int,
    rng: np.random.Generator,
    probabilities: Sequence[NDArray[np.float64]] = _UNIFORM,
) -> list[int]:
    """Subject number, then a token number for each slot (0 is the blank token).

    Args:
        subjects: number of subjects.
        words: number of slots with a token; a mood that clashes with palette or light removes some of them.
        rng: random generator.
        probabilities: of each slot's tokens, without the blank token.
    """
    row = [int(rng.integers(subjects)), *[0] * len(SLOTS)]
    for slot in rng.permutation(len(SLOTS))[:words]:
        row[1 + slot] = 1 + int(rng.choice(len(probabilities[slot]), p=probabilities[slot]))
    columns = {slot: number for number, slot in enumerate(SLOTS, 1)}
    graded = (columns["palette"], columns["light"])
    if row[columns["mood"]] and any(row[column] for column in graded) and rng.random() < EXCLUSIVE:
        for column in graded if rng.random() < 0.5 else (columns["mood"],):
            row[column] = 0
    return row


def training_scene(subjects: int, shares: Sequence[float], rng: np.random.Generator) -> list[int]:
    """A scene without a held-out combination; `shares` are the frequencies of 0, 1, 2, ... tokens."""
    odds = np.asarray(shares, float)
    while True:
        row = random_scene(subjects, int(rng.choice(len(odds), p=odds / odds.sum())), rng, _TRAINING)
        if not is_kept_back(row):
            return row


def evaluation_scene(subjects: int, words: int, rng: np.random.Generator) -> list[int]:
    """A scene of exactly `words` tokens with a held-out combination."""
    while True:
        row = random_scene(subjects, words, rng)
        if np.count_nonzero(row[1:]) == words and is_kept_back(row):
            return row


def scene_of(row: NDArray[np.int16] | Sequence[int]) -> Scene:
    """The scene of a row of numbers."""
    return Scene(int(row[0]), tuple(SLOTS[slot][int(n)] for slot, n in zip(SLOTS, row[1:], strict=True)))
