"""What becomes of a batch: it gives way, stops, is shared, fails, or is kept."""

import threading
import time
from collections.abc import Sequence

import pytest

from personalize.errors import CancelledError, RenderError, UnknownSessionError
from personalize.progress import OnStep
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord
from tests.rendering.bench import AHEAD, ROUND, WAIT_S, Bench, done, pictures, until


def test_what_is_drawn_ahead_gives_way_and_is_drawn_later(bench: Bench) -> None:
    ahead = bench.ask("a", AHEAD)
    bench.wait_for_batch()
    waited = bench.ask("b")
    bench.wait_for_batch()
    assert bench.order() == ["a", "b"] and not ahead.done()
    bench.draw_all()
    done(waited, ahead)
    assert bench.order() == ["a", "b", "a"]


def test_a_cancelled_batch_stops_at_its_next_step(bench: Bench) -> None:
    job = bench.ask("a")
    bench.wait_for_batch()
    assert bench.queue.cancel("a") == 1
    with pytest.raises(CancelledError):
        job.result(WAIT_S)
    other = bench.ask("b")
    bench.wait_for_batch()
    bench.draw_all()
    done(other)
    assert bench.kept == [(f"b{n}", ("b",)) for n in range(4)]


def test_pictures_that_several_want_are_drawn_once(bench: Bench) -> None:
    busy = bench.ask("z")
    bench.wait_for_batch()
    shared = pictures("s")
    jobs = [bench.queue.submit(session, ROUND, shared).future for session in "ab"]
    bench.draw_all()
    assert done(busy, *jobs)[1:] == [[f"#s{n}" for n in range(4)]] * 2
    assert bench.order() == ["z", "s"] and ("s0", ("a", "b")) in bench.kept and bench.queue.shared == 4


def test_a_failure_is_told_to_its_own_session_alone() -> None:
    bench = Bench(batch=8)
    bench.fails = {"b1"}
    busy = bench.ask("z")
    bench.wait_for_batch()
    good, bad = bench.ask("a"), bench.ask("b")
    bench.draw_all()
    assert done(busy, good)[1] == [f"#a{n}" for n in range(4)]
    with pytest.raises(RenderError, match="broke"):
        bad.result(WAIT_S)
    bench.fails.clear()
    done(bench.ask("b"))  # it can be tried again
    bench.queue.close()


def test_an_error_of_another_package_keeps_its_template_for_the_page() -> None:
    class ForeignError(Exception):
        template, values = "Expected {server} to draw.", {"server": "http://127.0.0.1:9"}

    def fails(records: object, on_step: object) -> list[bytes]:
        raise ForeignError

    queue = RenderQueue(fails, lambda drawn: [])
    with pytest.raises(RenderError, match="Expected http://127.0.0.1:9 to draw.") as caught:
        queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S)
    assert caught.value.template == ForeignError.template and caught.value.values == ForeignError.values
    queue.close()


def test_pictures_of_a_session_that_is_gone_are_not_kept(bench: Bench) -> None:
    job = bench.ask("a")
    bench.wait_for_batch()
    bench.dead.add("a")
    bench.draw_all()
    bench.queue.cancel("a")
    until(lambda: job.done())
    assert not [name for name, wanting in bench.kept if set(wanting) - bench.dead]


def test_a_job_whose_session_another_process_deleted_ends_and_is_drawn_once(bench: Bench) -> None:
    lost, other = bench.ask("a"), bench.ask("b")
    bench.dead.add("a")
    bench.draw_all()
    assert done(other) == [["#b0", "#b1", "#b2", "#b3"]]
    with pytest.raises(UnknownSessionError):
        lost.result(WAIT_S)
    assert bench.order().count("a") == 1 and not bench.queue.unfinished


def test_a_renderer_that_gives_too_few_pictures_is_said_and_the_queue_goes_on() -> None:
    given: list[list[bytes]] = [[b""], [b""] * 4]
    queue = RenderQueue(lambda records, on_step: given.pop(0), lambda drawn: ["#"] * len(drawn))
    with pytest.raises(RenderError):
        queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S)
    assert queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S) == ["#"] * 4
    queue.close()


def test_what_is_drawn_ahead_goes_on_while_another_machine_draws_for_whoever_waits() -> None:
    bench = Bench(capacity=2)
    waited = bench.ask("a")
    until(lambda: bench.queue.progress(bench.queue.unfinished[0]).share > 0.0)
    ahead = bench.ask("b", AHEAD)
    bench.wait_for_batch()
    bench.wait_for_batch()
    time.sleep(0.1)  # twenty steps
    assert bench.order() == ["a", "b"]
    bench.draw_all()
    done(waited, ahead)
    assert bench.order() == ["a", "b"]
    bench.queue.close()


def test_few_batches_give_way_for_one_that_is_waited_for() -> None:
    bench = Bench(capacity=3)
    ahead = [bench.ask(session, AHEAD) for session in "abc"]
    for _ in ahead:
        bench.wait_for_batch()
    waited = bench.ask("z")
    bench.wait_for_batch()
    time.sleep(0.1)
    stopped = len(bench.order()) - 4
    assert stopped <= 1  # one that was drawn, if the new batch had made no step yet
    bench.draw_all()
    done(waited, *ahead)
    assert len(bench.order()) <= 6
    bench.queue.close()


def test_a_batch_that_is_drawn_gives_way_to_one_that_stands_in_line() -> None:
    """As on Ray: there is one machine, and the queue sends it two batches."""
    machine, released, begun = threading.Lock(), threading.Event(), threading.Event()

    def draw(records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        while not machine.acquire(timeout=0.005):
            on_step(0, 1)
        try:
            begun.set()
            while records[0].prompt != "z0" and not released.wait(0.005):
                on_step(1, 2)
        finally:
            machine.release()
        return [b""] * len(records)

    queue = RenderQueue(draw, lambda drawn: [record.prompt for record, _, _ in drawn], capacity=2)
    ahead = queue.submit("a", AHEAD, pictures("a"))
    assert begun.wait(WAIT_S)
    assert queue.submit("z", ROUND, pictures("z")).future.result(WAIT_S)[0] == "z0"
    assert not ahead.future.done()
    released.set()
    assert ahead.future.result(WAIT_S)[0] == "a0"
    queue.close()
