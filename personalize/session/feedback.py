"""From the log of a session to comparisons: the only place that interprets answers."""

from collections.abc import Callable

from torch import Tensor

from personalize.preference.comparison import Comparisons
from personalize.session.record import Round, Session


def comparisons_of(session: Session, features_of: Callable[[Round], Tensor]) -> Comparisons:
    """The comparisons of a session's answered rounds.

    A pick means that the best option is preferred to the K - 1 others. A worst option means that it is liked
    less than the others. "None of these" is an answer of its own, never a pick.

    Args:
        session: the session; its answered live rounds are used in order.
        features_of: from a round to Float[K, d], the features of its K options in screen order.

    Returns:
        One row for each answered round. Without answers there are no rows, and d is 0, because it is unknown.
    """
    answered = session.answered
    if not answered:
        return Comparisons.empty(session.options, 0)
    options = [features_of(round_) for round_ in answered]
    comparisons = Comparisons.empty(session.options, options[0].shape[-1])
    for round_, features in zip(answered, options, strict=True):
        answer = round_.answer
        assert answer is not None
        none = answer.best is None
        comparisons = comparisons.append(
            features,
            best=-1 if answer.best is None else answer.best,
            worst=-1 if answer.worst is None else answer.worst,
            none=none,
        )
    return comparisons
