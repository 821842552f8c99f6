"""Compares two tastes in one feature space, and renders pictures in a mixture of both."""

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
from personalize.taste.summary import Opinion, preferences_of
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import opinions_in

DRAWS = 400
"""Number of posterior samples of each taste for the interval of the likeness."""

CONFIDENCE = 0.95
"""Probability of the interval of the likeness."""

ROWS = 2
"""Number of pictures in each taste."""


@dataclass(frozen=True, eq=False)
class Recovered:
    """A taste that was computed from opinions on words.

    Attributes:
        estimate: the taste; see `recovered`.
        fit: R squared, the share of the variance of the opinions that the taste explains. It is 1 if the
            opinions are linear in the features of this app.
    """

    estimate: TasteEstimate
    fit: float


@dataclass(frozen=True)
class Comparison:
    """The comparison of two tastes, "mine" and "theirs".

    Attributes:
        both_like, both_avoid: words that both certainly like or dislike. The order is by the weaker of the
            two utilities, strongest first.
        part: pairs of my and their opinion on words that one certainly likes and the other dislikes.
        likeness: correlation of the utilities of all words, -1..1, as the mean over both posteriors.
        low, high: 95 % interval of the likeness.
        rows: pairs of my and their opinion on every word, each against its slot, in descending order of
            the sum of utilities.
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
    """Three pictures of one subject and one seed: in my taste, in the mixture, and in their taste.

    Attributes:
        subject: subject of the three pictures.
        share: weight of their taste in the mixture, 0..1.
        seed: seed of the three pictures.
        prompts, pictures: prompts and hashes, in the order mine, mixture, theirs.
        words: words that each taste added to its prompt, in the same order.
    """

    subject: str
    share: float
    seed: int
    prompts: tuple[str, str, str]
    pictures: tuple[str, str, str]
    words: tuple[tuple[str, ...], ...]


def recovered(preparation: Preparation, opinions: Sequence[Opinion], mine: TasteEstimate) -> Recovered:
    r"""The taste that explains opinions on words of this vocabulary.

    theta is the least-squares solution of :math:`X \theta = u` with the smallest norm. X contains the effects
    of the words, and u their utilities. The opinions contain standard errors but no covariance. The result
    therefore has the covariance of `mine`, scaled to the mean square of those errors.

    Args:
        preparation: the vocabulary and the features.
        opinions: words with utilities and errors; words outside this vocabulary are ignored.
        mine: a taste in the same feature space.
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
    """The mixture of two tastes with weight `share` (0..1) of `theirs`; their errors count as independent."""
    own = 1.0 - share
    return replace(
        mine,
        theta=own * mine.theta + share * theirs.theta,
        covariance=own**2 * mine.covariance + share**2 * theirs.covariance,
        answers=min(mine.answers, theirs.answers) if 0.0 < share < 1.0 else mine.answers,
    )


def compare_tastes(preparation: Preparation, mine: TasteEstimate, theirs: TasteEstimate) -> Comparison:
    """The comparison of two tastes in one feature space."""
    my_opinions = {opinion.token: opinion for opinion in preferences_of(preparation, mine)}
    their_opinions = {opinion.token: opinion for opinion in preferences_of(preparation, theirs)}
    pairs = [(my_opinions[token], their_opinions[token]) for token in my_opinions]
    pairs.sort(key=lambda pair: -(pair[0].utility + pair[1].utility))
    likes = [pair for pair in pairs if pair[0].liked and pair[1].liked]
    avoids = [pair for pair in pairs if pair[0].disliked and pair[1].disliked]
    part = [p for p in pairs if (p[0].liked and p[1].disliked) or (p[0].disliked and p[1].liked)]
    part.sort(key=lambda pair: -abs(pair[0].utility - pair[1].utility))
    effects = preparation.mdp.features[1:] - preparation.mdp.features[BLANK]
    likeness, low, high = _likeness(effects, mine, theirs)
    return Comparison(
        tuple(pair[0].token for pair in sorted(likes, key=_weaker_opinion)),
        tuple(pair[0].token for pair in sorted(avoids, key=_weaker_opinion)),
        tuple(part),
        likeness,
        low,
        high,
        tuple(pairs),
    )


def compare(loop: Personalizer, token: str, file: TasteFile) -> tuple[Comparison, Recovered]:
    """The comparison of a session's taste with the taste in a file, and the taste computed from the file.

    Raises:
        SessionError: the session has no answers.
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
    """Pictures of a subject in my taste, in their taste and in the mixture, for ROWS seeds.

    Args:
        loop: the loop of my session.
        token: token of my session.
        file: the taste file with their taste.
        subject: subject of the pictures.
        share: weight of their taste in the mixture; values outside 0..1 are clipped.
        seed: seed of the first row; a random one if None.
        on_step: reports the progress of all pictures together.

    Raises:
        SessionError: the subject does not fit, or the session has no answers.
        RenderError: the renderer failed.
    """
    vocabulary = loop.preparation.vocabulary
    subject = loop.checked_subject(subject)
    mine, theirs = loop.estimate(token), compare(loop, token, file)[1].estimate
    mixture = blended(mine, theirs, min(max(share, 0.0), 1.0))
    first_seed = checked_seed(seed)
    seeds = [(first_seed + row) % LARGEST_SEED for row in range(ROWS)]
    paths = [recommend(loop, taste, count=ROWS).tolist() for taste in (mine, mixture, theirs)]
    prompts = [tuple(vocabulary.prompt(subject, side[row]) for side in paths) for row in range(ROWS)]
    rendered = loop.render_prompts(
        token, [p for row in prompts for p in row], [seed for seed in seeds for _ in range(3)], on_step
    )
    mixed = []
    for row, seed_ in enumerate(seeds):
        words = tuple(tuple(vocabulary.tokens[n] for n in side[row] if n) for side in paths)
        a, b, c = prompts[row]
        picture_a, picture_b, picture_c = rendered[3 * row : 3 * row + 3]
        mixed.append(Mixed(subject, share, seed_, (a, b, c), (picture_a, picture_b, picture_c), words))
    return tuple(mixed)


def _weaker_opinion(pair: tuple[Opinion, Opinion]) -> float:
    """Key that sorts pairs of opinions by the smaller absolute utility, largest first."""
    return -min(abs(pair[0].utility), abs(pair[1].utility))


def _likeness(effects: Tensor, mine: TasteEstimate, theirs: TasteEstimate) -> tuple[float, float, float]:
    """Mean and interval of the correlation of utilities over words, for samples of both posteriors."""
    generator = torch.Generator().manual_seed(0)
    samples = [effects @ estimate.sample(DRAWS, generator).T for estimate in (mine, theirs)]
    mine_centred, theirs_centred = (utilities - utilities.mean(dim=0) for utilities in samples)
    norm = (mine_centred.square().sum(dim=0) * theirs_centred.square().sum(dim=0)).sqrt().clamp(min=1e-12)
    correlations = (mine_centred * theirs_centred).sum(dim=0) / norm
    low, high = correlations.quantile(
        torch.tensor([0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2]).to(correlations)
    )
    return float(correlations.mean()), float(low), float(high)
