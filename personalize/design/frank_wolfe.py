r"""Frank-Wolfe on mixtures of vertices (paths, or policies of a tabular MDP), and nothing else.

The value f is a concave function of the visitation measure d. Every iteration asks the oracle for the vertex
v of most gradient; <grad f(d), v - d> is the gap, and no measure is better than f(d) by more than that. The
gap that is returned is computed once more from the mixture that is returned.

Directions differ in what pays for the new vertex: all vertices in proportion (`Vanilla` [paper]), or the
worst vertex in use (`Away`, `Pairwise`; Lacoste-Julien and Jaggi 2015), which is what converges linearly.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from personalize.design.information import SurrogateObjective
from personalize.design.result import DesignStatus, Progress
from personalize.design.step_size import ExactLineSearch, StepSize

STALLED_AFTER = 10
"""Iterations that change the value by no more than rounding, after which the loop gives up."""

ROUNDING = 1e-13


class Oracle(Protocol):
    """What Frank-Wolfe needs of an MDP: its vertices, and the best of them for a reward."""

    def best(self, reward: Tensor) -> tuple[Tensor, float]:
        """The vertex of most reward Float[H, S], and its reward."""

    def rewards(self, vertices: Tensor, reward: Tensor) -> Tensor:
        """Float[N]: the reward of each of N vertices."""

    def visitation(self, vertices: Tensor, weights: Tensor) -> Tensor:
        """Float[H, S]: the weighted sum of the vertices' measures; linear in weights Float[N]."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """N vertices, and weights Float[N] that sum to one."""

    vertices: Tensor
    weights: Tensor

    def with_vertex(self, vertex: Tensor) -> tuple["Mixture", int]:
        """The mixture in which `vertex` has a place, of weight 0 if it is new; and that place."""
        same = torch.nonzero((self.vertices == vertex).flatten(1).all(dim=1))[:, 0]
        if len(same):
            return self, int(same[0])
        weights = torch.cat((self.weights, self.weights.new_zeros(1)))
        return Mixture(torch.cat((self.vertices, vertex[None])), weights), len(self.vertices)

    def moved(self, change: Tensor, length: float) -> "Mixture":
        """The mixture after a step; vertices without weight are dropped."""
        weights = (self.weights + length * change).clamp(min=0.0)
        kept = weights > ROUNDING
        return Mixture(self.vertices[kept], weights[kept] / weights[kept].sum())


class Direction(Protocol):
    """Where to go: a change of weights that sums to zero, and the longest step along it."""

    def change(self, weights: Tensor, rewards: Tensor, toward: int) -> tuple[Tensor, float]:
        """Float[N] and the longest length.

        Args:
            weights: Float[N].
            rewards: Float[N], the gradient along each vertex.
            toward: the vertex that the oracle found.
        """


@dataclass(frozen=True)
class Vanilla:
    """Toward the new vertex, away from all in proportion."""

    def change(self, weights: Tensor, rewards: Tensor, toward: int) -> tuple[Tensor, float]:
        """e_v - w."""
        return _unit(weights, toward) - weights, 1.0


@dataclass(frozen=True)
class Away:
    """Toward the new vertex, or away from the worst vertex in use, whichever is steeper."""

    def change(self, weights: Tensor, rewards: Tensor, toward: int) -> tuple[Tensor, float]:
        """e_v - w or w - e_a."""
        worst = _worst(weights, rewards)
        mean, heavy = float(weights @ rewards), float(weights[worst])
        if float(rewards[toward]) - mean >= mean - float(rewards[worst]) or heavy >= 1.0 - ROUNDING:
            return _unit(weights, toward) - weights, 1.0
        return weights - _unit(weights, worst), heavy / (1.0 - heavy)


@dataclass(frozen=True)
class Pairwise:
    """Weight moves from the worst vertex in use to the new one."""

    def change(self, weights: Tensor, rewards: Tensor, toward: int) -> tuple[Tensor, float]:
        """e_v - e_a."""
        worst = _worst(weights, rewards)
        return _unit(weights, toward) - _unit(weights, worst), float(weights[worst])


def _unit(weights: Tensor, index: int) -> Tensor:
    unit = torch.zeros_like(weights)
    unit[index] = 1.0
    return unit


def _worst(weights: Tensor, rewards: Tensor) -> int:
    return int(rewards.masked_fill(weights <= 0.0, torch.inf).argmin())


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the loop found.

    Attributes:
        mixture: the best one seen.
        value: of its measure.
        gap: of its measure, computed once more; no measure's value exceeds `value + gap`.
        iterations: steps taken.
        status: why the loop stopped.
    """

    mixture: Mixture
    value: float
    gap: float
    iterations: int
    status: DesignStatus


def frank_wolfe(
    oracle: Oracle,
    objective: SurrogateObjective,
    start: Mixture,
    *,
    direction: Direction | None = None,
    step_size: StepSize | None = None,
    relative_gap: float = 1e-3,
    iterations: int = 2000,
    callback: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Maximise `objective` over the measures of mixtures, from `start`.

    Args:
        oracle: finds vertices.
        objective: the concave value.
        start: a mixture whose information is not singular.
        direction: Pairwise unless told.
        step_size: ExactLineSearch unless told.
        relative_gap: stop when the gap is at most this share of |value|.
        iterations: most steps.
        callback: told about every iteration; a KeyboardInterrupt, from it or the keyboard, stops the loop
            and the best mixture so far is returned.
    """
    direction, step_size = direction or Pairwise(), step_size or ExactLineSearch()
    started = time.monotonic()
    mixture = best = start
    status, done, still = DesignStatus.ITERATION_LIMIT, 0, 0
    measure = oracle.visitation(mixture.vertices, mixture.weights)
    value = best_value = objective.value(measure)
    if value == -torch.inf:
        return Outcome(start, value, torch.inf, 0, DesignStatus.SINGULAR)
    try:
        while True:
            gradient = objective.gradient(measure)
            vertex, reward = oracle.best(gradient)
            gap = max(0.0, reward - float((gradient * measure).sum()))
            if callback is not None:
                callback(Progress(done, value, gap, len(mixture.weights), time.monotonic() - started))
            if gap <= relative_gap * abs(value):
                status = DesignStatus.OPTIMAL
                best, best_value = mixture, value
                break
            if still >= STALLED_AFTER:
                status = DesignStatus.STALLED
                break
            if done >= iterations:
                break
            wider, toward = mixture.with_vertex(vertex)
            change, longest = direction.change(
                wider.weights, oracle.rewards(wider.vertices, gradient), toward
            )
            derivative = objective.along(measure, oracle.visitation(wider.vertices, change))
            mixture = wider.moved(change, step_size.length(done, derivative, longest))
            measure = oracle.visitation(mixture.vertices, mixture.weights)
            before, value, done = value, objective.value(measure), done + 1
            if value == -torch.inf:
                status = DesignStatus.SINGULAR
                break
            still = still + 1 if abs(value - before) <= ROUNDING * abs(value) else 0
            if value > best_value:
                best, best_value = mixture, value
    except KeyboardInterrupt:
        status = DesignStatus.INTERRUPTED
    return Outcome(best, best_value, certified_gap(oracle, objective, best), done, status)


def certified_gap(oracle: Oracle, objective: SurrogateObjective, mixture: Mixture) -> float:
    """How much better than this mixture any measure can be, at most: max over v of <grad f(d), v - d>."""
    measure = oracle.visitation(mixture.vertices, mixture.weights)
    gradient = objective.gradient(measure)
    return max(0.0, oracle.best(gradient)[1] - float((gradient * measure).sum()))
