"""Items with concept-like features, and questions about them: what learning is measured on without pictures.

CLIP features of pictures share a mean direction and have a spectrum that falls like 1 / i; people like and
dislike a few concepts, which are themselves items. So are these.
"""

from dataclasses import dataclass

import numpy
import torch
from torch import Tensor

from personalize.errors import SettingsError
from personalize.preference.simulated_user import SimulatedUser, calibrate

COMMON = 0.65
"""Mean cosine between two items."""

CONCEPTS = 5
TASTES = ("concepts", "isotropic")
EXAM = 400
"""Questions that no session asks, the same for every person and strategy."""


@dataclass(frozen=True, eq=False)
class Items:
    """What can be shown, what is kept for the exam, and the concepts that tastes are made of.

    Attributes:
        shown: Float[N, d].
        exam: Float[EXAM, K, d].
        concepts: Float[M, d].
    """

    shown: Tensor
    exam: Tensor
    concepts: Tensor

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of what can be shown."""
        return torch.cov(self.shown.T)


def concept_items(count: int, dimension: int, options: int, generator: torch.Generator) -> Items:
    """Unit items of a falling spectrum around a common mean."""
    total = count + EXAM * options + 200
    spread = (1.0 / torch.arange(1, dimension + 1, dtype=torch.float64)).sqrt()
    own = torch.randn(total, dimension, generator=generator, dtype=torch.float64) * spread
    mean = torch.randn(dimension, generator=generator, dtype=torch.float64)
    mean = mean / mean.norm()
    own = own - (own @ mean)[:, None] * mean
    own = own / own.square().sum(dim=1).mean().sqrt()  # one length for all would flatten the spectrum
    x = COMMON**0.5 * mean + (1.0 - COMMON) ** 0.5 * own
    x = x / x.norm(dim=1, keepdim=True)
    return _split(x, count, options)


def items_of_file(file: str, options: int, generator: torch.Generator) -> Items:
    """Rows of a matrix N x d in NumPy's format, split into what is shown, the exam and the concepts.

    Raises:
        SettingsError: no such file, no matrix of finite numbers, or too few rows.
    """
    try:
        loaded = numpy.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"Expected a NumPy file in --features, found: {error}. Choose another."
        ) from error
    if loaded.ndim != 2 or not numpy.isfinite(loaded).all() or len(loaded) < 4 * EXAM:
        raise SettingsError(
            f"Expected at least {4 * EXAM} rows of finite numbers in --features, found {loaded.shape}. "
            "Give a matrix of one row an item."
        )
    x = torch.from_numpy(loaded).to(torch.float64)
    x = x[torch.randperm(len(x), generator=generator)]
    exam_items = min(EXAM * options, len(x) // 3)
    return _split(x, len(x) - exam_items - len(x) // 10, options)


def _split(x: Tensor, count: int, options: int) -> Items:
    shown, rest = x[:count], x[count:]
    questions = min(EXAM, (len(rest) - CONCEPTS) // options)
    exam = rest[: questions * options].reshape(questions, options, -1)
    return Items(shown, exam, rest[questions * options :])


def person_of(
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
