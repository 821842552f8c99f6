"""Computes a prior for new people from the tastes in earlier sessions of this deployment.

`Settings.population` is off by default. Only the taste of a session is used: its estimate and its covariance.
The prior pools all sessions with the prior of the features, so it reveals no single session (see
`personalize.preference.population`). After the next start it no longer contains a deleted session.
"""

import logging
from dataclasses import replace

from personalize.errors import PersonalizeError
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preference.population import population_covariance
from personalize.preparation.prepare import Preparation
from personalize.rendering.pictures import Pictures
from personalize.rendering.protocols import Embedder, Renderer
from personalize.session.feedback import comparisons_of
from personalize.session.store import Store

FEWEST_ANSWERS = 6
"""Fewest answers of a session that counts. Shorter sessions contain little information."""

MOST_SESSIONS = 1000
"""Most sessions in the prior; the newest ones count."""

log = logging.getLogger(__name__)


def earlier_tastes(
    preparation: Preparation, store: Store, renderer: Renderer, embedder: Embedder, lapse: float
) -> list[TasteEstimate]:
    """The tastes of the newest sessions with at least FEWEST_ANSWERS answers and readable pictures."""
    pictures = Pictures(store, renderer, embedder, preparation.space)
    tastes = []
    for session in store.latest(preparation.vocabulary.fingerprint, embedder.name, MOST_SESSIONS):
        if len(session.counted) < FEWEST_ANSWERS:
            continue
        try:
            comparisons = comparisons_of(session, lambda round_: pictures.features(round_.pictures))
            tastes.append(estimate_taste(comparisons, preparation.prior, lapse=lapse))
        except PersonalizeError:
            log.warning("An earlier session could not be read and is not part of the prior.")
    return tastes


def with_population(
    preparation: Preparation,
    store: Store,
    renderer: Renderer,
    embedder: Embedder,
    *,
    fewest: int,
    lapse: float,
) -> Preparation:
    """The preparation with a prior from earlier sessions, or unchanged if there are too few sessions.

    Args:
        preparation: the preparation, with the prior of the features. The result averages over that prior too.
        store: the store of earlier sessions.
        renderer: renders pictures that are missing on disk.
        embedder: embeds pictures without a stored embedding.
        fewest: smallest number of earlier sessions; 0 for no such prior.
        lapse: share of picks that are slips, 0..1.
    """
    if not fewest:
        return preparation
    tastes = earlier_tastes(preparation, store, renderer, embedder, lapse)
    if len(tastes) < fewest:
        return preparation
    prior = replace(preparation.prior, population=population_covariance(tastes, preparation.prior))
    return replace(preparation, prior=prior)
