"""The numbers of the experiment `pictures`: accuracy, shares, and what each change gives alone."""

from itertools import pairwise
from typing import Any

import numpy
import torch
from torch import Tensor

from personalize.experiments.seen_sessions import (
    ARMS,
    POOL,
    POOL_LIKED,
    POOL_WORST,
    RANDOM,
    SIX_LIKED,
    SIX_WORST,
    STATIC,
    WAYS,
    WORDS,
    WORDS_LIKED,
    Simulated,
)
from personalize.experiments.statistics import (
    paired,
    ratio_to_random,
    spread,
)
from personalize.taste.readiness import FEWEST_ANSWERS, READY

THREE, EIGHT, POOLED, OTHER_THREE, OTHER_EIGHT = range(len(WAYS))

ALONE = {
    "liked ones marked, by words": (WORDS_LIKED, WORDS),
    "a pool instead of words": (POOL, WORDS),
    "the worst marked, with a pool": (POOL_WORST, POOL),
    "liked ones marked, with a pool": (POOL_LIKED, POOL),
    "six pictures instead of four, the worst marked": (SIX_WORST, POOL_WORST),
    "six pictures instead of four, liked ones marked": (SIX_LIKED, POOL_LIKED),
    "a static design instead of random questions": (STATIC, RANDOM),
    "words instead of random questions": (WORDS, RANDOM),
}
"""Pairs of arms that differ by one change."""

PERSONAL = {
    "eight drawn instead of three": ((WORDS, EIGHT), (WORDS, THREE)),
    "better questions and answers": ((POOL_LIKED, EIGHT), (WORDS, EIGHT)),
    "the pool of the session too": ((POOL_LIKED, POOLED), (POOL_LIKED, EIGHT)),
    "all three": ((POOL_LIKED, POOLED), (WORDS, THREE)),
    "all, on another subject": ((POOL_LIKED, OTHER_EIGHT), (WORDS, OTHER_THREE)),
}
"""Pairs of an arm and a way to the personal picture that differ by one change, and by all of them."""

KNOWN = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)
"""Bounds of the known shares in the table of preferences."""

ENOUGH = 48
"""People of each kind from which on small effects can be told from none."""

MIDDLE = 12
"""Answers of the middle column of the tables."""


def summary_of(found: Simulated, at: list[int]) -> dict[str, Any]:
    """The numbers of one kind of people, of sessions scored after `at` answers."""
    place = {arm: number for number, arm in enumerate(ARMS)}
    accuracy = {arm: found.accuracy[:, row] for arm, row in place.items()}
    reached = {arm: found.reached[:, row] for arm, row in place.items()}
    won = {arm: found.won[:, row] for arm, row in place.items()}
    return {
        "accuracy": {arm: spread(rows) for arm, rows in accuracy.items()},
        "less_random": {arm: paired(rows, accuracy[RANDOM]) for arm, rows in accuracy.items()},
        "share_of_random": {arm: _share(at, accuracy[arm], accuracy[RANDOM]) for arm in ARMS[1:]},
        "alone": {change: paired(accuracy[a], accuracy[b]) for change, (a, b) in ALONE.items()},
        "reached": {
            arm: {way: spread(rows[..., w]) for w, way in enumerate(WAYS)} for arm, rows in reached.items()
        },
        "won": {arm: {way: spread(rows[..., w]) for w, way in enumerate(WAYS)} for arm, rows in won.items()},
        "personal": {
            change: paired(reached[a][..., v], reached[b][..., w])
            for change, ((a, v), (b, w)) in PERSONAL.items()
        },
        "taps": {arm: spread(found.taps[:, row]) for arm, row in place.items()},
        "best_linear": spread(found.ceiling),
        "won_by_known": _won_by_known(found),
        "ready_after": {arm: _ready_after(at, found.known[:, row]) for arm, row in place.items()},
    }


def _won_by_known(found: Simulated) -> dict[str, dict[str, Any]]:
    """How often the personal picture is preferred, by the known share; all arms with a pool together.

    The mean of each person counts once, so the errors are over people.
    """
    rows = [ARMS.index(arm) for arm in (POOL, POOL_WORST, POOL_LIKED, SIX_WORST, SIX_LIKED)]
    known, won = found.known[:, rows].flatten(1), found.won[:, rows, :, POOLED].flatten(1)
    result = {}
    for low, high in pairwise(KNOWN):
        inside = (known >= low) & (known < high)
        counts = inside.sum(dim=1)
        means = (won * inside).sum(dim=1)[counts > 0] / counts[counts > 0]
        if len(means) > 1:
            result[f"{low:.2f} to {high:.2f}"] = spread(means)
    return result


def _ready_after(at: list[int], known: Tensor) -> dict[str, float | None]:
    """Quartiles of the answers until a taste counts as ready; None for people who do not get there.

    Args:
        at: n numbers of answers.
        known: Float[people, n], the known share after each of them.
    """
    ready = every_answer(at, known) >= READY
    ready[:, : FEWEST_ANSWERS - 1] = False
    after = torch.where(ready.any(dim=1), ready.int().argmax(dim=1) + 1.0, torch.inf).double()
    quartiles = {"quarter": 0.25, "median": 0.5, "three quarters": 0.75}
    found = {name: float(after.quantile(q, interpolation="higher")) for name, q in quartiles.items()}
    return {name: value if value < float("inf") else None for name, value in found.items()}


def every_answer(at: list[int], rows: Tensor) -> Tensor:
    """Float[people, T] of Float[people, n]: straight between the measured answers."""
    turns = numpy.arange(1, at[-1] + 1)
    return torch.from_numpy(numpy.stack([numpy.interp(turns, at, row) for row in rows.numpy()]))


def _share(at: list[int], accuracy: Tensor, random: Tensor) -> dict[str, float | None]:
    """Answers to random's accuracy at the end, as a share of random's answers; no mean if never reached."""
    mean, error = ratio_to_random(every_answer(at, accuracy), every_answer(at, random))
    return {"mean": mean if mean < float("inf") else None, "se": error}
