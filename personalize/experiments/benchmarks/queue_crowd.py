"""A crowd at the real render queue and nothing else, in real time, beside `simulated_crowd`."""

import random
import threading
import time
from typing import Any

from personalize.experiments.benchmarks.crowd import ROUND, Crowd, figures_of_waits
from personalize.experiments.benchmarks.stand_ins import TimedRenderer
from personalize.progress import OnProgress, no_progress
from personalize.rendering.jobs import Purpose, RenderJob
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord
from personalize.settings import Settings


def visit_queue(crowd: Crowd, on_progress: OnProgress = no_progress) -> dict[str, Any]:
    """Seconds from pick to pictures of visitors who ask the queue as the loop does; see `simulate_in_time`.

    Args:
        crowd: visitors, machines and times.
        on_progress: called every half second.
    """
    renderer = TimedRenderer(crowd.batch_s, crowd.batch, crowd.replicas)
    renderer.quick = False
    queue = RenderQueue(
        renderer.render,
        lambda drawn: [record.prompt for record, _, _ in drawn],
        most=lambda: crowd.batch,
        capacity=lambda: renderer.capacity,
    )
    end_s = time.monotonic() + crowd.seconds
    visitors = [_Visitor(number, queue, crowd, end_s) for number in range(crowd.visitors)]
    for visitor in visitors:
        visitor.start()
    while any(visitor.is_alive() for visitor in visitors):
        spent_s = crowd.seconds - max(0.0, end_s - time.monotonic())
        on_progress("visitors pick", int(spent_s), int(crowd.seconds))
        time.sleep(0.5)
    queue.close(wait_s=10.0)
    waits = [wait for visitor in visitors for wait in visitor.waits]
    return {
        "visitors": crowd.visitors,
        "replicas": crowd.replicas,
        "round_s": round(crowd.round_s, 3),
        **figures_of_waits(waits, sum(visitor.ready for visitor in visitors), crowd.seconds),
        "drawings_a_second": round(queue.made / crowd.seconds, 2),
    }


class _Visitor(threading.Thread):
    """Somebody who picks until the end, as `simulated_crowd` has it."""

    def __init__(self, number: int, queue: RenderQueue, crowd: Crowd, end_s: float) -> None:
        super().__init__(daemon=True)
        self._chance = random.Random(1_000_003 * crowd.seed + number)
        self._session, self._queue, self._crowd, self._end_s = str(number), queue, crowd, end_s
        self._lock, self._pool, self._asked = threading.Lock(), 0, 0
        self.waits: list[float] = []
        self.ready = 0

    def run(self) -> None:
        """Wait for a first round; then look, pick and wait for the next one."""
        self._submit(Purpose.ROUND, self._records(ROUND)).result()
        further = Settings().drawn_ahead - ROUND
        while True:
            self._pool -= ROUND
            ahead = self._records(ROUND)
            self._submit(Purpose.AHEAD, ahead)
            self._submit(Purpose.POOL, self._records(further))
            time.sleep(self._chance.uniform(*self._crowd.thinking_s))
            picked_s = time.monotonic()
            if picked_s > self._end_s:
                self._queue.cancel(self._session)
                return
            if self._pool >= ROUND:
                self.ready += 1
            else:
                self._submit(Purpose.ROUND, ahead).result()
            self.waits.append(time.monotonic() - picked_s)

    def _records(self, count: int) -> list[PictureRecord]:
        self._asked += 1
        name = f"{self._session} {self._asked}"
        return [PictureRecord("timed-1", name, "", seed) for seed in range(count)]

    def _submit(self, purpose: Purpose, records: list[PictureRecord]) -> RenderJob:
        return self._queue.submit(self._session, purpose, records, take=self._take)

    def _take(self, content: bytes) -> str:
        with self._lock:
            self._pool += 1
        return "drawn"
