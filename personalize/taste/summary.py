"""Summarises a learned taste: opinions on tokens with their uncertainty, progress, and highlights."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.design.diagnosis import DECIDED, decided_share
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preference.known_share import known_share
from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.strategies import STRATEGIES
from personalize.session.record import STUDY, Session
from personalize.taste.readiness import FEWEST_ANSWERS, READY, answers_to_go, is_ready

QUESTIONS = 128
"""Number of random questions in the mean of the predicted accuracy."""


@dataclass(frozen=True)
class Opinion:
    """A token's utility for a person, above the blank (`opinions_of`) or above its slot (`preferences_of`).

    Attributes:
        token: the token.
        slot: the slot of the token.
        utility: posterior mean of that difference of utilities, in nats.
        error: posterior standard error of the same difference, in nats.
    """

    token: str
    slot: str
    utility: float
    error: float

    @property
    def liked(self) -> bool:
        """Whether the utility is more than one standard error above 0."""
        return self.utility - self.error > 0.0

    @property
    def disliked(self) -> bool:
        """Whether the utility is more than one standard error below 0."""
        return self.utility + self.error < 0.0


@dataclass(frozen=True)
class Taste:
    """The taste that was learned in a session.

    Attributes:
        answered: number of answers so far.
        opinions: opinions on all tokens, each against its slot, in descending order of utility.
        accuracy: expected share of random questions in which the estimate predicts the pick.
        chance: that share without any knowledge, 1 / K.
        progress: known share as a part of READY, 0..1.
        ready: whether the taste is certain enough for personal pictures.
        to_go: expected number of further answers until it is; 0 if it is.
        should_adapt: whether an adaptive strategy would now learn more than the strategy of the session.
    """

    answered: int
    opinions: tuple[Opinion, ...]
    accuracy: float
    chance: float
    progress: float
    ready: bool
    to_go: int
    should_adapt: bool = False


def opinions_of(preparation: Preparation, estimate: TasteEstimate) -> tuple[Opinion, ...]:
    """The opinions on all tokens except the blank, above the blank, in descending order of utility.

    They say which token is worth adding to a prompt.
    """
    features = preparation.mdp.features
    return _sorted_opinions(preparation, estimate, features - features[BLANK])


def preferences_of(preparation: Preparation, estimate: TasteEstimate) -> tuple[Opinion, ...]:
    r"""The opinions on all tokens except the blank, above their slots, in descending order of utility.

    A token is compared with the mean of its slot, in which the blank counts as one token. So the better ones
    of a slot count as liked, also if the person likes the blank best. The utility of token t in slot s is the
    contrast :math:`c^\top \theta` with :math:`c = f_t - \bar f_s`, and its variance is
    :math:`c^\top \Sigma c`.
    """
    vocabulary, features = preparation.vocabulary, preparation.mdp.features
    contrasts = torch.zeros_like(features)
    slots = [vocabulary.slot_of(token) for token in vocabulary.tokens[BLANK + 1 :]]
    for slot in set(slots):
        members = [number for number, other in enumerate(slots, start=BLANK + 1) if other == slot]
        mean = (features[BLANK] + features[members].sum(dim=0)) / (len(members) + 1)
        contrasts[members] = features[members] - mean
    return _sorted_opinions(preparation, estimate, contrasts)


def _sorted_opinions(
    preparation: Preparation, estimate: TasteEstimate, effects: Tensor
) -> tuple[Opinion, ...]:
    """The opinions on all tokens except the blank, from the effect of each token: Float[S, d]."""
    vocabulary = preparation.vocabulary
    utilities, errors = estimate.utility(effects).tolist(), estimate.standard_error(effects).tolist()
    opinions = [
        Opinion(token, vocabulary.slots[vocabulary.slot_of(token)], utilities[number], errors[number])
        for number, token in enumerate(vocabulary.tokens)
        if number != BLANK
    ]
    return tuple(sorted(opinions, key=lambda opinion: -opinion.utility))


def summarise(loop: Personalizer, token: str) -> Taste:
    """The summary of the taste that was learned in a session."""
    snapshot = loop.snapshot(token)
    return summary_of(loop.preparation, snapshot.session, snapshot.estimate)


def summary_of(preparation: Preparation, session: Session, estimate: TasteEstimate) -> Taste:
    """The summary of the taste that was learned in a session, from the estimate of its answers."""
    return taste_of(
        preparation,
        estimate,
        session.options,
        len(session.counted),
        adapts=session.strategy == STUDY or STRATEGIES[session.strategy].adapts,
    )


def taste_of(
    preparation: Preparation,
    estimate: TasteEstimate,
    options: int,
    answered: int,
    *,
    adapts: bool = True,
) -> Taste:
    """The summary of an estimated taste.

    Args:
        preparation: the vocabulary, the features and the random prompts.
        estimate: the taste, estimated from the answers.
        options: K, the number of pictures in a round.
        answered: number of answered rounds.
        adapts: whether the questions of the session depend on its answers.
    """
    features = preparation.mdp.path_features(preparation.samples)
    rows = features[: len(features) // options * options][: QUESTIONS * options]
    questions = rows.reshape(-1, options, features.shape[1])
    accuracy = estimate.choice_accuracy(questions)
    share = known_share(estimate, features) if estimate.answers else 0.0
    opinions = preferences_of(preparation, estimate)
    return Taste(
        answered=answered,
        opinions=opinions,
        accuracy=accuracy if estimate.answers else 1.0 / options,
        chance=1.0 / options,
        progress=min(1.0, share / READY),
        ready=is_ready(share, answered),
        to_go=answers_to_go(share, answered),
        should_adapt=not adapts
        and answered >= FEWEST_ANSWERS
        and decided_share(estimate.theta, questions) < DECIDED,
    )


@dataclass(frozen=True)
class Highlights:
    """The tokens in the sentence that describes a taste.

    Attributes:
        liked: at most three certainly liked tokens, highest utility first.
        disliked: at most two certainly disliked tokens, lowest utility first.
        unsure: the token with the most uncertain opinion.

    If no opinion is certain, `liked` and `disliked` contain the tokens with the highest and the lowest
    utility, and `unsure` is "".
    """

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    unsure: str


def highlights(opinions: Sequence[Opinion]) -> Highlights:
    """The highlights of opinions in descending order of utility."""
    liked = tuple(opinion.token for opinion in opinions if opinion.liked)[:3]
    disliked = tuple(opinion.token for opinion in reversed(opinions) if opinion.disliked)[:2]
    if not liked and not disliked:
        return Highlights((opinions[0].token,), (opinions[-1].token,), "")
    return Highlights(
        liked, disliked, max(opinions, key=lambda opinion: opinion.error - abs(opinion.utility)).token
    )
