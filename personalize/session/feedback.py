"""From the log of a session to comparisons: the one place that says what an answer means."""

from collections.abc import Callable

from torch import Tensor

from personalize.preference.comparison import Comparisons
from personalize.session.record import Round, Session


def comparisons_of(session: Session, features_of: Callable[[Round], Tensor]) -> Comparisons:
    """The comparisons that the answered rounds of a session make.

    A pick says that the best option was preferred to the K - 1 others; a worst option, that it was liked
    less than the rest. "None of these" is kept as its own answer, never as a pick.

    Args:
        session: its live, answered rounds are used in order.
        features_of: Float[K, d], the features of a round's K options in screen order.

    Returns:
        One row for each answered round; none at all when nothing was answered (then d is unknown and 0).
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
