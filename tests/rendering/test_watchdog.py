"""A renderer that stands still is noticed, said, and tried again."""

import threading
from collections.abc import Sequence

import pytest

from personalize.errors import StalledError
from personalize.progress import OnStep
from personalize.rendering.queue import RenderQueue
from personalize.rendering.watchdog import STALL_FACTOR, STALL_FIRST_S, STALL_LEAST_S
from personalize.session.record import PictureRecord
from tests.rendering.bench import (
    AHEAD,
    ROUND,
    WAIT_S,
    pictures,
    until,
)


def test_a_renderer_that_stands_still_is_said_and_tried_again() -> None:
    hung = threading.Event()

    def draw(records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        hung.wait(WAIT_S)
        return [b""] * len(records)

    now = [0.0]
    queue = RenderQueue(draw, lambda drawn: ["#"] * len(drawn), stall_s=5.0, clock=lambda: now[0])
    job = queue.submit("a", ROUND, pictures("a"))
    other = queue.submit("b", ROUND, pictures("b"))
    until(lambda: queue.drawn_now == 1)
    assert queue.check() is None
    now[0] = 6.0
    assert "no step for 6 s" in str(queue.check())
    for one in (job, other):
        with pytest.raises(StalledError):
            one.future.result(WAIT_S)
    again = queue.submit("a", ROUND, pictures("a"))
    hung.set()
    assert again.future.result(WAIT_S) == ["#"] * 4 and queue.check() is None
    queue.close()


class Clocked:
    """A queue of capacity 0 whose renderer makes two steps and then its pictures after given waits."""

    def __init__(self, stall_s: float = 0.0) -> None:
        self.now, self.waits, self.reasons = 0.0, [0.0, 0.0, 0.0], list[str | None]()
        self.queue = RenderQueue(
            self.draw, lambda drawn: ["#"] * len(drawn), capacity=0, stall_s=stall_s, clock=lambda: self.now
        )

    def draw(self, records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        for number, wait_s in enumerate(self.waits):
            self.now += wait_s
            self.reasons.append(self.queue.check())
            if number < 2:
                on_step(number + 1, 2)
        return [b""] * len(records)

    def reasons_after(self, *waits: float) -> list[bool]:
        """Whether the renderer counts as stalled at the end of each wait."""
        self.waits, self.reasons = list(waits), []
        self.queue.submit("a", AHEAD, pictures("a"))
        assert self.queue.draw_next()
        return [reason is not None for reason in self.reasons]


def test_the_bound_of_a_step_follows_the_longest_one_and_a_stall_does_not_raise_it() -> None:
    one = Clocked()
    assert one.reasons_after(STALL_FIRST_S - 1, 5.0, 7.0) == [False] * 3  # the first may load
    bound_s = STALL_FACTOR * 7.0
    assert one.reasons_after(bound_s - 1, bound_s + 1, 0.0) == [False, True, False]
    assert one.reasons_after(0.0, bound_s + 1, 0.0) == [False, True, False]
    quick = Clocked()
    quick.reasons_after(0.0, 0.1, 0.1)
    assert quick.reasons_after(STALL_LEAST_S - 1, STALL_LEAST_S + 1, 0.0) == [
        False,
        True,
        False,
    ]


def test_a_bound_that_was_set_holds_from_the_first_step() -> None:
    assert Clocked(stall_s=3.0).reasons_after(2.0, 4.0, 2.0) == [False, True, False]


def test_one_stalled_thread_of_two_does_not_fail_the_jobs_that_the_other_can_draw() -> None:
    now, hung, begun = [0.0], threading.Event(), threading.Semaphore(0)

    def draw(records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        begun.release()
        if records[0].prompt == "a0" and not hung.is_set():
            assert hung.wait(WAIT_S)
        return [b""] * len(records)

    queue = RenderQueue(draw, lambda drawn: ["#"] * len(drawn), capacity=2, stall_s=5.0, clock=lambda: now[0])
    queue.submit("a", ROUND, pictures("a"))
    assert begun.acquire(timeout=WAIT_S)
    now[0] = 6.0
    assert queue.check() is None
    assert queue.submit("b", ROUND, pictures("b")).future.result(WAIT_S) == ["#"] * 4
    hung.set()
    queue.close()
