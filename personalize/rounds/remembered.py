"""Results that are functions of a session's log, kept in memory for the newest logs."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from personalize.session.record import Round, Session

REMEMBERED = 512
"""Results that are kept; the one that was used longest ago is dropped first."""

Result = TypeVar("Result")


class Remembered(Generic[Result]):
    """The newest results by their keys. Calls may come from any thread."""

    def __init__(self) -> None:
        """Begin with no results."""
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Result] = OrderedDict()

    def find(self, key: Hashable) -> Result | None:
        """The result of a key; None if there is none, or no longer."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def keep(self, key: Hashable, result: Result) -> None:
        """Keep a result."""
        with self._lock:
            self._results[key] = result
            self._results.move_to_end(key)
            while len(self._results) > REMEMBERED:
                self._results.popitem(last=False)

    def get(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result of a key. It is computed if there is none; two threads may then both compute it."""
        found = self.find(key)
        if found is None:
            found = compute()
            self.keep(key, found)
        return found


def told(round_: Round) -> Hashable:
    """What the answer of a round says, without its time."""
    answer = round_.answer
    if answer is None or answer.kind == "damaged":
        return answer and answer.kind
    return answer.best, answer.liked, answer.disliked


def log_of(session: Session) -> Hashable:
    """What a choice depends on: the session's parameters, its rounds and their answers."""
    rounds = tuple((round_.paths, round_.pictures, told(round_)) for round_ in session.rounds)
    return session.seed, session.subject, session.strategy, session.options, rounds
