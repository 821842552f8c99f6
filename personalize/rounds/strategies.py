"""The next question of a session, by its strategy.

`adaptive` is what the app uses. `static-rounded` and `static-iid` ask what the design planned before any
answer, rounded to sets that differ or drawn independently as in the paper; `random` is uniform over prompts.
`bald`, `thompson` and `eubo` are there to compare with (see `personalize.design.acquisition`).
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.design.acquisition import ACQUISITIONS
from personalize.design.adaptive import choose_question, expected_covariance, open_metric
from personalize.design.sampling import independent_question, question_pool, random_question, static_question
from personalize.errors import SessionError
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.session.record import Session
from personalize.settings import Settings

UNADAPTED = ("random", "static-rounded", "static-iid")
"""Strategies that do not look at the answers."""


def next_question(
    session: Session,
    preparation: Preparation,
    settings: Settings,
    taste: Callable[[Session], TasteEstimate],
    generator: torch.Generator,
) -> Tensor:
    """Long[K, H]: the prompts to show after the session's rounds.

    The strategies that adapt look at the answers up to `ahead` rounds before, so that the question is known,
    and its pictures can be drawn, while those rounds are still looked at. The adaptive one takes these rounds
    for asked: the covariance is what their answers are expected to leave.

    Args:
        session: with the rounds before the question.
        preparation: design and MDP.
        settings: `pool`, `words`, `pleasant`, `warm_up`, `ahead`.
        taste: what the answers of a session tell; asked for only by the strategies that adapt.
        generator: of all draws.

    Raises:
        SessionError: the static design was made for another number of options.
    """
    design, mdp, K = preparation.design, preparation.mdp, session.options
    words = settings.words
    if session.strategy == "random":
        return random_question(mdp, K, generator, words=words)
    if session.strategy in ("static-rounded", "static-iid"):
        if design.policies.options != K:
            raise SessionError(
                f"Expected {design.policies.options} options for the static strategies, which were designed "
                f"for them, found {K}. Use --options {K}, or another strategy."
            )
        if session.strategy == "static-iid":
            return independent_question(design.policies, mdp, generator, words=words)
        before = [mdp.path_features(torch.tensor(round_.paths)) for round_ in session.rounds]
        prior = preparation.prior
        value = None if design.criterion == "D" else 2.0 * prior.covariance
        spread = prior.matrix(prior.gammas[0], settings.prior_spread)
        metric = open_metric(before, spread, value)
        return static_question(design.policies, mdp, generator, metric=metric, words=words)
    known = max(0, len(session.rounds) - settings.ahead)
    estimate = taste(replace(session, rounds=session.rounds[:known]))
    pool = question_pool(design.policies, mdp, settings.pool, generator, words=words)
    features = mdp.path_features(pool)
    if session.strategy in ACQUISITIONS:
        rows = ACQUISITIONS[session.strategy](
            features,
            options=K,
            theta=estimate.theta,
            covariance=estimate.covariance,
            generator=generator,
        )
        return pool[rows]
    theta = estimate.theta if estimate.answers else None
    covariance = estimate.covariance
    for round_ in session.rounds[known:]:
        asked = mdp.path_features(torch.tensor(round_.paths, device=pool.device))
        covariance = expected_covariance(asked, covariance, theta)
    rows = choose_question(
        features,
        options=K,
        covariance=covariance,
        theta=theta,
        generator=generator,
        pleasant=settings.pleasant,
        restrict=estimate.answers >= settings.warm_up,
    )
    return pool[rows]
