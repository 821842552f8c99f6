"""Means, standard errors over people, and paired differences; and the table that people read."""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor


def paired(first: str, other: str, difference: Tensor) -> dict[str, Any]:
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


def table(result: dict[str, Any]) -> str:
    """The result for people: accuracy after some rounds, chance and oracle beside it."""
    runs: dict[str, Any] = result.get("strategies", {result["strategy"]: result})
    rounds: Sequence[int] = sorted(
        {1, 5, 10, 15, 20, 30, result["rounds"]} & set(range(1, result["rounds"] + 1))
    )
    lines = [
        f"{result['people']} people, {result['rounds']} rounds of {result['options']}, "
        f"judged by {result['judge']}: accuracy on {result['held_out_questions']} held-out questions",
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
