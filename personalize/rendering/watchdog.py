"""Notices a renderer that stands still, fails the jobs that wait for it, and says so."""

import logging
from collections.abc import Callable

from personalize.errors import StalledError
from personalize.rendering.board import JobBoard
from personalize.rendering.jobs import Batch

log = logging.getLogger(__name__)

STALL_FACTOR = 20.0
"""A batch has stalled when it makes no step for this many times the longest step measured so far."""

STALL_LEAST_S = 60.0
"""Shortest wait for a step in seconds, unless the setting `stall_s` gives another."""

STALL_FIRST_S = 600.0
"""Wait for a step in seconds before any step was measured: the network may still load or compile."""


class Watchdog:
    """Knows how long a step may take. Its callers hold the lock of the board."""

    def __init__(
        self, board: JobBoard, capacity: Callable[[], int], stall_s: float, clock: Callable[[], float]
    ) -> None:
        """Nothing is measured yet.

        Args:
            board: of the queue.
            capacity: batches that the renderer draws at once.
            stall_s: seconds without a step after which a batch has stalled; 0: from the measured steps.
            clock: seconds, never set back.
        """
        self._board, self._capacity, self._stall_s, self._clock = board, capacity, stall_s, clock
        self._longest_step_s = 0.0

    def step(self, batch: Batch, share: float) -> None:
        """Note that a batch made a step. A wait that counted as a stall does not raise the bound."""
        now = self._clock()
        spent_s = now - batch.stepped_s
        if batch.share > 0.0 and spent_s <= self.bound_s:
            self._longest_step_s = max(self._longest_step_s, spent_s)
        batch.stepped_s, batch.share, batch.stalled = now, share, False

    @property
    def bound_s(self) -> float:
        """Seconds that a step may take."""
        if self._stall_s:
            return self._stall_s
        if not self._longest_step_s:
            return STALL_FIRST_S
        return max(STALL_LEAST_S, STALL_FACTOR * self._longest_step_s)

    def check(self) -> str | None:
        """What is wrong with the renderer; None when nothing is.

        Jobs fail when all batches at once stand still: then nothing else can draw their pictures.
        """
        now, bound_s = self._clock(), self.bound_s
        for batch in self._board.running:
            stood_s = now - batch.stepped_s
            if stood_s > bound_s and not batch.stalled:
                batch.stalled = True
                log.error("The renderer has made no step for %.0f s. Jobs fail until it goes on.", stood_s)
                self._board.changed.notify_all()
        stalled = [batch for batch in self._board.running if batch.stalled]
        if not stalled or len(stalled) < self._capacity():
            return None
        for job in [job for job in self._board.jobs if job.purpose.waited_for or job.followers]:
            self._board.settle(
                job,
                error=StalledError(
                    "Expected the picture model to make progress, found that it stands still. "
                    "Try again in a moment."
                ),
            )
        return f"the renderer has made no step for {now - max(batch.stepped_s for batch in stalled):.0f} s"
