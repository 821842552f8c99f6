"""The next question of a session, by its strategy: adaptive, static (the design's own), or random."""

from collections.abc import Callable

import torch
from torch import Tensor

from personalize.design.question import choose_question, question_pool, random_question, static_question
from personalize.errors import SessionError
from personalize.preference.estimate import TasteEstimate
from personalize.preparation import Preparation
from personalize.session.record import Session
from personalize.settings import Settings


def next_question(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    taste: Callable[[], TasteEstimate],
    generator: torch.Generator,
) -> Tensor:
    """Long[K, H]: the prompts to show next.

    Args:
        session: whose strategy and number of options.
        preparation: design and MDP.
        settings: `pool`, `words`, `pleasant`, `warm_up`.
        taste: what is known; asked for by the adaptive strategy only.
        generator: of all draws.

    Raises:
        SessionError: the static design was made for another number of options.
    """
    design, mdp, K = preparation.design, preparation.mdp, session.options
    if session.strategy == "random":
        return random_question(mdp, K, generator, words=settings.words)
    if session.strategy == "static":
        if design.policies.options != K:
            raise SessionError(
                f"Expected {design.policies.options} options for the static strategy, which was designed "
                f"for them, found {K}. Use --options {K}, or another strategy."
            )
        return static_question(design.policies, mdp, generator, metric=design.metric, words=settings.words)
    estimate = taste()
    pool = question_pool(design.policies, mdp, settings.pool, generator, words=settings.words)
    rows = choose_question(
        mdp.path_features(pool),
        options=K,
        covariance=estimate.covariance,
        theta=estimate.theta if estimate.answers else None,
        generator=generator,
        pleasant=settings.pleasant,
        restrict=estimate.answers >= settings.warm_up,
    )
    return pool[rows]
