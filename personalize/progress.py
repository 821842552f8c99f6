"""Progress of slow work: the callbacks that report it, and a console that shows it with the time left."""

import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

OnProgress = Callable[[str, int, int], None]
"""Called with the name of the work, the amount done, and the amount in all."""

OnStep = Callable[[int, int], None]
"""Called with the steps done and the steps in all; it may raise an exception to stop the work."""

QUIET_S = 2.0
"""Duration in seconds below which work gets no line."""

EVERY_S = 0.5
"""Seconds between two updates of a line on a terminal; elsewhere ten times as long."""


def no_progress(what: str, done: int, of: int) -> None:
    """An `OnProgress` that reports nothing."""


class ConsoleProgress:
    """An `OnProgress` that writes to a console.

    On a terminal it rewrites one line. Elsewhere it writes a new line every few seconds.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`; by default to standard error, because results go to standard output."""
        self._stream = stream or sys.stderr
        self._what, self._started, self._written = "", 0.0, 0.0
        self._live = self._stream.isatty()
        self._open = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show that `done` of `of` parts of the work `what` are done."""
        now = time.monotonic()
        if what != self._what:
            self.close()
            self._what, self._started, self._written = what, now, now
            return
        spent = now - self._started
        pause = EVERY_S if self._live else 10 * EVERY_S
        if spent < QUIET_S or (now - self._written < pause and done < of):
            return
        self._written = now
        remaining = spent * (of - done) / done if done else float("nan")
        text = f"{what}: {done} of {of}" + (f", about {duration(remaining)} left" if 0 < done < of else "")
        self._write(f"\r\x1b[2K{text}" if self._live else f"{text}\n")
        self._open = self._live
        if done >= of:
            self.close()

    def close(self) -> None:
        """End the line of the present work."""
        if self._open:
            self._write("\n")
        self._open = False
        self._what = ""

    def _write(self, text: str) -> None:
        with suppress(OSError):  # the work goes on when nobody reads about it
            self._stream.write(text)
            self._stream.flush()


def duration(seconds: float) -> str:
    """A duration as text, such as "40 s", "3 min" or "2.5 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


SOLVING = "solving the design (percent)"
"""The name of the work that `GapProgress` measures."""


class GapProgress:
    """Progress of a solver that stops at a gap: the share of the way from its first gap, on a log scale."""

    WHOLE = 100

    def __init__(self, relative_gap: float, iterations: int) -> None:
        """The solver stops at this share of |value|, or after so many iterations."""
        self._goal, self._iterations = relative_gap, iterations
        self._first, self._share = 0.0, 0.0

    def done(self, iteration: int, value: float, gap: float) -> int:
        """Percent of the way, 0..100; it never decreases.

        Args:
            iteration: number of steps so far.
            value: value of the criterion.
            gap: certified gap to the optimum.
        """
        goal = self._goal * abs(value)
        self._first = self._first or (gap if math.isfinite(gap) else 0.0)
        if gap <= goal:
            self._share = 1.0
        elif 0.0 < goal < gap < self._first:
            way = math.log(self._first / gap) / math.log(self._first / goal)
            self._share = max(self._share, way)
        self._share = max(self._share, min(1.0, iteration / self._iterations))
        return int(self.WHOLE * self._share)


class ProgressSlice:
    """An `OnStep` for one part of a longer work; it reports the progress of the whole in thousandths."""

    WHOLE = 1000

    def __init__(self, on_step: OnStep | None, start: float, stop: float) -> None:
        """Report to `on_step` from the share `start` to the share `stop` of the whole, both 0..1."""
        self._on_step, self._start, self._stop = on_step, start, stop

    def __call__(self, done: int, steps: int) -> None:
        """Report that `done` of `steps` steps of this part are done."""
        if self._on_step is not None:
            share = self._start + (self._stop - self._start) * done / max(1, steps)
            self._on_step(round(self.WHOLE * share), self.WHOLE)

    def still(self) -> None:
        """Report the start of this part again, so that `on_step` can raise an exception to stop the work."""
        self(0, 1)
