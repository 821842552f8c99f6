"""A crowd in simulated time: the order, the batches and the giving way of the real queue, without threads.

It goes where the real loop cannot: many machines, thousands of visitors, hours in seconds. Visitors do what
those of `crowd` do. Choosing a question, the store and the network take no time here.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from personalize.experiments.benchmarks.crowd import ROUND, Crowd, figures_of_waits
from personalize.experiments.benchmarks.stand_ins import STEPS
from personalize.rendering.jobs import Batch, Purpose, RenderJob, wanting
from personalize.rendering.order import Order, gives_way
from personalize.rendering.pace import Pace
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord


@dataclass(frozen=True)
class Visit:
    """What a visitor does in all.

    Attributes:
        rounds: answers of a visit, after which somebody else comes; 0: everybody stays to the end.
        personal: personal pictures at the end of a visit.
        personal_s: seconds with them, before somebody else comes.
        drawn_ahead: see the setting of this name.
    """

    rounds: int = 0
    personal: int = 0
    personal_s: float = 0.0
    drawn_ahead: int = 16


def simulate_in_time(crowd: Crowd, visit: Visit | None = None) -> dict[str, Any]:
    """Seconds from pick to pictures, and what the machines did, as `simulate_crowd` measures them.

    Args:
        crowd: visitors, machines and times.
        visit: what a visitor does; by default everybody stays to the end.
    """
    queue = _Machines(crowd)
    visitors = [_Visitor(n, queue, crowd, visit or Visit()) for n in range(crowd.visitors)]
    for visitor in visitors:
        queue.at(0.0, visitor.arrive)
    queue.run(crowd.seconds)
    waits = [wait for visitor in visitors for wait in visitor.waits]
    return {
        "visitors": crowd.visitors,
        "replicas": crowd.replicas,
        "round_s": round(crowd.round_s, 3),
        **figures_of_waits(waits, sum(wait == 0.0 for wait in waits), crowd.seconds),
        "drawings_a_second": round(queue.made / crowd.seconds, 2),
        "busy_share": round(queue.busy_s / (crowd.seconds * max(1, crowd.replicas)), 3),
        "lost_share": round(queue.lost_s / max(queue.busy_s, 1e-9), 3),
    }


@dataclass(eq=False)
class _Batch(Batch):
    """A batch at a machine, in line for one, or stopped."""

    machine_s: float = -1.0
    stopped: bool = False


@dataclass(eq=False)
class _Job(RenderJob):
    """A job that tells its visitor of every picture, and of its end."""

    on_picture: Callable[[], None] = lambda: None
    on_end: Callable[[], None] = lambda: None


class _Machines:
    """Events in simulated time, and the machines that draw.

    Attributes:
        now: seconds since the beginning.
        made: pictures drawn.
        busy_s: seconds in which machines drew, all together.
        lost_s: those of batches that were stopped.
    """

    def __init__(self, crowd: Crowd) -> None:
        self.now = self.busy_s = self.lost_s = 0.0
        self.made = 0
        self._crowd, self._order = crowd, Order()
        self._pace = Pace(ROUND, lambda: crowd.batch)
        self._capacity, self._free = crowd.replicas + 1, max(1, crowd.replicas)
        self._jobs: list[RenderJob] = []
        self._running: list[Batch] = []
        self._line: deque[_Batch] = deque()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._idle = RenderQueue(lambda records, on_step: [], lambda drawn: [], capacity=0)

    def at(self, when_s: float, act: Callable[[], None]) -> None:
        """Have something done at a time."""
        self._count += 1
        heapq.heappush(self._events, (when_s, self._count, act))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        while self._events and self._events[0][0] <= seconds:
            self.now, _, act = heapq.heappop(self._events)
            act()

    def submit(self, session: str, purpose: Purpose, pictures: int) -> _Job:
        """A job, which takes the place of an earlier one that was drawn ahead for the same purpose."""
        if not purpose.waited_for:
            self._jobs = [job for job in self._jobs if (job.session, job.purpose) != (session, purpose)]
        self._count += 1
        records = tuple(
            PictureRecord("timed-1", f"{session} {self._count}", "", seed) for seed in range(pictures)
        )
        job = _Job(session, purpose, records, self._count, lambda found: found, self._idle, wanted=purpose)
        job.began_s = self.now
        self._jobs.append(job)
        self.at(self.now, self._send)
        return job

    def is_waiting(self, job: _Job) -> bool:
        """Whether a job stands in the queue."""
        return job in self._jobs

    def raise_(self, job: _Job) -> None:
        """Somebody waits for a job that was drawn ahead."""
        job.purpose = job.wanted = Purpose.ROUND
        self.at(self.now, self._send)

    def _send(self) -> None:
        """Send batches while that is worth it."""
        self._jobs = [job for job in self._jobs if not job.is_given_up(self.now)]
        while len(self._running) < self._capacity:
            chosen = self._order.next_batch(self._jobs, self._running, self._pace.size, self.now)
            if chosen is None:
                return
            batch = _Batch(chosen.records, self.now, self.now)
            self._running.append(batch)
            self._line.append(batch)
            self._begin()

    def _begin(self) -> None:
        while self._free and self._line:
            batch = self._line.popleft()
            self._free -= 1
            batch.machine_s = self.now
            self._step_later(batch, 1)

    def _step_later(self, batch: _Batch, step: int) -> None:
        step_s = self._crowd.batch_s(len(batch.records)) / STEPS
        self.at(self.now + step_s, lambda: self._step(batch, step))

    def _step(self, batch: _Batch, step: int) -> None:
        batch.share = step / STEPS
        if step == STEPS:
            self._finish(batch)
        elif self._must_stop(batch):
            self.lost_s += self.now - batch.machine_s
            self._leave(batch)
        else:
            self._step_later(batch, step + 1)

    def _must_stop(self, batch: _Batch) -> bool:
        jobs = wanting(self._jobs, batch)
        if not jobs:
            return True
        if any(job.purpose.waited_for for job in jobs):
            return False
        return gives_way(batch, self._jobs, self._running, self._capacity, self.now)

    def _leave(self, batch: _Batch) -> None:
        self.busy_s += self.now - batch.machine_s
        self._running.remove(batch)
        self._free += 1
        self._begin()
        self._send()

    def _finish(self, batch: _Batch) -> None:
        self._pace.note(len(batch.records), self.now - batch.began_s)
        self.made += len(batch.records)
        ended: list[_Job] = []
        for job in wanting(self._jobs, batch):
            assert isinstance(job, _Job)
            found = [record for record in batch.records if job.wants(record)]
            job.drawn |= dict.fromkeys(found, "drawn")
            for _ in found:
                job.on_picture()
            if not job.undrawn:
                ended.append(job)
        self._jobs = [job for job in self._jobs if job not in ended]
        for job in ended:
            job.future.set_result(None)
            job.on_end()
        self._leave(batch)


@dataclass(eq=False)
class _Visitor:
    """Somebody who picks; after a visit somebody else takes the place."""

    number: int
    queue: _Machines
    crowd: Crowd
    visit: Visit
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(1_000_003 * self.crowd.seed + self.number)
        self._visits = self._answers = self._pool = 0
        self._ahead: _Job | None = None

    def arrive(self) -> None:
        """Somebody new waits for a first round."""
        self._visits += 1
        self._answers = self._pool = 0
        self._session = f"{self.number}.{self._visits}"
        self.queue.submit(self._session, Purpose.ROUND, ROUND).on_end = self._look

    def _look(self) -> None:
        self._ahead = self.queue.submit(self._session, Purpose.AHEAD, ROUND)
        self._ahead.on_picture = self._one_more
        if self.visit.drawn_ahead >= 2 * ROUND:
            further = self.queue.submit(self._session, Purpose.POOL, self.visit.drawn_ahead - ROUND)
            further.on_picture = self._one_more
        self.queue.at(self.queue.now + self._chance.uniform(*self.crowd.thinking_s), self._pick)

    def _one_more(self) -> None:
        self._pool += 1

    def _pick(self) -> None:
        self._answers += 1
        if self._answers == self.visit.rounds:
            self._end()
            return
        picked_s = self.queue.now

        def shown() -> None:
            self._pool -= ROUND
            self.waits.append(self.queue.now - picked_s)
            self._look()

        if self._pool >= ROUND:
            shown()
            return
        if self._ahead is None or not self.queue.is_waiting(self._ahead):
            self._ahead = self.queue.submit(self._session, Purpose.ROUND, ROUND)
            self._ahead.on_picture = self._one_more
        else:
            self.queue.raise_(self._ahead)
        self._ahead.on_end = shown

    def _end(self) -> None:
        if self.visit.personal:
            self.queue.submit(self._session, Purpose.PICTURES, self.visit.personal).on_end = self._leave
        else:
            self.arrive()

    def _leave(self) -> None:
        self.queue.at(self.queue.now + self.visit.personal_s, self.arrive)
