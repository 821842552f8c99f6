"""The render queue: owns the renderer's threads and alone decides which pictures are drawn next.

A job asks for the pictures of one session for one purpose and gives a future. The order is:

1. by purpose: a round that somebody waits for, then other pictures that somebody waits for, then adopted
   tastes, then rounds drawn ahead, then further pictures for a session's pool, then the shared bank;
2. within a purpose by session: the session that was served longest ago is next;
3. within a session by age.

Once in `PATIENCE` batches, the job that was passed over most is next whatever its purpose, if it was passed
over as many times and somebody waits for it. So nothing that somebody waits for starves, and many such jobs
delay a round by one batch only. Pictures that nobody waits for (ahead, bank) give way at the next denoising
step when somebody comes. A picture that several jobs want is drawn once.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from personalize.errors import CancelledError, PersonalizeError, RenderError, StalledError
from personalize.progress import OnStep
from personalize.session.record import PictureRecord

log = logging.getLogger(__name__)

PATIENCE = 8
"""Batches of better purposes after which one batch goes to the job that was passed over most."""

ABANDONED_S = 30.0
"""Seconds that a job without followers is kept before it is dropped."""

AHEAD_S = 180.0
"""Seconds that a round waits to be drawn ahead. For a visitor who looks longer it is drawn when asked for."""

REMEMBERED = 10_000
"""Sessions whose last batch is remembered."""

LOOK_S = 0.1
"""Seconds between two looks at the renderer by callers that block."""

FIRST_GUESS_S = 0.75
"""Seconds a picture is expected to take before any was measured."""

STALL_FACTOR = 20.0
"""A batch has stalled when it makes no step for this many times the longest step measured so far."""

STALL_LEAST_S = 60.0
"""Shortest wait for a step in seconds, unless the setting `stall_s` gives another."""

STALL_FIRST_S = 600.0
"""Wait for a step in seconds before any step was measured: the network may still load or compile."""


class Purpose(IntEnum):
    """What pictures are drawn for, most urgent first."""

    ROUND = 0
    PICTURES = 1
    ADOPTION = 2
    AHEAD = 3
    POOL = 4
    BANK = 5

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits for such pictures."""
        return self < Purpose.AHEAD


DRAWN_AHEAD = (Purpose.AHEAD, Purpose.POOL)
"""Purposes of which a session has one job at most; a newer job takes the place of the older one."""

Draw = Callable[[Sequence[PictureRecord], OnStep], list[bytes]]
"""PNG bytes of every record, in order; the `OnStep` may raise to stop the batch."""

Keep = Callable[[Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]], Sequence[str | None]]
"""Hashes of pictures, each given with the sessions that want it; None for one that no session kept."""


@dataclass(frozen=True)
class RenderProgress:
    """How far a job is.

    Attributes:
        share: of the job's work that is done, 0..1.
        left_s: seconds until its pictures are there, as it looks now.
        waiting: sessions that are served before this one; 0 while its own pictures are drawn.
    """

    share: float = 0.0
    left_s: float = FIRST_GUESS_S
    waiting: int = 0


@dataclass(eq=False)
class RenderJob:
    """Pictures wanted by a session. `RenderQueue.submit` makes it.

    Attributes:
        session: whose job it is; None for the shared bank.
        purpose: how urgent it is now.
        records: what to draw.
        number: age; older jobs have smaller numbers.
        finish: makes the result of the future from the hashes.
        queue: the queue it stands in.
        take: takes the bytes of each picture and gives its name, in the place of the queue's `keep`.
        future: hashes of the pictures in the order of `records`, or what `finish` made of them.
    """

    session: str | None
    purpose: Purpose
    records: tuple[PictureRecord, ...]
    number: int
    finish: Callable[[list[str]], Any]
    queue: "RenderQueue" = field(repr=False)
    take: Callable[[bytes], str] | None = None
    future: "Future[Any]" = field(default_factory=Future, repr=False)
    drawn: dict[PictureRecord, str] = field(default_factory=dict)
    passed: int = 0
    followers: int = 0
    wanted: Purpose = Purpose.ROUND
    abandoned_s: float | None = None
    began_s: float = 0.0
    alone: bool = False

    @property
    def undrawn(self) -> list[PictureRecord]:
        """Distinct records that have no picture yet, in order."""
        return [record for record in dict.fromkeys(self.records) if record not in self.drawn]

    def is_given_up(self, now_s: float) -> bool:
        """Whether nobody has wanted the job for so long that it is dropped."""
        if self.abandoned_s is not None:
            return now_s - self.abandoned_s > ABANDONED_S
        return self.wanted in DRAWN_AHEAD and now_s - self.began_s > AHEAD_S

    def progress(self) -> RenderProgress:
        """How far the job is now."""
        return self.queue.progress(self)

    @contextmanager
    def followed(self) -> Iterator["RenderJob"]:
        """Somebody waits for the job inside this block. A job that its last follower left is soon dropped."""
        self.queue._follow(self)
        try:
            yield self
        finally:
            self.queue._unfollow(self)

    def result(self, on_step: OnStep | None = None) -> Any:
        """Wait for the pictures.

        Args:
            on_step: called now and then with thousandths done, at the end with all. Its error ends the wait.

        Raises:
            CancelledError: the job was cancelled.
            RenderError: the renderer failed or stalled.
        """
        with self.followed():
            while not self.future.done():
                wait([self.future], timeout=LOOK_S)
                self.queue.check()
                if on_step is not None:
                    on_step(round(1000 * self.progress().share), 1000)
            return self.future.result()


@dataclass(eq=False)
class _Batch:
    records: list[PictureRecord]
    began_s: float
    stepped_s: float
    share: float = 0.0
    stalled: bool = False


def _lateness(job: RenderJob) -> int:
    """Batches that passed over a job that somebody waits for; 0 if nobody does."""
    return job.passed if job.purpose.waited_for else 0


class _Stopped(Exception):
    """The batch gives way or is wanted by nobody any more."""


class RenderQueue:
    """Jobs for one renderer, drawn by threads that the queue owns."""

    def __init__(
        self,
        draw: Draw,
        keep: Keep,
        *,
        batch: int = 4,
        capacity: int = 1,
        stall_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing waits; threads start with the first job.

        Args:
            draw: renders a batch.
            keep: keeps its pictures.
            batch: most pictures in a batch.
            capacity: batches that the renderer draws at once; 0: `draw_next` draws them.
            stall_s: seconds without a step after which a batch has stalled; 0: from the measured steps.
            clock: seconds, never set back.
        """
        self._draw, self._keep, self.clock = draw, keep, clock
        self.batch, self.capacity, self._stall_s = batch, capacity, stall_s
        self._changed = threading.Condition()
        self._jobs: list[RenderJob] = []
        self._running: list[_Batch] = []
        self._served: OrderedDict[str | None, int] = OrderedDict()
        self._threads: list[threading.Thread] = []
        self._count = self._since_late = 0
        self._closed = False
        self._picture_s = FIRST_GUESS_S
        self._measured = False
        self._longest_step_s = 0.0
        self.made = self.wasted = self.shared = 0
        """Pictures drawn, drawn for nobody in the end, and wanted by several jobs at once."""

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
        """
        with self._changed:
            if self._closed:
                raise CancelledError("Expected an app that runs, found it ending. Open the page again later.")
            for job in self._jobs:
                if job.session == session and job.records == tuple(records) and not job.future.done():
                    if purpose < job.purpose or purpose < job.wanted:
                        job.purpose = job.wanted = purpose
                        job.abandoned_s, job.finish = None, finish
                        self._changed.notify_all()
                    return job
            if purpose in DRAWN_AHEAD:
                self._cancel([j for j in self._jobs if j.session == session and j.purpose is purpose])
            self._count += 1
            job = RenderJob(
                session,
                purpose,
                tuple(records),
                self._count,
                finish,
                self,
                take,
                wanted=purpose,
                began_s=self.clock(),
            )
            job.future.set_running_or_notify_cancel()
            job.drawn |= known or {}
            if not job.undrawn:
                self._jobs.append(job)
        if not job.undrawn:
            self._complete(job)
            return job
        with self._changed:
            self._jobs.append(job)
            self._start_threads()
            self._changed.notify_all()
        return job

    def redraw(self, record: PictureRecord, restore: Callable[[bytes], object]) -> bytes:
        """PNG bytes of one picture, drawn again for whoever looks at it.

        Raises:
            RenderError: the renderer failed or stalled.
        """
        drawn: list[bytes] = []

        def take(content: bytes) -> str:
            drawn.append(content)
            restore(content)
            return record.prompt

        self.submit(f"restored {record.seed} {record.prompt}", Purpose.ROUND, [record], take=take).result()
        return drawn[0]

    def drop_ahead(self, session: str) -> None:
        """Cancel what is drawn ahead for a session: its person wants something else."""
        with self._changed:
            self._cancel([j for j in self._jobs if j.session == session and not j.purpose.waited_for])

    def cancel(self, session: str, purpose: Purpose | None = None) -> int:
        """Cancel the jobs of a session, or those of one purpose; how many there were."""
        with self._changed:
            found = [j for j in self._jobs if j.session == session and purpose in (None, j.purpose)]
            self._cancel(found)
            return len(found)

    def before(self, session: str) -> int:
        """Sessions that are served before this one's first job; 0 while its pictures are drawn."""
        with self._changed:
            mine = [job for job in self._ordered() if job.session == session]
            return self._before(mine[0])[1] if mine else 0

    def progress(self, job: RenderJob) -> RenderProgress:
        """How far a job is, when its pictures will be there, and who is served before it."""
        with self._changed:
            self._check_stalled()
            if job.future.done():
                return RenderProgress(1.0, 0.0, 0)
            total = max(1, len(dict.fromkeys(job.records)))
            under_way = sum(
                batch.share for batch in self._running for record in batch.records if record in job.undrawn
            )
            done = len(job.drawn) + under_way
            pictures, sessions = self._before(job)
            left_s = (pictures + total - done) * self._picture_s / max(1, self.capacity)
            return RenderProgress(min(1.0, done / total), max(left_s, 0.2), sessions)

    def check(self) -> str | None:
        """What is wrong with the renderer, in one sentence; None when nothing is. Stalled jobs fail here."""
        with self._changed:
            return self._check_stalled()

    def close(self) -> None:
        """Cancel all jobs. A batch that is drawn stops at its next step."""
        with self._changed:
            self._closed = True
            self._cancel(list(self._jobs))

    # ---- order

    def _ordered(self) -> list[RenderJob]:
        """Unfinished jobs, next first."""
        ordered = sorted((job for job in self._jobs if not job.future.done()), key=self._turn)
        first = max(ordered, key=_lateness, default=None)
        if first is not None and self._is_late(first):
            ordered.remove(first)
            ordered.insert(0, first)
        return ordered

    def _is_late(self, job: RenderJob) -> bool:
        return self._since_late >= PATIENCE and _lateness(job) >= PATIENCE

    def _turn(self, job: RenderJob) -> tuple[int, int, int]:
        return int(job.purpose), self._served.get(job.session, 0), job.number

    def _before(self, job: RenderJob) -> tuple[float, int]:
        """Pictures and sessions that are served before a job."""
        flying = {record for batch in self._running for record in batch.records}
        if any(record in flying for record in job.undrawn):
            return 0.0, 0
        pictures, sessions = 0.0, set()
        for batch in self._running:
            mine = [other for other in self._jobs if any(r in other.undrawn for r in batch.records)]
            if job.purpose.waited_for and not any(other.purpose.waited_for for other in mine):
                continue  # it gives way
            pictures += len(batch.records) * (1.0 - batch.share)
            sessions |= {other.session for other in mine}
        for other in self._ordered():
            if other is job:
                break
            pictures += sum(record not in flying for record in other.undrawn)
            sessions.add(other.session)
        return pictures, len(sessions - {job.session})

    def _choose(self) -> _Batch | None:
        """The next batch; None when nothing can be drawn now."""
        now = self.clock()
        self._cancel([job for job in self._jobs if job.is_given_up(now)])
        flying = {record for batch in self._running if not batch.stalled for record in batch.records}
        chosen: list[PictureRecord] = []
        leaders: list[RenderJob] = []
        ordered = self._ordered()
        for job in ordered:
            free = [record for record in job.undrawn if record not in flying and record not in chosen]
            if not free:
                continue
            if leaders and (job.purpose.waited_for != leaders[0].purpose.waited_for):
                break
            if leaders and (job.alone or leaders[0].alone):
                continue
            chosen += free[: self.batch - len(chosen)]
            leaders.append(job)
            if len(chosen) >= self.batch or job.alone:
                break
        if not chosen:
            return None
        self._count += 1
        self._since_late = 0 if self._is_late(leaders[0]) else self._since_late + 1
        for job in leaders:
            job.passed = 0
            self._served[job.session] = self._count
            self._served.move_to_end(job.session)
        for job in ordered:
            if job not in leaders and any(leader.purpose < job.purpose for leader in leaders):
                job.passed += 1
        while len(self._served) > REMEMBERED:
            self._served.popitem(last=False)
        return _Batch(chosen, now, now)

    # ---- drawing

    def _start_threads(self) -> None:
        while len(self._threads) < self.capacity:
            name = f"render-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while (batch := None if self._closed else self._choose()) is None:
                    if self._closed:
                        return
                    self._changed.wait(ABANDONED_S)
                self._running.append(batch)
            self._draw_batch(batch)

    def draw_next(self) -> bool:
        """Draw the next batch in the calling thread; whether there was one. For a queue of capacity 0."""
        with self._changed:
            batch = self._choose()
            if batch is None:
                return False
            self._running.append(batch)
        self._draw_batch(batch)
        return True

    def _draw_batch(self, batch: _Batch) -> None:
        def on_step(done: int, total: int) -> None:
            with self._changed:
                self._step(batch, done / max(1, total))
                if self._must_stop(batch):
                    raise _Stopped

        try:
            contents = self._draw(batch.records, on_step)
        except _Stopped:
            self._end(batch)
            return
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail(batch, error)
            return
        with self._changed:
            self._step(batch, 1.0)
            spent_s = (self.clock() - batch.began_s) / len(batch.records)
            self._picture_s = 0.7 * self._picture_s + 0.3 * spent_s if self._measured else spent_s
            self._measured = True
            self.made += len(batch.records)
            wanting = {
                record: [job for job in self._jobs if record in job.undrawn] for record in batch.records
            }
        try:
            found = dict(zip(batch.records, contents, strict=True))
            kept = self._kept(found, wanting)
            taken = {
                (job, record): job.take(found[record])
                for record, jobs in wanting.items()
                for job in jobs
                if job.take is not None
            }
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._fail(batch, error)
            return
        with self._changed:
            for record in batch.records:
                jobs = [job for job in self._jobs if record in job.undrawn]
                self.wasted += not jobs
                self.shared += len(jobs) > 1
                for job in jobs:
                    picture = taken.get((job, record)) or kept.get(record)
                    if picture is not None:
                        job.drawn[record] = picture
            complete = [job for job in self._jobs if not job.undrawn]
        self._end(batch)
        for job in complete:
            self._complete(job)

    def _kept(
        self, found: dict[PictureRecord, bytes], wanting: dict[PictureRecord, list[RenderJob]]
    ) -> dict[PictureRecord, str | None]:
        """The hashes of the pictures that sessions want, kept."""
        pictures = [
            (record, content, [job.session for job in wanting[record] if job.take is None])
            for record, content in found.items()
        ]
        pictures = [one for one in pictures if one[2]]
        kept = self._keep(pictures) if pictures else []
        return {record: name for (record, _, _), name in zip(pictures, kept, strict=True)}

    def _must_stop(self, batch: _Batch) -> bool:
        """Whether nobody wants the batch, or it is drawn ahead and somebody waits for something else."""
        if self._closed:
            return True
        wanting = [job for job in self._jobs if any(record in job.undrawn for record in batch.records)]
        if not wanting:
            return True
        if any(job.purpose.waited_for for job in wanting):
            return False
        return any(job.purpose.waited_for and not job.future.done() for job in self._jobs)

    def _complete(self, job: RenderJob) -> None:
        """Give a job's future its result."""
        try:
            result = job.finish([job.drawn[record] for record in job.records])
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._settle(job, error=error)
        else:
            self._settle(job, result=result)

    def _settle(self, job: RenderJob, *, result: Any = None, error: BaseException | None = None) -> None:
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
            if not job.future.done():
                if error is None:
                    job.future.set_result(result)
                else:
                    job.future.set_exception(error)
            self._changed.notify_all()

    def _end(self, batch: _Batch) -> None:
        with self._changed:
            if batch in self._running:
                self._running.remove(batch)
            self._changed.notify_all()

    def _fail(self, batch: _Batch, error: Exception) -> None:
        """Fail the jobs of a batch; several jobs that shared it are first tried each by itself."""
        with self._changed:
            jobs = [job for job in self._jobs if any(record in job.undrawn for record in batch.records)]
            if len(jobs) > 1 and not any(job.alone for job in jobs):
                for job in jobs:
                    job.alone = True
                self._end(batch)
                return
        self._end(batch)
        told = error
        if not isinstance(error, PersonalizeError):
            told = RenderError(str(error))
            if not str(error):
                told = RenderError("The renderer failed ({kind}).", kind=type(error).__name__)
            told.__cause__ = error
        for job in jobs:
            if not job.followers and not job.purpose.waited_for:
                log.warning("drawing ahead failed", exc_info=error)
            self._settle(job, error=told)

    def _cancel(self, jobs: list[RenderJob]) -> None:
        for job in jobs:
            self._settle(
                job, error=CancelledError("Stopped, as you asked. What was there before is as it was.")
            )

    # ---- followers and the watchdog

    def _follow(self, job: RenderJob) -> None:
        with self._changed:
            job.followers += 1
            job.abandoned_s = None
            if job.wanted < job.purpose:
                job.purpose = job.wanted
            self._changed.notify_all()

    def _unfollow(self, job: RenderJob) -> None:
        with self._changed:
            job.followers -= 1
            if not job.followers and job.purpose.waited_for and not job.future.done():
                job.purpose, job.abandoned_s = Purpose.AHEAD, self.clock()

    def _step(self, batch: _Batch, share: float) -> None:
        """Note that a batch made a step. A wait that counted as a stall does not raise the bound."""
        now = self.clock()
        spent_s = now - batch.stepped_s
        if batch.share > 0.0 and spent_s <= self._bound_s():
            self._longest_step_s = max(self._longest_step_s, spent_s)
        batch.stepped_s, batch.share, batch.stalled = now, share, False

    def _bound_s(self) -> float:
        if self._stall_s:
            return self._stall_s
        if not self._longest_step_s:
            return STALL_FIRST_S
        return max(STALL_LEAST_S, STALL_FACTOR * self._longest_step_s)

    def _check_stalled(self) -> str | None:
        now, bound_s = self.clock(), self._bound_s()
        for batch in self._running:
            stood_s = now - batch.stepped_s
            if stood_s > bound_s and not batch.stalled:
                batch.stalled = True
                log.error("The renderer has made no step for %.0f s. Jobs fail until it goes on.", stood_s)
                self._changed.notify_all()
        stalled = [batch for batch in self._running if batch.stalled]
        if not stalled or len(stalled) < self.capacity:
            return None
        for job in [job for job in self._jobs if job.purpose.waited_for or job.followers]:
            self._settle(
                job,
                error=StalledError(
                    "Expected the picture model to make progress, found that it stands still. "
                    "Try again in a moment."
                ),
            )
        return f"the renderer has made no step for {now - max(batch.stepped_s for batch in stalled):.0f} s"
