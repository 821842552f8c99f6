"""Simulated people who judge pictures or tokens, and the questions held out to test what was learned of them.

A person's taste is a mixture of a few tokens' effects, as tastes that can be said in words are. It lives in
the space that the judge sees: the embedder's whole space for pictures, the features for tokens; never in
what the learner keeps of it. Scaled so that knowing it exactly foresees a stated share of picks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.preference.simulated_user import SimulatedUser, calibrate

LIKED_TOKENS = 8
"""Tokens that a simulated taste is a mixture of, likes and dislikes together."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Questions that no session asks, the same for all people and strategies.

    Attributes:
        judged: Float[N, K, D], what the judges see.
        learned: Float[N, K, d], what the learner sees of it.
    """

    judged: Tensor
    learned: Tensor


@dataclass(frozen=True, eq=False)
class Scores:
    """How well an estimate foresees a person on held-out questions.

    Attributes:
        accuracy: expected share of picks foreseen (the person's own probability of the predicted option).
        correlation: of estimated and true utilities within questions.
    """

    accuracy: float
    correlation: float


def concept_taste(effects: Tensor, generator: torch.Generator) -> Tensor:
    """Float[D]: a random mixture of LIKED_TOKENS tokens' effects Float[S, D], of unit length each."""
    tokens = 1 + torch.randperm(len(effects) - 1, generator=generator)[:LIKED_TOKENS]
    chosen = effects[tokens]
    weights = torch.randn(len(chosen), generator=generator, dtype=effects.dtype)
    mixture: Tensor = weights @ (chosen / chosen.norm(dim=1, keepdim=True).clamp(min=1e-12))
    return mixture


def person_of(
    effects: Tensor, held_out: HeldOut, oracle: float, lapse: float, generator: torch.Generator
) -> SimulatedUser:
    """A person with a taste of their own, as decided as `oracle` says."""
    return SimulatedUser(calibrate(concept_taste(effects, generator), held_out.judged, oracle), lapse)


def score(person: SimulatedUser, utility: Callable[[Tensor], Tensor], held_out: HeldOut) -> Scores:
    """How well `utility` (of Float[..., d]) foresees the person on the held-out questions."""
    predicted = utility(held_out.learned)
    true = held_out.judged @ person.theta
    hit = person.probabilities(held_out.judged).gather(1, predicted.argmax(dim=1, keepdim=True))
    a = (predicted - predicted.mean(dim=1, keepdim=True)).flatten()
    b = (true - true.mean(dim=1, keepdim=True)).flatten()
    norms = float(a.norm() * b.norm())
    return Scores(float(hit.mean()), float(a @ b) / norms if norms > 0 else 0.0)
