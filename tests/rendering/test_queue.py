"""What is asked of the render queue: jobs, raising, dropping, closing."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from personalize.errors import CancelledError
from tests.rendering.bench import AHEAD, ROUND, WAIT_S, Bench, done, picture, pictures, until


def test_a_job_gives_its_pictures_in_order(bench: Bench) -> None:
    bench.draw_all()
    records = [picture("b"), picture("a"), picture("b")]
    assert bench.queue.submit("s", ROUND, records).future.result(WAIT_S) == ["#b", "#a", "#b"]
    assert bench.batches == [["b", "a"]]


def test_what_is_drawn_ahead_is_raised_when_somebody_waits_for_it(bench: Bench) -> None:
    ahead = bench.ask("a", AHEAD)
    bench.wait_for_batch()
    assert bench.ask("a", ROUND) is ahead
    other = bench.ask("b")
    time.sleep(0.05)
    assert len(bench.batches) == 1  # it no longer gives way
    bench.draw_all()
    done(ahead, other)
    assert bench.order() == ["a", "b"]


def test_a_raised_job_finishes_as_its_new_asker_wants(bench: Bench) -> None:
    bench.ask("a", AHEAD)
    job = bench.queue.submit("a", ROUND, pictures("a"), finish=lambda names: "shown")
    bench.draw_all()
    assert job.future.result(WAIT_S) == "shown"


def test_a_newer_guess_takes_the_place_of_the_older_one(bench: Bench) -> None:
    busy = bench.ask("z")
    bench.wait_for_batch()
    old, new = bench.ask("a", AHEAD), bench.ask("a", AHEAD, first=10)
    bench.draw_all()
    done(busy, new)
    with pytest.raises(CancelledError):
        old.result(WAIT_S)
    assert bench.order() == ["z", "a"]


def test_dropping_what_is_ahead_leaves_what_is_waited_for(bench: Bench) -> None:
    waited, ahead = bench.ask("a"), bench.ask("a", AHEAD, first=10)
    bench.queue.drop_ahead("a")
    with pytest.raises(CancelledError):
        ahead.result(WAIT_S)
    bench.draw_all()
    done(waited)


def test_known_pictures_are_not_drawn(bench: Bench) -> None:
    records = pictures("a")
    known = {record: f"#{record.prompt}" for record in records}
    assert bench.queue.submit("a", ROUND, records, known=known).future.result(WAIT_S) == list(known.values())
    job = bench.queue.submit("a", ROUND, [*records, picture("new")], known=known)
    bench.draw_all()
    assert job.future.result(WAIT_S)[-1] == "#new" and bench.batches == [["new"]]


def test_a_lost_picture_is_drawn_again_and_put_back(bench: Bench) -> None:
    bench.draw_all()
    restored: list[bytes] = []
    assert bench.queue.redraw(picture("lost"), restored.append) == b"lost"
    assert restored == [b"lost"] and bench.kept == []


def test_two_who_miss_a_picture_at_once_have_it_drawn_once(bench: Bench) -> None:
    restored: list[bytes] = []
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(bench.queue.redraw, picture("lost"), restored.append)
        bench.wait_for_batch()
        second = pool.submit(bench.queue.redraw, picture("lost"), restored.append)
        until(lambda: bench.queue.unfinished[0].followers == 2)
        bench.draw_all()
        assert [first.result(WAIT_S), second.result(WAIT_S)] == [b"lost", None]
    assert restored == [b"lost"] and bench.batches == [["lost"]]


def test_closing_can_wait_until_nothing_is_drawn_any_more(bench: Bench) -> None:
    bench.ask("a")
    bench.wait_for_batch()
    bench.queue.close(wait_s=WAIT_S)
    assert bench.queue.drawn_now == 0 and bench.kept == []


def test_a_closed_queue_takes_no_job(bench: Bench) -> None:
    job = bench.ask("a")
    bench.wait_for_batch()
    bench.queue.close()
    with pytest.raises(CancelledError):
        job.result(WAIT_S)
    with pytest.raises(CancelledError):
        bench.ask("b")


def test_the_capacity_of_a_queue_follows_the_machines_that_come_and_go() -> None:
    machines = [1]
    bench = Bench(capacity=lambda: machines[0])
    futures = [bench.ask(session, count=4) for session in "abcdef"]
    bench.wait_for_batch()
    assert bench.queue.drawn_now == bench.queue.capacity == 1
    machines[0] = 3
    bench.go.release()  # whoever draws next finds the new machines
    until(lambda: bench.queue.drawn_now == 3)
    machines[0] = 1
    bench.go.release()
    bench.go.release()
    until(lambda: sum(future.done() for future in futures) == 3)
    assert bench.queue.drawn_now == 1
    bench.free = True
    bench.go.release()
    assert [len(future.result(20.0)) for future in futures] == [4] * 6
    bench.queue.close(20.0)
