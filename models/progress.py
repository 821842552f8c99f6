"""Progress of slow work: the callback that reports it, and a console that shows it with the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

OnProgress = Callable[[str, int, int], None]
"""Called with the name of the work, the amount done, and the amount in all."""

EVERY_S = 5.0
"""Seconds between two lines."""


def no_progress(what: str, done: int, of: int) -> None:
    """An `OnProgress` that reports nothing."""


class ConsoleProgress:
    """An `OnProgress` that writes a line to standard error every few seconds, and one at the end."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self._what, self._begun, self._last = "", 0.0, 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        """`done` of `of` parts of the work `what` are finished."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._begun, self._last = what, now, now
        elif now - self._last > EVERY_S or done == of:
            self._last = now
            left = (now - self._begun) * (of - done) / max(1, done)
            sys.stderr.write(f"{what}: {done} of {of}" + (f", about {left:.0f} s left\n" if left else "\n"))
