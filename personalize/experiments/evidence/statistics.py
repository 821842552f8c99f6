"""Means with their standard errors over people, paired differences, and how they are said in words."""

import math
from typing import Any

from torch import Tensor

CLEAR = 2.0
"""Standard errors from zero at which a difference is called one."""


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
