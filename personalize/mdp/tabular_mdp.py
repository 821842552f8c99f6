"""A general MDP of finite horizon with sparse random transitions, for the same Frank-Wolfe loop.

It serves the paper's tabular experiments and generators with a random next token. The visited states carry
the features, and an action leads to one of several states. The vertices of the set of visitation measures
are deterministic policies instead of paths: one action for each step and state.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import DesignError, ShapeError


@dataclass(frozen=True, eq=False)
class TabularMDP:
    """States, actions and E possible transitions (state, action) -> successor.

    Attributes:
        features: Float[S, d], features of the states.
        start: Float[S], distribution of the first state.
        horizon: H, the number of visited states.
        actions: A, the number of actions.
        state: Long[E], the state before each transition.
        action: Long[E], the action of each transition, 0..A-1.
        successor: Long[E], the state after each transition.
        probability: Float[E], positive. It sums to one for every (state, action) that has transitions. An
            action without transitions is not available in that state.
    """

    features: Tensor
    start: Tensor
    horizon: int
    actions: int
    state: Tensor
    action: Tensor
    successor: Tensor
    probability: Tensor

    def __post_init__(self) -> None:
        """Check the shapes, the probabilities, and that every state has an action.

        Raises:
            ShapeError: the axes disagree, or an index is out of range.
            DesignError: probabilities do not sum to one, or a state has no action.
        """
        E = (len(self.state),)
        if any(column.shape != E for column in (self.action, self.successor, self.probability)):
            raise ShapeError(
                f"Expected {E[0]} rows in every column of the transitions, found other lengths. Align them."
            )
        inside = self.horizon >= 1 and self.start.shape == (self.size,)
        for column, bound in (
            (self.state, self.size),
            (self.successor, self.size),
            (self.action, self.actions),
        ):
            inside &= bool(((column >= 0) & (column < bound)).all())
        if not inside:
            raise ShapeError(
                f"Expected start Float[{self.size}], a horizon of at least 1, states below {self.size} and "
                f"actions below {self.actions}, found others. Correct the indices."
            )
        sums = self._sums
        proper = bool(((sums - 1.0).abs() < 1e-9).logical_or(sums == 0.0).all())
        if not proper or abs(float(self.start.sum()) - 1.0) > 1e-9 or float(self.probability.min()) < 0.0:
            raise DesignError(
                "Expected probabilities that sum to one for every state and action, found others. Scale them."
            )
        if bool((sums == 0.0).all(dim=1).any()):
            state = int((sums == 0.0).all(dim=1).to(torch.uint8).argmax())
            raise DesignError(
                f"Expected an action in every state, found none in state {state}. "
                "Add a transition, to itself if it is the end."
            )

    @property
    def size(self) -> int:
        """S, the number of states."""
        return len(self.features)

    @property
    def _sums(self) -> Tensor:
        sums = self.probability.new_zeros(self.size, self.actions)
        return sums.index_put_((self.state, self.action), self.probability, accumulate=True)

    def with_probability(self, probability: Tensor) -> "TabularMDP":
        """The MDP with the same transitions and other probabilities Float[E], such as estimated ones."""
        columns = (self.start, self.horizon, self.actions, self.state, self.action, self.successor)
        return TabularMDP(self.features, *columns, probability)

    def estimated(self, counts: Tensor, pseudo_count: float = 1.0) -> "TabularMDP":
        """The MDP with probabilities estimated from observed counts Float[E] of its transitions.

        `pseudo_count` is added to every count before the counts are normalised.
        """
        smoothed = counts.to(self.probability) + pseudo_count
        totals = smoothed.new_zeros(self.size, self.actions)
        totals.index_put_((self.state, self.action), smoothed, accumulate=True)
        return self.with_probability(smoothed / totals[self.state, self.action])

    def visitation(self, policy: Tensor) -> Tensor:
        """Float[H, S]: probability of each state at each step, under a policy Long[H, S] of actions."""
        measure = self.start.new_zeros(self.horizon, self.size)
        measure[0] = self.start
        for step in range(self.horizon - 1):
            taken = policy[step, self.state] == self.action
            mass = torch.where(taken, measure[step, self.state] * self.probability, 0.0)
            measure[step + 1].index_add_(0, self.successor, mass)
        return measure


def best_policy(mdp: TabularMDP, reward: Tensor) -> tuple[Tensor, float]:
    r"""The deterministic policy of largest expected reward Float[H, S], and that reward.

    .. math:: V_h(s) = r_h(s) + \max_a \sum_{s'} P(s' | s, a) V_{h+1}(s')

    Returns:
        Long[H, S], the actions, and the expected reward. Ties go to the lowest action. The actions of the
        last step have no effect.

    Raises:
        ShapeError: `reward` is not Float[H, S].
    """
    if reward.shape != (mdp.horizon, mdp.size):
        raise ShapeError(
            f"Expected a reward Float[{mdp.horizon}, {mdp.size}], found {list(reward.shape)}. Reshape it."
        )
    unavailable = mdp._sums == 0.0
    policy = torch.zeros(mdp.horizon, mdp.size, dtype=torch.long, device=reward.device)
    value = reward[-1]
    for step in reversed(range(mdp.horizon - 1)):
        worth = value.new_zeros(mdp.size, mdp.actions)
        worth.index_put_((mdp.state, mdp.action), mdp.probability * value[mdp.successor], accumulate=True)
        best = worth.masked_fill(unavailable, -torch.inf).max(dim=1)
        policy[step], value = best.indices, reward[step] + best.values
    return policy, float(mdp.start @ value)


@dataclass(frozen=True, eq=False)
class PolicyOracle:
    """The linear oracle of a tabular MDP, whose vertices are deterministic policies Long[H, S]."""

    mdp: TabularMDP

    def best(self, reward: Tensor) -> tuple[Tensor, float]:
        """The policy of largest expected reward Float[H, S], and that reward."""
        return best_policy(self.mdp, reward)

    def rewards(self, vertices: Tensor, reward: Tensor) -> Tensor:
        """Float[N]: the expected reward of each of the policies Long[N, H, S]."""
        return torch.stack([(self.mdp.visitation(policy) * reward).sum() for policy in vertices])

    def visitation(self, vertices: Tensor, weights: Tensor) -> Tensor:
        """Float[H, S]: the visitation of policies Long[N, H, S] mixed with weights Float[N]."""
        measure = self.mdp.start.new_zeros(self.mdp.horizon, self.mdp.size)
        for policy, weight in zip(vertices, weights, strict=True):
            if float(weight) != 0.0:
                measure = measure + weight * self.mdp.visitation(policy)
        return measure
