"""What becomes of a batch: it gives way, stops, is shared, fails, or is kept."""

import pytest

from personalize.errors import CancelledError, RenderError
from personalize.rendering.queue import RenderQueue
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


def test_a_renderer_that_gives_too_few_pictures_is_said_and_the_queue_goes_on() -> None:
    given: list[list[bytes]] = [[b""], [b""] * 4]
    queue = RenderQueue(lambda records, on_step: given.pop(0), lambda drawn: ["#"] * len(drawn))
    with pytest.raises(RenderError):
        queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S)
    assert queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S) == ["#"] * 4
    queue.close()
