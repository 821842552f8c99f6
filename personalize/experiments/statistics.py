"""Statistics over people: means with standard errors, paired differences, and figures read off curves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

CLEAR = 2.0
"""Standard errors from zero at which a difference is called one."""


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


def spread(rows: Tensor) -> dict[str, Any]:
    """Mean and standard error over people of Float[people] (numbers) or Float[people, n] (lists)."""
    n = len(rows)
    mean = rows.mean(dim=0)
    error = rows.std(dim=0) / math.sqrt(n) if n > 1 else rows.new_zeros(mean.shape)
    return {"mean": _plain(mean), "se": _plain(error), "people": n}


def paired(one: Tensor, other: Tensor) -> dict[str, Any]:
    """The paired difference one - other over the same people, with its standard error."""
    return spread(one - other)


def last(value: dict[str, Any], place: int = -1) -> tuple[float, float]:
    """Mean and standard error at a place of a list."""
    return value["mean"][place], value["se"][place]


def said(mean: float, error: float, digits: int = 3) -> str:
    """Such as "0.633 +- 0.010"."""
    return f"{mean:.{digits}f} +- {error:.{digits}f}"


def signed(mean: float, error: float, digits: int = 3) -> str:
    """Such as "+0.062 +- 0.013"."""
    return f"{mean:+.{digits}f} +- {error:.{digits}f}"


def verdict(mean: float, error: float, better: str, worse: str, same: str) -> str:
    """One of three words, by whether the difference is CLEAR standard errors from zero."""
    if error > 0.0 and abs(mean) >= CLEAR * error:
        return better if mean > 0.0 else worse
    return same


def _plain(values: Tensor) -> Any:
    return float(values) if values.dim() == 0 else [float(v) for v in values]


def paired_by_round(first: str, other: str, difference: Tensor) -> dict[str, Any]:
    """The paired difference, by round and averaged over the rounds, with standard errors over people."""
    average = difference.mean(dim=1, keepdim=True)
    return {
        "strategy": first,
        "against": other,
        "difference": mean_of(difference),
        "difference_se": error_of(difference),
        "average": mean_of(average)[0],
        "average_se": error_of(average)[0],
        "last": mean_of(difference)[-1],
        "last_se": error_of(difference)[-1],
    }


def mean_of(rows: Tensor) -> list[float]:
    """Means over people of Float[people, rounds]."""
    return [round(value, 4) for value in rows.mean(dim=0).tolist()]


def error_of(rows: Tensor) -> list[float]:
    """Standard errors of the means over people; 0 for one person, of whom nothing is known."""
    if len(rows) < 2:
        return [0.0] * rows.shape[1]
    return [round(value, 4) for value in (rows.std(dim=0) / math.sqrt(len(rows))).tolist()]


def simulation_table(result: dict[str, Any]) -> str:
    """The result for people: accuracy after some rounds, chance and oracle beside it."""
    runs: dict[str, Any] = result.get("strategies", {result["strategy"]: result})
    rounds: Sequence[int] = sorted(
        {1, 5, 10, 15, 20, 30, result["rounds"]} & set(range(1, result["rounds"] + 1))
    )
    lines = [
        f"{result['people']} people, {result['rounds']} rounds of {result['options']}, "
        f"judged by {result['judge']}, {result['answers']} told: "
        f"accuracy on {result['held_out_questions']} held-out questions",
        f"chance {result['chance']:.3f}, oracle {result['oracle']:.3f}",
        "after round  " + "  ".join(f"{n:>13}" for n in rounds),
    ]
    for strategy, run in runs.items():
        cells = [f"{run['accuracy'][n - 1]:.3f} +- {run['accuracy_se'][n - 1]:.3f}" for n in rounds]
        lines.append(f"{strategy:<11}  " + "  ".join(f"{cell:>13}" for cell in cells))
    for pair in result.get("paired", ()):
        lines.append(
            f"{pair['strategy']} - {pair['against']}: {pair['average']:+.4f} +- {pair['average_se']:.4f} "
            f"on average, {pair['last']:+.4f} +- {pair['last_se']:.4f} at the end"
        )
    return "\n".join(lines)


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


def picks_to_near(accuracy: Tensor, target: float | Tensor, held: int = 3) -> Tensor:
    """Float[people]: the first answer from which `held` in a row are at `target`; T + 1 when not reached."""
    T = accuracy.shape[1]
    near = (accuracy >= target).double()
    windows = near.unfold(1, min(held, T), 1).amin(dim=2)
    first = windows.argmax(dim=1) + 1
    return torch.where(windows.amax(dim=1) > 0, first, torch.tensor(T + 1)).to(torch.float64)
