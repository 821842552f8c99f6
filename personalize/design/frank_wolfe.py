r"""Frank-Wolfe on mixtures of vertices: paths, or policies of a tabular MDP.

The value f is a concave function of the visitation measure d. In every iteration, the oracle finds the vertex
v with the largest <grad f(d), v>. The gap is <grad f(d), v - d>, and no measure exceeds f(d) by more than the
gap. The returned gap is computed once more from the returned mixture.

The directions differ in the source of the new vertex's weight. `Vanilla` [paper] takes it from all vertices
in proportion. `Away` and `Pairwise` (Lacoste-Julien and Jaggi 2015) take it from the worst vertex in use,
and converge linearly.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from personalize.design.information import SurrogateObjective
from personalize.design.result import DesignStatus, SolverStep
from personalize.design.step_size import ExactLineSearch, StepSize

STALLED_AFTER = 10
"""Consecutive iterations without a change of value beyond rounding, after which the loop stops."""

ROUNDING = 1e-13


class Oracle(Protocol):
    """A linear oracle: the vertices of an MDP, and the best vertex for a reward."""

    def best(self, reward: Tensor) -> tuple[Tensor, float]:
        """The vertex with the largest reward, for a reward Float[H, S], and that value."""

    def rewards(self, vertices: Tensor, reward: Tensor) -> Tensor:
        """Float[N]: the reward of each of N vertices, for a reward Float[H, S]."""

    def visitation(self, vertices: Tensor, weights: Tensor) -> Tensor:
        """Float[H, S]: the sum of the vertices' measures with weights Float[N]; linear in the weights."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """N vertices with weights Float[N] that sum to one."""

    vertices: Tensor
    weights: Tensor

    def with_vertex(self, vertex: Tensor) -> tuple["Mixture", int]:
        """The mixture with `vertex` among its vertices, at weight 0 if new, and the index of `vertex`."""
        same = torch.nonzero((self.vertices == vertex).flatten(1).all(dim=1))[:, 0]
        if len(same):
            return self, int(same[0])
        weights = torch.cat((self.weights, self.weights.new_zeros(1)))
        return Mixture(torch.cat((self.vertices, vertex[None])), weights), len(self.vertices)

    def moved(self, change: Tensor, length: float) -> "Mixture":
        """The mixture after a step of `length` along `change`, without the vertices of weight zero."""
        weights = (self.weights + length * change).clamp(min=0.0)
        positive = weights > ROUNDING
        return Mixture(self.vertices[positive], weights[positive] / weights[positive].sum())


class Direction(Protocol):
    """A search direction: a change of weights that sums to zero, and the longest step along it."""

    def change(self, weights: Tensor, rewards: Tensor, toward: int) -> tuple[Tensor, float]:
        """The change Float[N], and the length of the longest step.

        Args:
            weights: Float[N], weights of the mixture.
            rewards: Float[N], inner product of the gradient with each vertex.
            toward: index of the vertex that the oracle found.
        """


@dataclass(frozen=True)
class Vanilla:
    """Toward the new vertex, away from all others in proportion to their weights."""

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
    """From the worst vertex in use to the new vertex."""

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
    """The result of the loop.

    Attributes:
        mixture: the best mixture of all iterations.
        value: value of its measure.
        gap: certified gap of its measure, computed once more; no measure's value exceeds `value + gap`.
        iterations: number of steps.
        status: reason for the stop.
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
    callback: Callable[[SolverStep], None] | None = None,
) -> Outcome:
    """Maximise `objective` over the measures of mixtures, from `start`.

    Args:
        oracle: the linear oracle.
        objective: the concave value.
        start: a mixture whose information is not singular.
        direction: the search direction; Pairwise by default.
        step_size: the step length; ExactLineSearch by default.
        relative_gap: the loop stops when the gap is at most this share of |value|.
        iterations: largest number of steps.
        callback: called in every iteration. A KeyboardInterrupt, from the callback or the keyboard, stops
            the loop; the best mixture so far is returned.
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
                callback(SolverStep(done, value, gap, len(mixture.weights), time.monotonic() - started))
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
    """Upper bound on the value that any measure can gain over this mixture: max_v <grad f(d), v - d>."""
    measure = oracle.visitation(mixture.vertices, mixture.weights)
    gradient = objective.gradient(measure)
    return max(0.0, oracle.best(gradient)[1] - float((gradient * measure).sum()))
