"""What earlier people of this deployment picked, as one more prior for the next person; only when asked for.

`Settings.population` is off unless the operator turns it on. What is used of a session is its taste, a
point and its uncertainty; nothing of any one session can be read off the prior, which pools all of them and
the features' own (see `personalize.preference.population`). A deleted session is no longer counted at the
next start.
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
"""Of a session that is counted: those that were left earlier say little."""

MOST_SESSIONS = 1000

log = logging.getLogger(__name__)


def earlier_tastes(
    preparation: Preparation, store: Store, renderer: Renderer, embedder: Embedder, lapse: float
) -> list[TasteEstimate]:
    """The tastes of the newest sessions with enough answers, less those whose pictures are lost."""
    pictures = Pictures(store, renderer, embedder, preparation.space)
    tastes = []
    for session in store.latest(preparation.vocabulary.fingerprint, embedder.name, MOST_SESSIONS):
        if len(session.answered) < FEWEST_ANSWERS:
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
    """The preparation, with a prior learned from earlier people where there are enough of them.

    Args:
        preparation: whose prior, of the features alone, is one of those that are averaged over either way.
        store: of earlier sessions.
        renderer: of pictures that a disk lost.
        embedder: of what is not remembered.
        fewest: sessions to learn from, at least; 0 for never.
        lapse: share of picks that are slips.
    """
    if not fewest:
        return preparation
    tastes = earlier_tastes(preparation, store, renderer, embedder, lapse)
    if len(tastes) < fewest:
        return preparation
    prior = replace(preparation.prior, population=population_covariance(tastes, preparation.prior))
    return replace(preparation, prior=prior)
