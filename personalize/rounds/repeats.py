r"""How steady a person's picks are: some questions come again later, and the same picture is chosen or not.

An answer to a repeated question counts in the estimate like any other: it is as true about the taste as the
first one was, and a change of mind makes the two weigh against each other.

It also bounds how well anybody could foresee this person. With p the probabilities of a question's picks,
two answers agree with probability :math:`a = \sum_k p_k^2`, and whoever knows p foresees :math:`\max_k p_k`,
for which :math:`a \le \max_k p_k \le \sqrt{a}`. Averaged over questions the same holds (Jensen). That the
first answer may be remembered makes a, and so both bounds, rather too large.
"""

import math
from dataclasses import dataclass

from personalize.preference.intervals import wilson
from personalize.session.record import Round, Session

APART = 4
"""A question comes again after at least so many rounds, the repeated one included."""


@dataclass(frozen=True)
class Steadiness:
    """What repeated questions tell.

    Attributes:
        repeated: questions that were answered twice.
        agreed: of them, those with the same answer ("none of these" is one).
        low, high: Wilson's 95 % interval of the share that agrees; 0 and 1 without any.
    """

    repeated: int
    agreed: int
    low: float
    high: float

    @property
    def foreseen_low(self) -> float:
        """The share of picks that can be foreseen is hardly below this."""
        return self.low

    @property
    def foreseen_high(self) -> float:
        """Nor above this, however well the taste is known."""
        return math.sqrt(self.high)


def steadiness_of(session: Session) -> Steadiness:
    """What the session's repeated questions tell; read off the log, so an undo is seen."""
    pairs = [
        (first, second)
        for nth, second in enumerate(session.answered)
        if (first := _first_of(second, session.answered[:nth])) is not None
    ]
    n, agreed = len(pairs), sum(_chosen(first) == _chosen(second) for first, second in pairs)
    return Steadiness(n, agreed, *wilson(agreed, n))


def question_to_repeat(session: Session, every: int) -> Round | None:
    """The earlier round that the next one asks again; None when it asks something new.

    Every `every`th round repeats the oldest round that was not asked again yet, if that is APART rounds ago.

    Args:
        session: with the rounds before the next one, answered or not.
        every: 0 for never.
    """
    number = len(session.rounds) + 1
    if not every or number % every:
        return None
    fresh = [
        round_ for nth, round_ in enumerate(session.rounds) if _first_of(round_, session.rounds[:nth]) is None
    ]
    asked_again = {_question(round_) for round_ in session.rounds if round_ not in fresh}
    once = [round_ for round_ in fresh if _question(round_) not in asked_again]
    return next((round_ for round_ in once if number - round_.number >= APART), None)


def _question(round_: Round) -> tuple[frozenset[tuple[int, ...]], frozenset[int]]:
    """What is the same when a question comes again, in whatever order."""
    return frozenset(round_.paths), frozenset(round_.seeds)


def _first_of(round_: Round, before: tuple[Round, ...]) -> Round | None:
    return next((other for other in before if _question(other) == _question(round_)), None)


def _chosen(round_: Round) -> tuple[int, ...] | None:
    """The path that was chosen; None for none of them."""
    best = None if round_.answer is None else round_.answer.best
    return None if best is None else round_.paths[best]
