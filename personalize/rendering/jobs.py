"""What the render queue is asked for: jobs, how urgent they are, and the batches that are drawn for them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any, Protocol

from personalize.progress import OnStep
from personalize.rendering.pace import FIRST_GUESS_S
from personalize.session.record import PictureRecord

ABANDONED_S = 30.0
"""Seconds that a job without followers is kept before it is dropped."""

AHEAD_S = 180.0
"""Seconds that a round waits to be drawn ahead. For a visitor who looks longer it is drawn when asked for."""

LOOK_S = 0.1
"""Seconds between two looks at the renderer by callers that block."""


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


class JobQueue(Protocol):
    """What a job asks of the queue it stands in."""

    def progress(self, job: "RenderJob") -> RenderProgress:
        """How far a job is."""

    def check(self) -> str | None:
        """What is wrong with the renderer; jobs that it keeps waiting fail here."""

    def follow(self, job: "RenderJob") -> None:
        """Somebody waits for a job from now on."""

    def unfollow(self, job: "RenderJob") -> None:
        """One of those who waited for a job is gone."""


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
        wanted: how urgent it is while somebody follows it.
        began_s: when it was asked for, on the clock of the queue.
        future: hashes of the pictures in the order of `records`, or what `finish` made of them.
        drawn: hashes of the pictures that are there.
        passed: batches of better purposes since the last batch of this job.
        followers: callers that wait for it.
        abandoned_s: when its last follower left; None while somebody wants it.
        alone: whether it shares no batch with another job, since such a batch failed.
    """

    session: str | None
    purpose: Purpose
    records: tuple[PictureRecord, ...]
    number: int
    finish: Callable[[list[str]], Any]
    queue: JobQueue = field(repr=False)
    take: Callable[[bytes], str] | None = None
    wanted: Purpose = Purpose.ROUND
    began_s: float = 0.0
    future: "Future[Any]" = field(default_factory=Future, repr=False)
    drawn: dict[PictureRecord, str] = field(default_factory=dict)
    passed: int = 0
    followers: int = 0
    abandoned_s: float | None = None
    alone: bool = False

    @cached_property
    def distinct(self) -> tuple[PictureRecord, ...]:
        """The records without repeats, in order."""
        return tuple(dict.fromkeys(self.records))

    @cached_property
    def asked_for(self) -> frozenset[PictureRecord]:
        """The records as a set, which is compared with those of a batch at every step."""
        return frozenset(self.records)

    def wants(self, record: PictureRecord) -> bool:
        """Whether this is one of its pictures, and is not drawn yet."""
        return record in self.asked_for and record not in self.drawn

    @property
    def undrawn(self) -> list[PictureRecord]:
        """Distinct records that have no picture yet, in order."""
        if not self.drawn:  # as in most jobs that wait, and every page asks for all of them
            return list(self.distinct)
        return [record for record in self.distinct if record not in self.drawn]

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
        self.queue.follow(self)
        try:
            yield self
        finally:
            self.queue.unfollow(self)

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
class Batch:
    """Pictures that the renderer draws together.

    Attributes:
        records: what is drawn.
        began_s: when it began, on the clock of the queue.
        stepped_s: when it made its last step.
        share: of its steps that are done, 0..1.
        stalled: whether it makes no steps any more.
        leased: what no other process draws meanwhile (see `elsewhere`).
        leaving: whether it stops now, and its machine is soon free.
        preferred: whether another batch gave way to it. Until it begins, no batch is drawn ahead.
        patient_until_s: when the next batch gives way to it, unless it has begun.
    """

    records: list[PictureRecord]
    began_s: float
    stepped_s: float
    share: float = 0.0
    stalled: bool = False
    leased: tuple[PictureRecord, ...] = ()
    leaving: bool = False
    preferred: bool = False
    patient_until_s: float = 0.0

    @cached_property
    def drawn_now(self) -> frozenset[PictureRecord]:
        """The records as a set."""
        return frozenset(self.records)


def wanting(jobs: Sequence[RenderJob], batch: Batch) -> list[RenderJob]:
    """The jobs that still want a picture of a batch."""
    near = [job for job in jobs if not job.asked_for.isdisjoint(batch.drawn_now)]
    return [job for job in near if any(job.wants(record) for record in batch.records)]
