"""The render queue: owns the renderer's threads and alone decides which pictures are drawn next.

A job asks for the pictures of one session for one purpose and gives a future. `order` says who is next,
`drawing` draws batches, `pace` knows how many pictures together pay, `watchdog` notices a renderer that
stands still, `elsewhere` knows what other processes draw, and `board` holds the jobs.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from personalize.errors import CancelledError
from personalize.rendering.board import JobBoard, Watched
from personalize.rendering.drawing import BatchDrawing, Draw, Keep
from personalize.rendering.elsewhere import DrawnElsewhere, Own
from personalize.rendering.jobs import DRAWN_AHEAD, Batch, Purpose, RenderJob, RenderProgress
from personalize.rendering.order import Order
from personalize.rendering.pace import Pace
from personalize.rendering.watchdog import Watchdog
from personalize.session.leases import Leases
from personalize.session.record import PictureRecord


class RenderQueue:
    """Jobs for one renderer, drawn by threads that the queue owns."""

    def __init__(
        self,
        draw: Draw,
        keep: Keep,
        *,
        batch: int = 4,
        most: Callable[[], int] | None = None,
        capacity: int | Callable[[], int] = 1,
        stall_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        leases: Leases | None = None,
        own: Own = lambda session, pictures: None,
    ) -> None:
        """Nothing waits; threads start with the first job.

        Args:
            draw: renders a batch.
            keep: keeps its pictures.
            batch: pictures that are drawn together in any case.
            most: pictures that may be drawn together where that pays; None for `batch`.
            capacity: batches that the renderer draws at once, or what says so at each moment, as machines
                come and go; 0: `draw_next` draws them.
            stall_s: see `Watchdog`.
            clock: seconds, never set back.
            leases: who draws which picture, where other processes draw for the same store.
            own: gives a session access to pictures that another process drew.
        """
        self.clock, self.pace = clock, Pace(batch, most)
        self._capacity = capacity if callable(capacity) else lambda: capacity
        self._board, self._order, self._count = JobBoard(), Order(), 0
        self._changed = self._board.changed
        self._watchdog = Watchdog(self._board, self._capacity, stall_s, self._now)
        elsewhere = None
        if leases is not None:
            elsewhere = DrawnElsewhere(self._board, leases, own, self._watchdog, self.pace, self._now)
        self._drawing = BatchDrawing(
            self._board,
            self._watchdog,
            self.pace,
            self._choose,
            draw,
            keep,
            self._now,
            self._capacity,
            elsewhere,
        )

    @property
    def capacity(self) -> int:
        """Batches that the renderer draws at once now."""
        return self._capacity()

    def submit(
        self,
        session: str | None,
        purpose: Purpose,
        records: Sequence[PictureRecord],
        finish: Callable[[list[str]], Any] = lambda pictures: pictures,
        known: dict[PictureRecord, str] | None = None,
        take: Callable[[bytes], str] | None = None,
    ) -> RenderJob:
        """A job for these pictures: the one that is there already, made more urgent if need be, or a new one.

        A new job that is drawn ahead takes the place of what is drawn ahead for the same session.

        Args:
            session: whose pictures; None for the shared bank.
            purpose: how urgent they are.
            records: what to draw.
            finish: called in a thread of the queue with the hashes; makes the future's result.
            known: pictures that are there already.
            take: see `RenderJob`.

        Raises:
            CancelledError: the queue is closed.
        """
        with self._changed:
            if self._board.closed:
                raise CancelledError("Expected an app that runs, found it ending. Open the page again later.")
            for job in self._board.jobs:
                if job.session == session and job.records == tuple(records) and not job.future.done():
                    self._raise(job, purpose, finish)
                    return job
            if purpose in DRAWN_AHEAD:
                self._board.cancel([job for job in self._of(session) if job.purpose is purpose])
            self._count += 1
            wanted = tuple(records)
            job = RenderJob(session, purpose, wanted, self._count, finish, self, take, purpose, self.clock())
            job.future.set_running_or_notify_cancel()
            job.drawn |= known or {}
            self._board.jobs.append(job)
            complete = not job.undrawn
            if not complete:
                self._drawing.start(self.capacity)
                self._changed.notify_all()
        if complete:
            self._board.complete(job)
        return job

    def redraw(self, record: PictureRecord, restore: Callable[[bytes], object]) -> bytes | None:
        """PNG bytes of one picture, drawn again for whoever looks at it.

        They are None if another caller asked for them first. That caller has restored the picture.

        Raises:
            RenderError: the renderer failed or stalled.
            CancelledError: the queue is closed.
        """
        drawn: list[bytes] = []

        def take(content: bytes) -> str:
            drawn.append(content)
            restore(content)
            return record.prompt

        self.submit(f"restored {record.seed} {record.prompt}", Purpose.ROUND, [record], take=take).result()
        return drawn[0] if drawn else None

    def drop_ahead(self, session: str) -> None:
        """Cancel what is drawn ahead for a session: its person wants something else."""
        with self._changed:
            self._board.cancel([job for job in self._of(session) if not job.purpose.waited_for])

    def cancel(self, session: str, purpose: Purpose | None = None) -> int:
        """Cancel the jobs of a session, or those of one purpose; how many there were."""
        with self._changed:
            found = [job for job in self._of(session) if purpose in (None, job.purpose)]
            self._board.cancel(found)
            return len(found)

    def before(self, session: str) -> int:
        """Sessions that are served before this one's first job; 0 while its pictures are drawn."""
        with self._changed:
            jobs = self._board.jobs
            mine = [job for job in self._order.ordered(jobs) if job.session == session]
            board = self._board
            return self._order.before(mine[0], jobs, board.running, board.elsewhere)[1] if mine else 0

    def progress(self, job: RenderJob) -> RenderProgress:
        """How far a job is, when its pictures will be there, and who is served before it."""
        with self._changed:
            self._watchdog.check()
            if job.future.done():
                return RenderProgress(1.0, 0.0, 0)
            undrawn, running = set(job.undrawn), self._board.running
            away = {one: seen for one, seen in self._board.elsewhere.items() if one in undrawn}
            total = max(1, len(job.distinct))
            under_way = sum(
                batch.share
                for batch in running
                for record in batch.records
                if record in undrawn - away.keys()
            )
            done = len(job.drawn) + under_way + sum(seen.share for seen in away.values())
            left_s, sessions = max((self._left_of(seen) for seen in away.values()), default=0.0), 0
            if len(away) < len(undrawn):
                pictures, sessions = self._order.before(job, self._board.jobs, running, self._board.elsewhere)
                here = pictures + len(undrawn) - len(away) - under_way
                left_s = max(left_s, here * self.pace.picture_s / max(1, self.capacity))
            return RenderProgress(min(1.0, done / total), max(left_s, 0.2), sessions)

    def check(self) -> str | None:
        """What is wrong with the renderer, in one sentence; None when nothing is. Stalled jobs fail here."""
        with self._changed:
            return self._watchdog.check()

    def follow(self, job: RenderJob) -> None:
        """Somebody waits for a job from now on: it is as urgent as it was asked for."""
        with self._changed:
            job.followers += 1
            job.abandoned_s = None
            if job.wanted < job.purpose:
                job.purpose = job.wanted
            self._changed.notify_all()

    def unfollow(self, job: RenderJob) -> None:
        """One of those who waited is gone. A job that the last one left is drawn ahead, and soon dropped."""
        with self._changed:
            job.followers -= 1
            if not job.followers and job.purpose.waited_for and not job.future.done():
                job.purpose, job.abandoned_s = Purpose.AHEAD, self.clock()

    def draw_next(self) -> bool:
        """Draw the next batch in the calling thread; whether there was one. For a queue of capacity 0."""
        return self._drawing.draw_next()

    def close(self, wait_s: float = 0.0) -> None:
        """Cancel all jobs. A batch that is drawn stops at its next step.

        Args:
            wait_s: longest wait for that, in seconds; after it the batch may still keep pictures.
        """
        with self._changed:
            self._board.closed = True
            self._board.cancel(list(self._board.jobs))
            self._changed.notify_all()
        self._drawing.join(wait_s)

    @property
    def unfinished(self) -> list[RenderJob]:
        """Jobs that wait or are drawn, oldest first."""
        with self._changed:
            return list(self._board.jobs)

    @property
    def drawn_now(self) -> int:
        """Batches that the renderer draws at this moment."""
        with self._changed:
            return len(self._board.running)

    @property
    def made(self) -> int:
        """Pictures drawn so far."""
        return self._drawing.made

    @property
    def wasted(self) -> int:
        """Pictures drawn for nobody in the end."""
        return self._drawing.wasted

    @property
    def shared(self) -> int:
        """Pictures that several jobs wanted at once."""
        return self._drawing.shared

    def _raise(self, job: RenderJob, purpose: Purpose, finish: Callable[[list[str]], Any]) -> None:
        if purpose < job.purpose or purpose < job.wanted:
            job.purpose = job.wanted = purpose
            job.abandoned_s, job.finish = None, finish
            self._changed.notify_all()

    def _of(self, session: str | None) -> list[RenderJob]:
        return [job for job in self._board.jobs if job.session == session]

    def _choose(self) -> Batch | None:
        """The next batch; jobs that were given up are dropped on the way."""
        now, capacity = self.clock(), self.capacity
        self._board.cancel([job for job in self._board.jobs if job.is_given_up(now)])
        if capacity and len(self._board.running) >= capacity:
            return None  # there were more machines when these threads began
        self._drawing.start(capacity)
        jobs, running, elsewhere = self._board.jobs, self._board.running, self._board.elsewhere
        return self._order.next_batch(jobs, running, self.pace.size, now, elsewhere)

    def _left_of(self, seen: Watched) -> float:
        """Seconds until a picture is there that another process draws."""
        return max(0.0, seen.left_s - (self.clock() - seen.seen_s))

    def _now(self) -> float:
        return self.clock()
