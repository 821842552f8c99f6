"""What a strategy reached with each person, and the figures that are read off such curves."""

from dataclasses import dataclass

import torch
from torch import Tensor

DRAWS = 200
"""Of the bootstrap over people."""


@dataclass(frozen=True, eq=False)
class Curves:
    """What one strategy reached.

    Attributes:
        accuracy: Float[people, answers], expected share of exam picks foreseen after each answer.
        correlation: Float[people, answers], of estimated and true utilities within exam questions.
        shown: Float[people, answers], true utility of the best option shown, in spreads over items.
        question_s: mean seconds that choosing a question took.
        estimate_s: mean seconds of an estimate.
    """

    accuracy: Tensor
    correlation: Tensor
    shown: Tensor
    question_s: float
    estimate_s: float


def picks_to_match(accuracy: Tensor, reference: Tensor) -> float:
    """Answers until the mean accuracy Float[people, T] reaches the reference's at its end; inf when never.

    Between two answers the curve is taken as straight; a running maximum makes it monotone.
    """
    target = float(reference.mean(dim=0)[-1])
    curve = accuracy.mean(dim=0).cummax(dim=0).values.tolist()
    for turn, value in enumerate(curve):
        if value >= target:
            before = curve[turn - 1] if turn else 0.0
            return turn + (target - before) / (value - before) if value > before and turn else turn + 1.0
    return float("inf")


def ratio_to_random(accuracy: Tensor, reference: Tensor) -> tuple[float, float]:
    """`picks_to_match` over the reference's horizon, and its bootstrap standard error over people."""
    return ratio(accuracy, reference, reference, float(reference.shape[1]))


def ratio(
    accuracy: Tensor, plain: Tensor, reference: Tensor, answers: float | None = None
) -> tuple[float, float]:
    """Answers that one arm needs over those that another one does, and the bootstrap error over people.

    Args:
        accuracy: Float[people, T].
        plain: Float[people, T], of the arm it is compared with.
        reference: Float[people, T], whose accuracy at its end both have to reach.
        answers: of the plain arm, where they are known.
    """
    people, T = reference.shape
    generator = torch.Generator().manual_seed(0)

    def of(rows: Tensor) -> float:
        needed = answers or min(picks_to_match(plain[rows], reference[rows]), 2.0 * T)
        return min(picks_to_match(accuracy[rows], reference[rows]), 2.0 * T) / needed

    everyone = torch.arange(people)
    draws = [of(torch.randint(people, (people,), generator=generator)) for _ in range(DRAWS)]
    reached = picks_to_match(accuracy, reference) / (answers or picks_to_match(plain, reference))
    value = of(everyone) if reached < float("inf") else reached
    return round(value, 3), round(float(torch.tensor(draws).std()), 3)


def picks_to_near(accuracy: Tensor, target: float, held: int = 3) -> Tensor:
    """Float[people]: the first answer from which `held` in a row are at `target`; T + 1 when not reached."""
    T = accuracy.shape[1]
    near = (accuracy >= target).double()
    windows = near.unfold(1, min(held, T), 1).amin(dim=2)
    first = windows.argmax(dim=1) + 1
    return torch.where(windows.amax(dim=1) > 0, first, torch.tensor(T + 1)).to(torch.float64)
