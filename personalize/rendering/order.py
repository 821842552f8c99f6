"""Who is drawn next: the order of the jobs, and the batch that is made of the first of them.

The order is:

1. by purpose: a round that somebody waits for, then other pictures that somebody waits for, then adopted
   tastes, then rounds drawn ahead, then further pictures for a pool, then the shared bank;
2. within a purpose by session: the session that was served longest ago is next;
3. within a session by age.

Once in `PATIENCE` batches, the job that was passed over most is next whatever its purpose, if it was passed
over as many times and somebody waits for it. So nothing that somebody waits for starves, and many such jobs
delay a round by one batch only.

A batch that nobody waits for gives way where its machine is needed (`gives_way`).
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence

from personalize.rendering.jobs import Batch, RenderJob, wanting
from personalize.session.record import PictureRecord

PATIENCE = 8
"""Batches of better purposes after which one batch goes to the job that was passed over most."""

GIVE_WAY_S = 0.25
"""Seconds in which a batch that stands in line should begin after another gave way to it."""

REMEMBERED = 10_000
"""Sessions whose last batch is remembered."""


class Order:
    """The turns of the sessions. Its callers hold the lock of the board."""

    def __init__(self) -> None:
        """Nobody was served yet."""
        self._served: OrderedDict[str | None, int] = OrderedDict()
        self._batches = self._since_late = 0

    def ordered(self, jobs: Sequence[RenderJob]) -> list[RenderJob]:
        """Unfinished jobs, next first."""
        ordered = sorted((job for job in jobs if not job.future.done()), key=self._turn)
        first = max(ordered, key=_lateness, default=None)
        if first is not None and self._is_late(first):
            ordered.remove(first)
            ordered.insert(0, first)
        return ordered

    def before(
        self,
        job: RenderJob,
        jobs: Sequence[RenderJob],
        running: Sequence[Batch],
        elsewhere: Collection[PictureRecord] = (),
    ) -> tuple[float, int]:
        """Pictures and sessions that are served before a job; none while its own pictures are drawn."""
        drawn_here = {record for batch in running for record in batch.records}
        left = [record for record in job.undrawn if record not in elsewhere]
        if not left or any(record in drawn_here for record in left):
            return 0.0, 0
        flying = drawn_here.union(elsewhere)
        pictures, sessions = 0.0, set()
        for batch in running:
            mine = wanting(jobs, batch)
            if job.purpose.waited_for and not any(other.purpose.waited_for for other in mine):
                continue  # it gives way
            pictures += len(batch.records) * (1.0 - batch.share)
            sessions |= {other.session for other in mine}
        for other in self.ordered(jobs):
            if other is job:
                break
            pictures += sum(record not in flying for record in other.undrawn)
            sessions.add(other.session)
        return pictures, len(sessions - {job.session})

    def next_batch(
        self,
        jobs: Sequence[RenderJob],
        running: Sequence[Batch],
        most: int,
        now_s: float,
        elsewhere: Collection[PictureRecord] = (),
    ) -> Batch | None:
        """The next batch, whose jobs have had their turn then; None when nothing can be drawn now.

        Args:
            jobs: that wait.
            running: batches that are drawn now; what they draw is not drawn again, unless they stall.
            most: pictures in a batch.
            now_s: on the clock of the queue.
            elsewhere: pictures that other processes draw.
        """
        ordered = self.ordered(jobs)
        if any(batch.preferred and not batch.share for batch in running):
            ordered = [job for job in ordered if job.purpose.waited_for]  # nothing overtakes it in the line
        chosen, leaders = _first_of(ordered, _flying(running).union(elsewhere), most)
        if not chosen:
            return None
        self._batches += 1
        self._since_late = 0 if self._is_late(leaders[0]) else self._since_late + 1
        for job in leaders:
            job.passed = 0
            self._served[job.session] = self._batches
            self._served.move_to_end(job.session)
        for job in ordered:
            if job not in leaders and any(leader.purpose < job.purpose for leader in leaders):
                job.passed += 1
        while len(self._served) > REMEMBERED:
            self._served.popitem(last=False)
        return Batch(chosen, now_s, now_s)

    def _turn(self, job: RenderJob) -> tuple[int, int, int]:
        return int(job.purpose), self._served.get(job.session, 0), job.number

    def _is_late(self, job: RenderJob) -> bool:
        return self._since_late >= PATIENCE and _lateness(job) >= PATIENCE


def gives_way(
    batch: Batch,
    jobs: Sequence[RenderJob],
    running: Sequence[Batch],
    capacity: int,
    now_s: float,
    elsewhere: Collection[PictureRecord] = (),
) -> bool:
    """Whether a batch that nobody waits for must stop: its machine is needed, and no other one is free.

    A batch that was sent may stand in line at the machines. Then batches that are drawn give way to it, one
    after another until it begins.

    Args:
        batch: one that nobody waits for.
        jobs: that wait.
        running: batches that are drawn now, with this one.
        capacity: batches that may be drawn at once.
        now_s: on the clock of the queue.
        elsewhere: pictures that other processes draw.
    """
    waiting = [job for job in jobs if job.purpose.waited_for and not job.future.done()]
    if not waiting or sum(not other.leaving for other in running) < capacity:
        return False
    flying = _flying(running).union(elsewhere)
    if any(record not in flying for job in waiting for record in job.undrawn):
        return True
    if not batch.share:
        return False  # it stands in line itself
    for other in running:
        if not other.share and now_s >= other.patient_until_s and wanting(waiting, other):
            other.patient_until_s, other.preferred = now_s + GIVE_WAY_S, True
            return True
    return False


def _flying(running: Sequence[Batch]) -> set[PictureRecord]:
    """The pictures that are drawn now, by batches that make steps."""
    return {record for batch in running if not batch.stalled for record in batch.records}


def _first_of(
    ordered: Sequence[RenderJob], flying: set[PictureRecord], most: int
) -> tuple[list[PictureRecord], list[RenderJob]]:
    """The pictures of one batch and their jobs. Waited-for pictures and guesses never share a batch."""
    chosen: list[PictureRecord] = []
    leaders: list[RenderJob] = []
    for job in ordered:
        free = [record for record in job.undrawn if record not in flying and record not in chosen]
        if not free:
            continue
        if leaders and (job.purpose.waited_for != leaders[0].purpose.waited_for):
            break
        if leaders and (job.alone or leaders[0].alone):
            continue
        chosen += free[: most - len(chosen)]
        leaders.append(job)
        if len(chosen) >= most or job.alone:
            break
    return chosen, leaders


def _lateness(job: RenderJob) -> int:
    """Batches that passed over a job that somebody waits for; 0 if nobody does."""
    return job.passed if job.purpose.waited_for else 0
