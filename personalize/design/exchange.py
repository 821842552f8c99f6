"""Choice of K candidates by greedy growth and single exchanges, for any value of a set."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

MOST_PASSES = 10
Gains = Callable[[list[int]], Tensor]
"""From chosen candidates to Float[P]: value of the set with each candidate added; -inf for members."""


def exchange(gains: Gains, options: int, first: int) -> Tensor:
    """Long[K]: a set grown greedily from one candidate, then improved by single exchanges.

    Every exchange raises the value, so the loop ends; it usually takes two or three passes.

    Args:
        gains: the value of sets.
        options: K, the size of the set.
        first: index of the first candidate.
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
