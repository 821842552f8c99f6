"""Two tastes in one space: what both like, where they differ, how alike they are, and pictures in the mix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.errors import SessionError
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.progress import OnStep
from personalize.rounds.personalizer import Personalizer
from personalize.seeds import LARGEST_SEED, checked_seed
from personalize.taste.recommend import recommend
from personalize.taste.summary import Opinion, opinions_of
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import opinions_in

DRAWS = 400
"""Pairs of tastes drawn for the interval of their likeness."""

CONFIDENCE = 0.95

ROWS = 2
"""Pictures of each taste."""


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


@dataclass(frozen=True)
class Mixed:
    """One subject drawn in three tastes from one seed.

    Attributes:
        subject: what all show.
        share: of theirs in the one between, 0..1.
        seed: of all three.
        prompts, pictures: mine, between, theirs.
        words: of each, what the taste added.
    """

    subject: str
    share: float
    seed: int
    prompts: tuple[str, str, str]
    pictures: tuple[str, str, str]
    words: tuple[tuple[str, ...], ...]


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


def compare_tastes(preparation: Preparation, mine: TasteEstimate, theirs: TasteEstimate) -> Comparison:
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


def compare(loop: Personalizer, token: str, file: TasteFile) -> tuple[Comparison, Recovered]:
    """The session's taste beside the file's, and how well the file's could be read.

    Raises:
        SessionError: nothing was answered yet.
    """
    mine = loop.estimate(token)
    if not mine.answers:
        raise SessionError("Expected a session with answers, found none. Pick a picture first.")
    theirs = recovered(loop.preparation, opinions_in(file), mine)
    return compare_tastes(loop.preparation, mine, theirs.estimate), theirs


def mix(
    loop: Personalizer,
    token: str,
    file: TasteFile,
    subject: str,
    share: float,
    *,
    seed: int | None = None,
    on_step: OnStep | None = None,
) -> tuple[Mixed, ...]:
    """The subject in my taste, in theirs and in the one that is `share` theirs, of ROWS seeds.

    Raises:
        SessionError: the subject does not fit, or nothing was answered yet.
        RenderError: the renderer failed.
    """
    vocabulary = loop.preparation.vocabulary
    subject = loop.checked_subject(subject)
    mine, theirs = loop.estimate(token), compare(loop, token, file)[1].estimate
    between = blended(mine, theirs, min(max(share, 0.0), 1.0))
    first = checked_seed(seed)
    seeds = [(first + row) % LARGEST_SEED for row in range(ROWS)]
    paths = [recommend(loop, taste, count=ROWS).tolist() for taste in (mine, between, theirs)]
    prompts = [tuple(vocabulary.prompt(subject, side[row]) for side in paths) for row in range(ROWS)]
    drawn = loop.render_prompts(
        token, [p for row in prompts for p in row], [seed for seed in seeds for _ in range(3)], on_step
    )
    mixed = []
    for row, seed_ in enumerate(seeds):
        words = tuple(tuple(vocabulary.tokens[n] for n in side[row] if n) for side in paths)
        one, two, three = drawn[3 * row : 3 * row + 3]
        a, b, c = prompts[row]
        mixed.append(Mixed(subject, share, seed_, (a, b, c), (one, two, three), words))
    return tuple(mixed)


def _least(pair: tuple[Opinion, Opinion]) -> float:
    return -min(abs(pair[0].utility), abs(pair[1].utility))


def _likeness(effects: Tensor, mine: TasteEstimate, theirs: TasteEstimate) -> tuple[float, float, float]:
    """The mean and the interval of the correlation over words, of tastes drawn from both posteriors."""
    generator = torch.Generator().manual_seed(0)
    drawn = [effects @ estimate.sample(DRAWS, generator).T for estimate in (mine, theirs)]
    one, other = (each - each.mean(dim=0) for each in drawn)
    norm = (one.square().sum(dim=0) * other.square().sum(dim=0)).sqrt().clamp(min=1e-12)
    correlations = (one * other).sum(dim=0) / norm
    low, high = correlations.quantile(
        torch.tensor([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2]).to(correlations)
    )
    return float(correlations.mean()), float(low), float(high)
