"""Turns at the renderer: fair between sessions, and what is drawn ahead gives way."""

import threading
import time
from collections.abc import Callable

import pytest

from personalize.errors import CancelledError
from personalize.rendering.queue import Check, RenderQueue


class Bench:
    """A queue, and threads that write down whose turn it was."""

    def __init__(self) -> None:
        self.queue, self.order = RenderQueue(), list[str]()
        self.threads: list[threading.Thread] = []
        self.raised: dict[str, BaseException] = {}

    def ask(self, session: str, name: str, work: Callable[[Check], None], ahead: bool = False) -> None:
        """Ask for a turn in a thread of its own, and wait until it stands in line."""
        there = self._standing()

        def turn(check: Check) -> None:
            self.order.append(name)
            work(check)

        def run() -> None:
            try:
                self.queue.run(session, turn, ahead=ahead)
            except BaseException as error:  # noqa: BLE001 - looked at by the test
                self.raised[name] = error

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        wait_for(lambda: self._standing() > there or not self.threads[-1].is_alive())

    def _standing(self) -> int:
        return len(self.queue._waiting) + (self.queue._running is not None)

    def end(self) -> None:
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def nothing(check: Check) -> None:
    check()


def until(gate: threading.Event) -> Callable[[Check], None]:
    def work(check: Check) -> None:
        while not gate.wait(0.005):
            check()

    return work


def test_one_draws_at_a_time_and_sessions_take_turns() -> None:
    bench, gate = Bench(), threading.Event()
    bench.ask("a", "a1", until(gate))
    for name in ("a2", "a3", "a4"):
        bench.ask("a", name, nothing)
    bench.ask("b", "b1", nothing)
    bench.ask("c", "c1", nothing)
    assert [bench.queue.before(session) for session in "abcd"] == [0, 1, 2, 0]
    gate.set()
    bench.end()
    assert bench.order == ["a1", "b1", "c1", "a2", "a3", "a4"] and not bench.raised


def test_what_is_ahead_gives_way_and_is_done_after() -> None:
    bench, gate, ends = Bench(), threading.Event(), threading.Event()
    bench.ask("a", "ahead", until(ends), ahead=True)
    bench.ask("b", "asked", until(gate))
    wait_for(lambda: "asked" in bench.order)
    bench.ask("c", "asked too", nothing)
    assert bench.queue.before("a") == 2
    gate.set()
    ends.set()
    bench.end()
    assert bench.order == ["ahead", "asked", "asked too", "ahead"] and not bench.raised


def test_what_somebody_now_waits_for_gives_way_no_more() -> None:
    bench, ends = Bench(), threading.Event()
    bench.ask("a", "ahead", until(ends), ahead=True)
    wait_for(lambda: bench.order == ["ahead"])
    bench.queue.hurry("a")
    bench.ask("b", "asked", nothing)
    ends.set()
    bench.end()
    assert bench.order == ["ahead", "asked"]


def test_dropping_stops_what_is_ahead_and_nothing_else() -> None:
    bench, ends = Bench(), threading.Event()
    bench.ask("a", "ahead", until(ends), ahead=True)
    bench.queue.drop("b")
    bench.queue.drop("a")
    bench.end()
    assert isinstance(bench.raised["ahead"], CancelledError)
    bench.ask("a", "asked", until(ends))
    bench.ask("a", "ahead again", nothing, ahead=True)
    bench.queue.drop("a")  # also while it waits
    wait_for(lambda: "ahead again" in bench.raised)
    ends.set()
    bench.end()
    assert "asked" not in bench.raised and bench.order == ["ahead", "asked"]


def test_whoever_gives_up_leaves_the_line() -> None:
    bench, gate = Bench(), threading.Event()
    bench.ask("a", "a1", until(gate))

    def gone() -> None:
        raise CancelledError("gone")

    with pytest.raises(CancelledError, match="gone"):
        bench.queue.run("b", nothing, check=gone)
    assert bench.queue.before("b") == 0
    gate.set()
    bench.end()


def test_what_fails_frees_the_renderer() -> None:
    queue = RenderQueue()

    def fail(check: Check) -> None:
        raise RuntimeError("out of paint")

    with pytest.raises(RuntimeError, match="paint"):
        queue.run("a", fail)
    assert queue.run("a", lambda check: "drawn") == "drawn"
