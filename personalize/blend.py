"""Two tastes in one space: what they share, where they part, how alike they are, and anything in between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.mdp.vocabulary import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preparation import Preparation
from personalize.taste import Opinion, opinions_of

DRAWS = 400
"""Pairs of tastes drawn for the interval of their likeness."""

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Recovered:
    """A taste read off opinions on words.

    Attributes:
        estimate: the taste; see `recovered`.
        fit: share of the opinions' variance that it explains (R squared); 1 when they came of these features.
    """

    estimate: TasteEstimate
    fit: float


@dataclass(frozen=True)
class Comparison:
    """Two tastes, side by side.

    Attributes:
        both_like, both_avoid: words of which both are certain, the surer first.
        part: words that one is certain to like and the other to avoid, mine before theirs.
        likeness: correlation of the two over all words, -1..1; the mean over what both may be.
        low, high: its 95 % interval.
        rows: each word with both opinions, most liked by both together first.
    """

    both_like: tuple[str, ...]
    both_avoid: tuple[str, ...]
    part: tuple[tuple[Opinion, Opinion], ...]
    likeness: float
    low: float
    high: float
    rows: tuple[tuple[Opinion, Opinion], ...]


def recovered(preparation: Preparation, opinions: Sequence[Opinion], mine: TasteEstimate) -> Recovered:
    r"""The taste behind opinions on words of this vocabulary.

    theta is the least-squares solution of least norm of :math:`X \theta = u`, X the words' effects and u the
    utilities. Of their uncertainty only the words' standard errors are known, so the covariance has the shape
    of `mine`, scaled to their mean square.

    Args:
        preparation: whose words and features.
        opinions: words, utilities and errors; words that are not of this vocabulary are left out.
        mine: a taste of the same space.
    """
    vocabulary, features = preparation.vocabulary, preparation.mdp.features
    known = [opinion for opinion in opinions if opinion.token in vocabulary.tokens[1:]]
    if not known:
        return Recovered(replace(mine, theta=torch.zeros_like(mine.theta), answers=0), 0.0)
    rows = [vocabulary.index(opinion.token) for opinion in known]
    effects = features[rows] - features[BLANK]
    utilities = torch.tensor([opinion.utility for opinion in known]).to(features)
    errors = torch.tensor([opinion.error for opinion in known]).to(features)
    theta = torch.linalg.pinv(effects, rtol=1e-8) @ utilities
    unexplained = float((utilities - effects @ theta).square().sum())
    spread = float((utilities - utilities.mean()).square().sum())
    scale = float(errors.square().mean() / mine.standard_error(effects).square().mean().clamp(min=1e-12))
    estimate = replace(mine, theta=theta, covariance=scale * mine.covariance)
    return Recovered(estimate, max(0.0, 1.0 - unexplained / spread) if spread > 0.0 else 0.0)


def blended(mine: TasteEstimate, theirs: TasteEstimate, share: float) -> TasteEstimate:
    """The taste that is `share` (0..1) theirs and the rest mine; the two errors are independent."""
    own = 1.0 - share
    return replace(
        mine,
        theta=own * mine.theta + share * theirs.theta,
        covariance=own**2 * mine.covariance + share**2 * theirs.covariance,
        answers=min(mine.answers, theirs.answers) if 0.0 < share < 1.0 else mine.answers,
    )


def compared(preparation: Preparation, mine: TasteEstimate, theirs: TasteEstimate) -> Comparison:
    """How two tastes of one space stand to each other."""
    ours = {opinion.token: opinion for opinion in opinions_of(preparation, mine)}
    others = {opinion.token: opinion for opinion in opinions_of(preparation, theirs)}
    pairs = [(ours[token], others[token]) for token in ours]
    pairs.sort(key=lambda pair: -(pair[0].utility + pair[1].utility))
    likes = [pair for pair in pairs if pair[0].liked and pair[1].liked]
    avoids = [pair for pair in pairs if pair[0].disliked and pair[1].disliked]
    part = [p for p in pairs if (p[0].liked and p[1].disliked) or (p[0].disliked and p[1].liked)]
    part.sort(key=lambda pair: -abs(pair[0].utility - pair[1].utility))
    effects = preparation.mdp.features[1:] - preparation.mdp.features[BLANK]
    likeness, low, high = _likeness(effects, mine, theirs)
    return Comparison(
        tuple(pair[0].token for pair in sorted(likes, key=_least)),
        tuple(pair[0].token for pair in sorted(avoids, key=_least)),
        tuple(part),
        likeness,
        low,
        high,
        tuple(pairs),
    )


def _least(pair: tuple[Opinion, Opinion]) -> float:
    return -min(abs(pair[0].utility), abs(pair[1].utility))


def _likeness(effects: Tensor, mine: TasteEstimate, theirs: TasteEstimate) -> tuple[float, float, float]:
    """The mean and the interval of the correlation over words, of tastes drawn from both posteriors."""
    generator = torch.Generator().manual_seed(0)
    drawn = [effects @ _draws(estimate, generator).T for estimate in (mine, theirs)]
    one, other = (each - each.mean(dim=0) for each in drawn)
    norm = (one.square().sum(dim=0) * other.square().sum(dim=0)).sqrt().clamp(min=1e-12)
    correlations = (one * other).sum(dim=0) / norm
    low, high = correlations.quantile(
        torch.tensor([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2]).to(correlations)
    )
    return float(correlations.mean()), float(low), float(high)


def _draws(estimate: TasteEstimate, generator: torch.Generator) -> Tensor:
    """Float[DRAWS, d]: tastes of the posterior."""
    values, vectors = torch.linalg.eigh(estimate.covariance)
    noise = torch.randn(DRAWS, len(values), generator=generator, dtype=torch.float64).to(estimate.theta)
    tastes: Tensor = estimate.theta + noise @ (vectors * values.clamp(min=0.0).sqrt()).T
    return tastes
