"""The jobs that are not finished and the batches that are drawn, under one lock; and how a job ends."""

import threading
from dataclasses import dataclass
from typing import Any

from personalize.errors import CancelledError
from personalize.rendering.jobs import Batch, RenderJob
from personalize.session.record import PictureRecord


@dataclass(frozen=True)
class Watched:
    """A picture that another process draws, as that process told it.

    Attributes:
        share: of the drawing that was done, 0..1.
        left_s: seconds until it was to be there.
        seen_s: when this was read, on the clock of the queue.
    """

    share: float
    left_s: float
    seen_s: float


class JobBoard:
    """What all parts of the render queue read and change. Whoever reads or changes it holds `changed`.

    Attributes:
        changed: the lock, and the news that something changed; a thread may take it again.
        jobs: jobs whose futures have no result yet, oldest first.
        running: batches that the renderer draws now.
        elsewhere: pictures that other processes draw.
        closed: whether nothing more is drawn.
    """

    def __init__(self) -> None:
        """An empty board."""
        self.changed = threading.Condition()
        self.jobs: list[RenderJob] = []
        self.running: list[Batch] = []
        self.elsewhere: dict[PictureRecord, Watched] = {}
        self.closed = False

    def end(self, batch: Batch) -> None:
        """A batch is not drawn any more."""
        with self.changed:
            if batch in self.running:
                self.running.remove(batch)
            self.changed.notify_all()

    def complete(self, job: RenderJob) -> None:
        """Give the future of a job that has all its pictures its result. `finish` runs without the lock."""
        try:
            result = job.finish([job.drawn[record] for record in job.records])
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self.settle(job, error=error)
        else:
            self.settle(job, result=result)

    def settle(self, job: RenderJob, *, result: Any = None, error: BaseException | None = None) -> None:
        """Take a job off the board, with a result or an error unless it has one already."""
        with self.changed:
            if job in self.jobs:
                self.jobs.remove(job)
            if not job.future.done():
                if error is None:
                    job.future.set_result(result)
                else:
                    job.future.set_exception(error)
            self.changed.notify_all()

    def cancel(self, jobs: list[RenderJob]) -> None:
        """End jobs that nobody wants; a batch that was drawn for them alone stops at its next step."""
        for job in jobs:
            self.settle(
                job, error=CancelledError("Stopped, as you asked. What was there before is as it was.")
            )
