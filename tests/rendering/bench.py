"""A render queue whose renderer draws when it is told to."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from personalize.progress import OnStep
from personalize.rendering.jobs import Purpose
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord

WAIT_S = 20.0
ROUND, PICTURES, ADOPTION, AHEAD, POOL, BANK = Purpose


def picture(name: str) -> PictureRecord:
    return PictureRecord("model", name, "", 1)


def pictures(session: str, count: int = 4, first: int = 0) -> list[PictureRecord]:
    return [picture(f"{session}{n}") for n in range(first, first + count)]


class Bench:
    """A queue whose renderer draws a batch, step by step, when it is told to."""

    def __init__(self, **settings: Any) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.free, self.fails = False, set[str]()
        self.kept: list[tuple[str, tuple[str | None, ...]]] = []
        self.now, self.dead = 0.0, set[str]()
        self.batch_s: Callable[[int], float] = lambda pictures: 0.0
        self.queue = RenderQueue(self.draw, self.keep, clock=lambda: self.now, **settings)

    def draw(self, records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        names = [record.prompt for record in records]
        self.batches.append(names)
        if self.fails & set(names):
            raise ValueError(f"{names[0]} broke")
        self.begun.release()
        if not self.free:
            while not self.go.acquire(timeout=0.005):
                on_step(1, 2)
        self.now += self.batch_s(len(names))
        on_step(2, 2)
        return [name.encode() for name in names]

    def keep(self, drawn: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]) -> list[str | None]:
        self.kept += [(record.prompt, tuple(wanting)) for record, _, wanting in drawn]
        return [f"#{record.prompt}" if set(wanting) - self.dead else None for record, _, wanting in drawn]

    def ask(self, session: str, purpose: Purpose = ROUND, count: int = 4, first: int = 0) -> "Future[Any]":
        return self.queue.submit(session, purpose, pictures(session, count, first)).future

    def wait_for_batch(self) -> None:
        assert self.begun.acquire(timeout=WAIT_S)

    def draw_all(self) -> None:
        """Draw what waits, and everything that comes."""
        self.free = True
        self.go.release(100)

    def order(self) -> list[str]:
        """The sessions of the batches drawn so far, each by its first letter."""
        return ["".join(sorted({name[0] for name in batch})) for batch in self.batches]


def done(*futures: "Future[Any]") -> list[Any]:
    return [future.result(timeout=WAIT_S) for future in futures]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
