"""Step lengths along a direction in which the value is concave."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class StepSize(Protocol):
    """A rule for the length of a step."""

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """A length in [0, longest].

        Args:
            iteration: index of the iteration, from 0.
            derivative: derivative of the value at each length; it never rises, because the value is concave.
            longest: the length at which the step leaves the set of measures.
        """


@dataclass(frozen=True)
class OpenLoop:
    """2 / (n + 2) [paper]: it converges at the rate 2C / (n + 2), but its first steps lower the value."""

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """2 / (n + 2), cut at `longest`."""
        return min(longest, 2.0 / (iteration + 2.0))


@dataclass(frozen=True)
class ExactLineSearch:
    """The length with the largest value, up to a tolerance; it never lowers the value.

    The root of the derivative is bracketed and narrowed by false position (Illinois). The result is the lower
    end of the bracket, where the value still rises.

    Attributes:
        slope_tolerance: largest remaining derivative, as a share of the derivative at zero.
        most_evaluations: largest number of evaluations of the derivative.
    """

    slope_tolerance: float = 1e-4
    most_evaluations: int = 60

    def length(self, iteration: int, derivative: Callable[[float], float], longest: float) -> float:
        """The length at which the derivative is close to zero."""
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
                # If one slope is tiny, false position falls on its end of the bracket. Bisection avoids that.
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
