"""Progress of slow work: the callbacks that report it, and a console that shows it with the time left."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

OnProgress = Callable[[str, int, int], None]
"""Called with the name of the work, the amount done, and the amount in all."""

OnStep = Callable[[int, int], None]
"""Called with the steps done and the steps in all; may raise to stop the work."""

QUIET_S = 2.0
"""Work that is over sooner is not worth a line."""

EVERY_S = 0.5


def no_progress(what: str, done: int, of: int) -> None:
    """An `OnProgress` that reports nothing."""


class ConsoleProgress:
    """Callable with (what, done, of): one line, rewritten on a terminal; now and then a line elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, standard error unless given: results belong to standard output."""
        self._stream = stream or sys.stderr
        self._what, self._begun, self._told = "", 0.0, 0.0
        self._live = self._stream.isatty()
        self._open = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """So much of `what` is done."""
        now = time.monotonic()
        if what != self._what:
            self.close()
            self._what, self._begun, self._told = what, now, now
            return
        spent = now - self._begun
        pause = EVERY_S if self._live else 10 * EVERY_S
        if spent < QUIET_S or (now - self._told < pause and done < of):
            return
        self._told = now
        left = spent * (of - done) / done if done else float("nan")
        text = f"{what}: {done} of {of}" + (f", about {duration(left)} left" if 0 < done < of else "")
        self._stream.write(f"\r\x1b[2K{text}" if self._live else f"{text}\n")
        self._stream.flush()
        self._open = self._live
        if done >= of:
            self.close()

    def close(self) -> None:
        """End the line."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
        self._open = False
        self._what = ""


def duration(seconds: float) -> str:
    """Such as "40 s", "3 min" or "2.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class ProgressSlice:
    """An `on_step` that reports a part of a longer work as that part of the whole, in thousandths."""

    WHOLE = 1000

    def __init__(self, on_step: OnStep | None, start: float, stop: float) -> None:
        """Report from `start` to `stop` of the whole, 0..1."""
        self._on_step, self._start, self._stop = on_step, start, stop

    def __call__(self, done: int, steps: int) -> None:
        """So many of this part's steps are done."""
        if self._on_step is not None:
            share = self._start + (self._stop - self._start) * done / max(1, steps)
            self._on_step(round(self.WHOLE * share), self.WHOLE)

    def still(self) -> None:
        """Nothing more is done; for `on_step` to raise if it wants to stop."""
        self(0, 1)
