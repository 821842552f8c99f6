"""Banks of items that experiments ask about: what may be shown, and the questions kept for the exam.

CLIP features of pictures share a mean direction, and their spectrum falls like 1 / i. People like and dislike
a few concepts, which are themselves items. Synthetic items have these properties. A learner sees the
`learned` features of an item; a person's utility may come from other features, or from a rule about pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from zipfile import BadZipFile

import numpy
import torch
from torch import Tensor

from personalize.errors import SettingsError
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.settings import Settings

COMMON = 0.65
"""Mean cosine between two items."""


CONCEPTS = 5


SPREAD = Settings.prior_spread
"""Spread of utilities over items that designs assume before any answer, in nats; the app's default."""

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


@dataclass(frozen=True, eq=False)
class Bank:
    """N items.

    Attributes:
        learned: Float[N, d], features that the estimate and the exam's prediction see.
        asked: Float[N, d], features that questions are chosen by: `learned`, or what is known of an item
            before it is drawn.
        askable: Long[n], items that sessions may show; of one session when they differ by person.
        exam: Long[M, K], questions that no session asks.
    """

    learned: Tensor
    asked: Tensor
    askable: Tensor
    exam: Tensor

    @property
    def covariance(self) -> Tensor:
        """Float[d, d], of what may be shown."""
        return torch.cov(self.learned[self.askable].T)

    @cached_property
    def mdp(self) -> PromptMDP:
        """The items that may be shown, as tokens of one slot; their features are `asked`."""
        x = self.asked[self.askable]
        return PromptMDP(x, torch.ones(1, len(x), dtype=torch.bool))

    def only(self, askable: Tensor) -> "Bank":
        """The bank of a session that may show these."""
        return replace(self, askable=askable)


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
        with open(file, "rb") as stream:
            loaded = numpy.load(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise SettingsError(
            f"Expected a NumPy file in --features, found: {error}. Choose another."
        ) from error
    if not isinstance(loaded, numpy.ndarray) or loaded.dtype.kind not in "fiub":
        raise SettingsError("Expected one matrix of numbers in --features, found others. Save one array.")
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


def concept_bank(
    count: int, dimension: int, options: int, seed: int
) -> tuple[Bank, Callable[[torch.Generator], Tensor], Tensor]:
    """Items with concept-like features (`concept_items`): the bank, a maker of utilities, and the features.

    A utility is of a random mixture of five concepts, that is of items that are never shown.
    """
    generator = torch.Generator().manual_seed(seed)
    items = concept_items(count, dimension, options, generator)
    x = torch.cat((items.shown, items.exam.flatten(0, 1)))
    exam = torch.arange(count, len(x)).reshape(len(items.exam), options)
    bank = Bank(x, x, torch.arange(count), exam)

    def taste(chance: torch.Generator) -> Tensor:
        chosen = torch.randperm(len(items.concepts), generator=chance)[:CONCEPTS]
        weights = torch.randn(len(chosen), generator=chance, dtype=torch.float64)
        mixture: Tensor = weights @ (items.concepts[chosen] - items.shown.mean(dim=0))
        return mixture

    return bank, taste, x
