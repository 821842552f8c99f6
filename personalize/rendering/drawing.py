"""Draws batches: the threads of the render queue, and what becomes of the pictures of a batch.

Pictures that nobody waits for (ahead, bank) give way at the next denoising step when somebody comes and no
machine is free. A picture that several jobs want is drawn once. When a batch of several jobs fails, each is
tried by itself.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from personalize.errors import PersonalizeError, RenderError
from personalize.progress import OnStep
from personalize.rendering.board import JobBoard
from personalize.rendering.elsewhere import DrawnElsewhere
from personalize.rendering.jobs import ABANDONED_S, Batch, RenderJob, wanting
from personalize.rendering.order import gives_way
from personalize.rendering.pace import Pace
from personalize.rendering.watchdog import Watchdog
from personalize.session.record import PictureRecord
from personalize.session.store import unknown_session

log = logging.getLogger(__name__)

Draw = Callable[[Sequence[PictureRecord], OnStep], list[bytes]]
"""PNG bytes of every record, in order; the `OnStep` may raise to stop the batch."""

Keep = Callable[[Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]], Sequence[str | None]]
"""Hashes of pictures, each given with the sessions that want it; None for one that no session kept."""


class _Stopped(Exception):
    """The batch gives way or is wanted by nobody any more."""


class BatchDrawing:
    """Draws one batch after the other, in threads of its own or in the caller's.

    Attributes:
        made: pictures drawn.
        wasted: pictures drawn for nobody in the end.
        shared: pictures that several jobs wanted at once.
    """

    def __init__(
        self,
        board: JobBoard,
        watchdog: Watchdog,
        pace: Pace,
        choose: Callable[[], Batch | None],
        draw: Draw,
        keep: Keep,
        clock: Callable[[], float],
        capacity: Callable[[], int],
        elsewhere: DrawnElsewhere | None = None,
    ) -> None:
        """Nothing is drawn yet.

        Args:
            board: of the queue.
            watchdog: is told of every step.
            pace: is told of every batch.
            choose: the next batch; called with the lock of the board.
            draw: renders a batch.
            keep: keeps its pictures.
            clock: seconds, never set back.
            capacity: batches that may be drawn at once now.
            elsewhere: what other processes draw; None where there are none.
        """
        self._board, self._watchdog, self._pace, self._choose = board, watchdog, pace, choose
        self._draw, self._keep, self._clock, self._capacity = draw, keep, clock, capacity
        self._elsewhere = elsewhere
        self._threads: list[threading.Thread] = []
        self.made = self.wasted = self.shared = 0

    def start(self, threads: int) -> None:
        """Have so many threads draw until the board is closed."""
        while len(self._threads) < threads:
            name = f"render-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self, wait_s: float) -> None:
        """Wait until the threads of a closed board have ended, at most so many seconds in all."""
        end = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def draw_next(self) -> bool:
        """Draw the next batch in the calling thread; whether there was one."""
        with self._board.changed:
            batch = self._choose()
            if batch is None:
                return False
            self._board.running.append(batch)
        self._draw_batch(batch)
        return True

    def _work(self) -> None:
        board = self._board
        while True:
            with board.changed:
                while (batch := None if board.closed else self._choose()) is None:
                    if board.closed:
                        return
                    board.changed.wait(ABANDONED_S)
                board.running.append(batch)
            self._draw_batch(batch)

    def _draw_batch(self, batch: Batch) -> None:
        """Draw a batch, except for what other processes draw."""
        if self._elsewhere is None:
            self._draw_here(batch)
            return
        try:
            left = self._elsewhere.claim(batch)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail(batch, error)
            return
        if left:
            self._draw_here(batch)
        else:
            self._board.end(batch)
        self._release(batch)

    def _release(self, batch: Batch) -> None:
        """Let other processes draw the pictures; before they are chosen here once more."""
        if self._elsewhere is not None:
            self._elsewhere.release(batch)

    def _draw_here(self, batch: Batch) -> None:
        def on_step(done: int, total: int) -> None:
            with self._board.changed:
                self._watchdog.step(batch, done / max(1, total))
                if self._must_stop(batch):
                    batch.leaving = True  # so that no second batch stops for the same reason
                    raise _Stopped

        try:
            contents = self._draw(batch.records, on_step)
        except _Stopped:
            self._release(batch)
            self._board.end(batch)
            return
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail(batch, error)
            return
        wanted = self._measure(batch)
        try:
            found = dict(zip(batch.records, contents, strict=True))
            kept = self._kept(found, wanted)
            taken = {
                (job, record): job.take(found[record])
                for record, jobs in wanted.items()
                for job in jobs
                if job.take is not None
            }
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail(batch, error)
            return
        self._release(batch)  # first, so that nothing is written for a job that is over
        for record, jobs in wanted.items():
            for job in jobs:
                if job.take is None and kept.get(record) is None:
                    self._board.settle(job, error=unknown_session())  # it was deleted meanwhile
        self._hand_out(batch, kept, taken)

    def _must_stop(self, batch: Batch) -> bool:
        """Whether nobody wants the batch, or it is drawn ahead and its machine is needed for somebody."""
        jobs = wanting(self._board.jobs, batch)
        if self._board.closed or not jobs:
            return True
        if any(job.purpose.waited_for for job in jobs):
            return False
        return gives_way(
            batch,
            self._board.jobs,
            self._board.running,
            self._capacity(),
            self._clock(),
            self._board.elsewhere,
        )

    def _measure(self, batch: Batch) -> dict[PictureRecord, list[RenderJob]]:
        """Note that a batch is drawn; who wants each of its pictures."""
        with self._board.changed:
            self._watchdog.step(batch, 1.0)
            self._pace.note(len(batch.records), self._clock() - batch.began_s)
            self.made += len(batch.records)
            return {
                record: [job for job in self._board.jobs if job.wants(record)] for record in batch.records
            }

    def _kept(
        self, found: dict[PictureRecord, bytes], wanted: dict[PictureRecord, list[RenderJob]]
    ) -> dict[PictureRecord, str | None]:
        """The hashes of the pictures that sessions want, kept."""
        pictures = [
            (record, content, [job.session for job in wanted[record] if job.take is None])
            for record, content in found.items()
        ]
        pictures = [one for one in pictures if one[2]]
        kept = self._keep(pictures) if pictures else []
        return {record: name for (record, _, _), name in zip(pictures, kept, strict=True)}

    def _hand_out(
        self,
        batch: Batch,
        kept: dict[PictureRecord, str | None],
        taken: dict[tuple[RenderJob, PictureRecord], str],
    ) -> None:
        """Give every job its pictures, and those that have all their result."""
        with self._board.changed:
            for record in batch.records:
                jobs = [job for job in self._board.jobs if job.wants(record)]
                self.wasted += not jobs
                self.shared += len(jobs) > 1
                for job in jobs:
                    picture = taken.get((job, record)) or kept.get(record)
                    if picture is not None:
                        job.drawn[record] = picture
            complete = [job for job in self._board.jobs if not job.undrawn]
        self._board.end(batch)
        for job in complete:
            self._board.complete(job)

    def _fail(self, batch: Batch, error: Exception) -> None:
        """Fail the jobs of a batch; several jobs that shared it are first tried each by itself."""
        with self._board.changed:
            jobs = wanting(self._board.jobs, batch)
            retried = len(jobs) > 1 and not any(job.alone for job in jobs)
            if retried:
                for job in jobs:
                    job.alone = True
        self._release(batch)
        self._board.end(batch)
        if retried:
            return
        told = error
        if not isinstance(error, PersonalizeError):
            template, values = getattr(error, "template", ""), getattr(error, "values", {})
            if template:
                told = RenderError(template, **values)
            elif str(error):
                told = RenderError(str(error))
            else:
                told = RenderError("The renderer failed ({kind}).", kind=type(error).__name__)
            told.__cause__ = error
        for job in jobs:
            if not job.followers and not job.purpose.waited_for:
                log.warning("drawing ahead failed", exc_info=error)
            self._board.settle(job, error=told)
