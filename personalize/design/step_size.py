"""How far to go along a direction in which the value is concave."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class StepSize(Protocol):
    """A rule for the length of a step."""

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """A length in [0, longest].

        Args:
            iteration: 0 for the first.
            derivative: of the value at each length; it never rises, as the value is concave.
            longest: the length at which the step would leave the set of measures.
        """


@dataclass(frozen=True)
class OpenLoop:
    """2 / (n + 2) [paper]: known to converge at 2C / (n + 2), but the first steps make things worse."""

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """2 / (n + 2), cut at `longest`."""
        return min(longest, 2.0 / (iteration + 2.0))


@dataclass(frozen=True)
class ExactLineSearch:
    """The best length, to a small share of the first slope; it never lowers the value.

    The root of the derivative is bracketed and narrowed by false position (Illinois), and the lower end is
    taken, where the value still rises.

    Attributes:
        slope_tolerance: share of the derivative at zero that may be left.
        most_evaluations: of the derivative.
    """

    slope_tolerance: float = 1e-4
    most_evaluations: int = 60

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """The length at which the derivative is about zero."""
        slope = derivative(0.0)
        if slope <= 0.0 or longest <= 0.0:
            return 0.0
        low, low_slope, high, high_slope = 0.0, slope, longest, derivative(longest)
        if high_slope >= 0.0:
            return longest
        tolerance, kept = self.slope_tolerance * slope, 0
        for _ in range(self.most_evaluations):
            share = low_slope / (low_slope - high_slope) if math.isfinite(high_slope) else 0.5
            middle = low + (high - low) * share
            if not low < middle < high:
                # Beside a steep slope a tiny one draws false position onto its own end: halve instead.
                middle = 0.5 * (low + high)
                if not low < middle < high:
                    break
            value = derivative(middle)
            if value >= 0.0:
                low, low_slope = middle, value
                high_slope *= 0.5 if kept > 0 else 1.0
                kept = 1
                if value <= tolerance:
                    break
            else:
                high, high_slope = middle, value
                low_slope *= 0.5 if kept < 0 else 1.0
                kept = -1
        return low
