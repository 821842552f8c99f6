"""Simulated people with a known linear taste, any decidedness, and slips, to measure methods with."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import DesignError
from personalize.preference.logit import choice_probabilities

MOST_SCALE = 1e9
"""Largest decidedness; a person with it practically always picks the best option."""


@dataclass(frozen=True, eq=False)
class SimulatedUser:
    """A person who picks by a softmax of scale * theta' phi, and slips with probability `lapse`.

    Attributes:
        theta: Float[d], the taste.
        lapse: share of picks that are uniform over the options.
        scale: decidedness; 0 picks at random, a large value almost always picks the best option.
    """

    theta: Tensor
    lapse: float = 0.0
    scale: float = 1.0

    def probabilities(self, options: Tensor) -> Tensor:
        """Float[..., K] of Float[..., K, d]: probability of each option, slips included."""
        decided = choice_probabilities(self.scale * self.theta, options)
        return (1.0 - self.lapse) * decided + self.lapse / options.shape[-2]

    def pick(self, options: Tensor, generator: torch.Generator) -> int:
        """The option of Float[K, d] that this person picks, 0..K-1."""
        return int(torch.multinomial(self.probabilities(options), 1, generator=generator))

    def answer(self, options: Tensor, generator: torch.Generator) -> tuple[int, int]:
        """Best and worst option of Float[K, d].

        The worst option is the pick of a person with the opposite taste among the other options.
        """
        best = self.pick(options, generator)
        rest = [index for index in range(len(options)) if index != best]
        opposite = SimulatedUser(-self.theta, self.lapse, self.scale)
        return best, rest[opposite.pick(options[rest], generator)]

    def rank(self, options: Tensor, generator: torch.Generator) -> list[int]:
        """The options of Float[K, d] from most to least liked, by repeated picks among the remaining ones."""
        remaining = list(range(len(options)))
        order = []
        while len(remaining) > 1:
            order.append(remaining.pop(self.pick(options[remaining], generator)))
        return [*order, *remaining]

    def oracle_accuracy(self, options: Tensor) -> float:
        """Accuracy of predictions by the true taste, over Float[N, K, d]: the upper bound of any method."""
        decided = self.probabilities(options).gather(-1, (options @ self.theta).argmax(-1, keepdim=True))
        return float(decided.mean())


def calibrate(theta: Tensor, options: Tensor, oracle_accuracy: float) -> Tensor:
    """Float[d]: `theta`, scaled to the given oracle accuracy without slips.

    Args:
        theta: Float[d], not zero.
        options: Float[N, K, d], typical questions.
        oracle_accuracy: share of picks that the true taste predicts, above 1 / K and below 1.

    Raises:
        DesignError: no scale reaches the accuracy.
    """
    K = options.shape[-2]

    def accuracy(scale: float) -> float:
        return SimulatedUser(theta, scale=scale).oracle_accuracy(options)

    if not 1.0 / K < oracle_accuracy < 1.0 or accuracy(MOST_SCALE) <= oracle_accuracy:
        raise DesignError(
            f"Expected an oracle accuracy above {1.0 / K:.2f} that the options can reach, found "
            f"{oracle_accuracy}. Choose another, or options whose utilities differ."
        )
    low, high = 0.0, 1.0
    while accuracy(high) < oracle_accuracy:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if accuracy(middle) < oracle_accuracy else (low, middle)
    return 0.5 * (low + high) * theta
