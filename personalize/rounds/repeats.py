r"""Repeats questions, and measures the steadiness of a person: the share of repeats with the same answer.

An answer to a repeated question counts in the estimate like any other answer. It is as informative as the
first one. Two different answers to one question weigh against each other.

Steadiness also bounds the accuracy of every predictor of this person. Let p be the probabilities of the
picks in one question. Two answers agree with probability :math:`a = \sum_k p_k^2`. A predictor that knows p
is right with probability :math:`\max_k p_k`, and :math:`a \le \max_k p_k \le \sqrt{a}`. The same bounds hold
for averages over questions (Jensen). A person may remember the first answer. That increases a, so both
bounds are rather too large.
"""

import math
from dataclasses import dataclass

from personalize.preference.intervals import wilson
from personalize.session.record import Round, Session
from personalize.settings import SHORTEST_REPEAT_GAP


@dataclass(frozen=True)
class Steadiness:
    """The agreement between the two answers to repeated questions.

    Attributes:
        repeated: number of questions that were answered twice.
        agreed: number of repeated questions with the same answer twice; "none of these" is an answer.
        low, high: Wilson's 95 % interval of the share that agrees; 0 and 1 without repeated questions.
    """

    repeated: int
    agreed: int
    low: float
    high: float

    @property
    def foreseen_low(self) -> float:
        """Lower bound of the share of picks that the best predictor gets right, 0..1."""
        return self.low

    @property
    def foreseen_high(self) -> float:
        """Upper bound of the share of picks that the best predictor gets right, 0..1."""
        return math.sqrt(self.high)


def steadiness_of(session: Session) -> Steadiness:
    """The agreement in the repeated questions of a session, computed from its live rounds."""
    pairs = [
        (first, second)
        for nth, second in enumerate(session.counted)
        if (first := _first_of(second, session.counted[:nth])) is not None
    ]
    n, agreed = len(pairs), sum(_chosen(first) == _chosen(second) for first, second in pairs)
    return Steadiness(n, agreed, *wilson(agreed, n))


def question_to_repeat(session: Session, every: int) -> Round | None:
    """The earlier round that the next round repeats, or None if the next round asks a new question.

    One round in `every` is a repeat. It repeats the oldest round that has no repeat yet and is at least
    SHORTEST_REPEAT_GAP rounds back.

    Args:
        session: the session with its earlier rounds, answered or not.
        every: 0 for no repeats.
    """
    number = len(session.rounds) + 1
    if not every or number % every:
        return None
    new = [
        round_ for nth, round_ in enumerate(session.rounds) if _first_of(round_, session.rounds[:nth]) is None
    ]
    repeated = {_question(round_) for round_ in session.rounds if round_ not in new}
    asked_once = [round_ for round_ in new if _question(round_) not in repeated]
    return next((round_ for round_ in asked_once if number - round_.number >= SHORTEST_REPEAT_GAP), None)


def _question(round_: Round) -> tuple[frozenset[tuple[int, ...]], frozenset[int]]:
    """The paths and seeds of a round without their order, which identify its question."""
    return frozenset(round_.paths), frozenset(round_.seeds)


def _first_of(round_: Round, before: tuple[Round, ...]) -> Round | None:
    """The first of the rounds `before` with the same question, or None."""
    return next((other for other in before if _question(other) == _question(round_)), None)


def _chosen(round_: Round) -> tuple[int, ...] | None:
    """The path of the picked option, or None for "none of these"."""
    best = None if round_.answer is None else round_.answer.best
    return None if best is None else round_.paths[best]
