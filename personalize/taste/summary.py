"""What was learned about a taste: opinions on tokens, their uncertainty, progress, and the highlights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from personalize.design.diagnosis import DECIDED, decided_share
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.strategies import STRATEGIES
from personalize.session.record import STUDY, Session

READY = 0.33
"""Share of the differences between prompts that must be known for a taste to be called ready (see
`known_share`). Of 20 simulated people it is reached after 9 to 10 answers on average, when 0.58 of their
picks are foreseen, of the 0.75 that can be (`simulate --judge tokens --people 20 --rounds 15`); with rendered
pictures after 10, when 0.50 are (10 people). Chosen on an earlier vocabulary, and not yet tried on people."""

FEWEST_ANSWERS = 3
FARTHEST = 30
"""Answers that are promised, at most."""

QUESTIONS = 128
"""Random questions that the predicted accuracy is the mean of."""


@dataclass(frozen=True)
class Opinion:
    """What a token adds to a picture for this person, in nats of utility above no token at all."""

    token: str
    slot: str
    utility: float
    error: float

    @property
    def liked(self) -> bool:
        """More than one standard error above nothing."""
        return self.utility - self.error > 0.0

    @property
    def disliked(self) -> bool:
        """More than one standard error below nothing."""
        return self.utility + self.error < 0.0


@dataclass(frozen=True)
class Taste:
    """What a session tells about a person.

    Attributes:
        answered: answers so far.
        opinions: on every token, most liked first.
        accuracy: predicted share of random questions whose pick would be foreseen.
        chance: that share for somebody who knows nothing, 1 / K.
        progress: towards `ready`, 0..1.
        ready: whether personal pictures are worth making.
        to_go: answers until it is ready, as it looks now; 0 when it is, None when it cannot be told or
            is more than FARTHEST.
        should_adapt: whether questions that adapt to the answers would now teach more than the session's own.
    """

    answered: int
    opinions: tuple[Opinion, ...]
    accuracy: float
    chance: float
    progress: float
    ready: bool
    to_go: int | None = None
    should_adapt: bool = False


def opinions_of(preparation: Preparation, estimate: TasteEstimate) -> tuple[Opinion, ...]:
    """The opinion on every token but the blank, most liked first."""
    vocabulary, features = preparation.vocabulary, preparation.mdp.features
    effects = features - features[BLANK]
    utilities, errors = estimate.utility(effects).tolist(), estimate.standard_error(effects).tolist()
    opinions = [
        Opinion(token, vocabulary.slots[vocabulary.slot_of(token)], utilities[number], errors[number])
        for number, token in enumerate(vocabulary.tokens)
        if number != BLANK
    ]
    return tuple(sorted(opinions, key=lambda opinion: -opinion.utility))


def known_share(estimate: TasteEstimate, features: Tensor) -> float:
    r"""Share of the spread of utilities over prompts that is known, 0..1.

    .. math:: V / (V + \mathrm{tr}(C \Sigma_x)), \quad V = \mathrm{Var}_x(\hat\theta^\top x)

    The reliability of the estimate: of a difference in utility between two random prompts, the share of the
    variance that is signal. It follows from the posterior alone, so it moves with what was learned and not
    with the number of picks.

    Args:
        estimate: the posterior.
        features: Float[N, d], of random prompts.
    """
    centred = features - features.mean(dim=0)
    signal = float(estimate.utility(centred).square().mean())
    noise = float(estimate.standard_error(centred).square().mean())
    return signal / (signal + noise) if signal + noise > 0.0 else 0.0


def answers_to_go(share: float, answered: int) -> int | None:
    """Answers until a taste is ready, if the known share goes on to grow as it did; None when not known.

    In simulations the share grows nearly in proportion to the answers. What the covariance is expected to
    lose by the best questions said 2 where 7 were left, so it is not used.
    """
    if answered < FEWEST_ANSWERS or share <= 0.0:
        return None
    left = max(0, math.ceil(answered * (READY / share - 1.0) - 1e-9))
    return left if left <= FARTHEST else None


def summarise(loop: Personalizer, token: str) -> Taste:
    """What a session taught about its person."""
    snapshot = loop.snapshot(token)
    return summary_of(loop.preparation, snapshot.session, snapshot.estimate)


def summary_of(preparation: Preparation, session: Session, estimate: TasteEstimate) -> Taste:
    """What a session taught about its person, given the estimate of its answers."""
    return taste_of(
        preparation,
        estimate,
        session.options,
        len(session.answered),
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
    """What the estimate says, for a page.

    Args:
        preparation: what may be said.
        estimate: what the answers tell.
        options: K.
        answered: rounds.
        adapts: whether the session's questions depend on its answers.
    """
    features = preparation.mdp.path_features(preparation.samples)
    rows = features[: len(features) // options * options][: QUESTIONS * options]
    questions = rows.reshape(-1, options, features.shape[1])
    accuracy = estimate.choice_accuracy(questions)
    share = known_share(estimate, features) if estimate.answers else 0.0
    opinions = opinions_of(preparation, estimate)
    return Taste(
        answered=answered,
        opinions=opinions,
        accuracy=accuracy if estimate.answers else 1.0 / options,
        chance=1.0 / options,
        progress=min(1.0, share / READY),
        ready=share >= READY and answered >= FEWEST_ANSWERS,
        to_go=answers_to_go(share, answered),
        should_adapt=not adapts
        and answered >= FEWEST_ANSWERS
        and decided_share(estimate.theta, questions) < DECIDED,
    )


@dataclass(frozen=True)
class Highlights:
    """The words that the sentence about a taste names.

    Attributes:
        liked, disliked: what is certain, clearest first; of nothing certain, the first of each it leans to.
        unsure: the token known worst; "" when nothing is certain.
    """

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    unsure: str


def highlights(opinions: Sequence[Opinion]) -> Highlights:
    """The highlights of opinions that are sorted, most liked first."""
    liked = tuple(opinion.token for opinion in opinions if opinion.liked)[:3]
    disliked = tuple(opinion.token for opinion in reversed(opinions) if opinion.disliked)[:2]
    if not liked and not disliked:
        return Highlights((opinions[0].token,), (opinions[-1].token,), "")
    return Highlights(
        liked, disliked, max(opinions, key=lambda opinion: opinion.error - abs(opinion.utility)).token
    )
