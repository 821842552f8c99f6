"""Simulated people with a linear taste: a direction in feature space, and what they tell about pictures.

Such a taste is a mixture of a few tokens' or items' features, as tastes that words can express are. It lives
in the space that the person sees, never in what the learner keeps of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.bank import CONCEPTS, Items
from personalize.preference.simulated_user import SimulatedUser, calibrate

LIKED_TOKENS = 8
"""Tokens that a simulated taste is a mixture of, likes and dislikes together."""


TOLD = ("best", "best-worst", "tiers")
"""What an answer tells: the favourite; the worst too; or all others that are liked too."""

TASTES = ("concepts", "isotropic")

APPROVED = 0.3
"""Share of all items that a simulated person likes when each is judged by itself."""


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


def person_for_items(
    items: Items, oracle: float, lapse: float, generator: torch.Generator, tastes: str = "concepts"
) -> SimulatedUser:
    """A person as decided as `oracle` says, whose taste is a random mixture of CONCEPTS concepts.

    With `tastes` "isotropic" every direction of the features is as likely, which the features' prior does not
    expect.
    """
    if tastes == "isotropic":
        theta = torch.randn(items.shown.shape[1], generator=generator, dtype=torch.float64)
        return SimulatedUser(calibrate(theta, items.exam, oracle), lapse)
    chosen = torch.randperm(len(items.concepts), generator=generator)[:CONCEPTS]
    concepts = items.concepts[chosen] - items.shown.mean(dim=0)
    weights = torch.randn(len(chosen), generator=generator, dtype=torch.float64)
    return SimulatedUser(calibrate(weights @ concepts, items.exam, oracle), lapse)


def told_by(
    person: SimulatedUser, told: str, options: Tensor, held_out: HeldOut, generator: torch.Generator
) -> dict[str, Any]:
    """The answer about Float[K, D] with the names of `Personalizer.answer`: the best, and marks.

    Args:
        person: who answers.
        told: name in TOLD.
        options: what the person sees.
        held_out: typical options; APPROVED of them, judged each by itself, are liked.
        generator: of chance.
    """
    if told == "best-worst":
        best, worst = person.answer(options, generator)
        return {"best": best, "disliked": (worst,)}
    best = person.pick(options, generator)
    if told == "best":
        return {"best": best}
    level = (person.scale * held_out.judged @ person.theta).quantile(1.0 - APPROVED)
    liked = torch.sigmoid(person.scale * options @ person.theta - level)
    chances = (1.0 - person.lapse) * liked + 0.5 * person.lapse
    approved = torch.rand(len(options), generator=generator, dtype=chances.dtype) < chances
    return {"best": best, "liked": tuple(k for k in range(len(options)) if approved[k] and k != best)}


def score(person: SimulatedUser, utility: Callable[[Tensor], Tensor], held_out: HeldOut) -> Scores:
    """How well `utility` (of Float[..., d]) foresees the person on the held-out questions."""
    predicted = utility(held_out.learned)
    true = held_out.judged @ person.theta
    hit = person.probabilities(held_out.judged).gather(1, predicted.argmax(dim=1, keepdim=True))
    a = (predicted - predicted.mean(dim=1, keepdim=True)).flatten()
    b = (true - true.mean(dim=1, keepdim=True)).flatten()
    norms = float(a.norm() * b.norm())
    return Scores(float(hit.mean()), float(a @ b) / norms if norms > 0 else 0.0)
