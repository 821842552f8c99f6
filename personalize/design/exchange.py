"""Choose K of many by greedy growth and single exchanges, for any gain of a set."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

MOST_PASSES = 10
Gains = Callable[[list[int]], Tensor]
"""From chosen candidates to Float[P]: the worth of them and each candidate together; -inf for the chosen."""


def exchange(gains: Gains, options: int, first: int) -> Tensor:
    """Long[K]: grown greedily from one candidate, then exchanged one by one until nothing gains.

    Two or three passes are the rule; every exchange raises the worth, so it ends.

    Args:
        gains: the worth of sets.
        options: K.
        first: candidate to begin with.
    """
    chosen = [first]
    while len(chosen) < options:
        chosen.append(int(gains(chosen).argmax()))
    best = -math.inf
    for _ in range(MOST_PASSES):
        before = best
        for place in range(options):
            worth = gains(chosen[:place] + chosen[place + 1 :])
            candidate = int(worth.argmax())
            if float(worth[candidate]) > best + 1e-12:
                best = float(worth[candidate])
                chosen[place] = candidate
        if not best > before:
            break
    return torch.tensor(chosen)
