"""From the log of a session to comparisons: the only place that interprets answers."""

from collections.abc import Callable

from torch import Tensor

from personalize.preference.comparison import Comparisons
from personalize.session.record import Round, Session


def comparisons_of(session: Session, features_of: Callable[[Round], Tensor]) -> Comparisons:
    """The comparisons of a session's answered rounds, without those whose answer is damaged.

    Favourites and marks are kept as they are. "None of these" is an answer of its own.
    `personalize.preference.picks` says what they mean.

    Args:
        session: the session; its counted live rounds are used in order.
        features_of: from a round to Float[K, d], the features of its K options in screen order.

    Returns:
        One row for each counted round. Without them there are no rows, and d is 0, because it is unknown.
    """
    counted = session.counted
    if not counted:
        return Comparisons.empty(session.options, 0)
    options = [features_of(round_) for round_ in counted]
    comparisons = Comparisons.empty(session.options, options[0].shape[-1])
    for round_, features in zip(counted, options, strict=True):
        answer = round_.answer
        assert answer is not None
        comparisons = comparisons.append(
            features,
            best=-1 if answer.best is None else answer.best,
            liked=answer.liked,
            disliked=answer.disliked,
        )
    return comparisons
