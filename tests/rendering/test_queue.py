"""The laws of the render queue: order, fairness, raising, giving way, dropping, sharing, stalling."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from personalize.errors import CancelledError, RenderError, StalledError
from personalize.progress import OnStep
from personalize.rendering import queue as module
from personalize.rendering.queue import Purpose, RenderQueue
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


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.draw_all()
    made.queue.close()


def done(*futures: "Future[Any]") -> list[Any]:
    return [future.result(timeout=WAIT_S) for future in futures]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_job_gives_its_pictures_in_order(bench: Bench) -> None:
    bench.draw_all()
    records = [picture("b"), picture("a"), picture("b")]
    assert bench.queue.submit("s", ROUND, records).future.result(WAIT_S) == ["#b", "#a", "#b"]
    assert bench.batches == [["b", "a"]]


def test_the_order_is_by_purpose(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    jobs = [bench.ask(s, p) for s, p in zip("abcdef", reversed(Purpose), strict=True)]
    bench.draw_all()
    done(first, *jobs)
    assert bench.order() == ["z", "f", "e", "d", "c", "b", "a"]


def test_sessions_take_turns_and_a_large_job_is_drawn_in_parts(bench: Bench) -> None:
    long = bench.ask("a", PICTURES, count=12)
    bench.wait_for_batch()
    others = [bench.ask("b", PICTURES), bench.ask("c", PICTURES)]
    bench.draw_all()
    done(long, *others)
    assert bench.order() == ["a", "b", "c", "a", "a"]


def test_a_session_is_served_in_order(bench: Bench) -> None:
    jobs = [bench.ask("a", first=10 * n) for n in range(3)]
    bench.draw_all()
    done(*jobs)
    assert [batch[0] for batch in bench.batches] == ["a0", "a10", "a20"]


def test_nobody_who_waits_starves(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    patient = bench.ask("p", PICTURES)
    rounds = [bench.ask(chr(ord("A") + n)) for n in range(2 * module.PATIENCE)]
    bench.draw_all()
    done(first, patient, *rounds)
    assert bench.order().index("p") == module.PATIENCE + 1


def test_many_who_were_passed_over_delay_a_round_by_one_batch_only(bench: Bench) -> None:
    first = bench.ask("z")
    bench.wait_for_batch()
    adoptions = [bench.ask(chr(ord("a") + n), ADOPTION) for n in range(16)]
    rounds = [bench.ask(chr(ord("A") + n)) for n in range(20)]
    bench.draw_all()
    done(first, *adoptions, *rounds)
    order = bench.order()
    last = max(n for n, session in enumerate(order) if session.isupper())
    late = [n for n, session in enumerate(order[:last]) if session.islower() and n]
    assert late and all(after - before > 1 for before, after in zip(late, late[1:], strict=False))


def test_pictures_that_are_late_too_do_not_starve_an_adoption() -> None:
    bench = Bench(capacity=0)
    bench.free = True
    adoption = bench.ask("p", ADOPTION)
    for n in range(4 * module.PATIENCE):
        bench.ask(f"A{n}-")
        bench.ask(f"b{n}-", PICTURES)
        bench.queue.draw_next()
    assert adoption.done() and any(session == "b" for session in bench.order())
    bench.queue.close()


def test_what_is_drawn_ahead_gives_way_and_is_drawn_later(bench: Bench) -> None:
    ahead = bench.ask("a", AHEAD)
    bench.wait_for_batch()
    waited = bench.ask("b")
    bench.wait_for_batch()
    assert bench.order() == ["a", "b"] and not ahead.done()
    bench.draw_all()
    done(waited, ahead)
    assert bench.order() == ["a", "b", "a"]


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


def test_dropping_what_is_ahead_leaves_what_is_waited_for(bench: Bench) -> None:
    waited, ahead = bench.ask("a"), bench.ask("a", AHEAD, first=10)
    bench.queue.drop_ahead("a")
    with pytest.raises(CancelledError):
        ahead.result(WAIT_S)
    bench.draw_all()
    done(waited)


def test_a_job_that_its_followers_left_is_dropped_after_a_while(bench: Bench) -> None:
    busy = bench.ask("z")
    bench.wait_for_batch()
    job = bench.queue.submit("a", ROUND, pictures("a"))
    with job.followed():
        assert job.purpose is ROUND
    assert job.purpose is AHEAD and not job.future.done()
    with job.followed():
        assert job.purpose is ROUND  # whoever comes back waits again
    bench.now += module.ABANDONED_S + 1
    bench.draw_all()
    done(busy)
    with pytest.raises(CancelledError):
        job.future.result(WAIT_S)
    assert bench.order() == ["z"]


def test_one_follower_leaving_does_not_trouble_the_others(bench: Bench) -> None:
    job = bench.queue.submit("a", ROUND, pictures("a"))
    with job.followed():
        with job.followed():
            pass
        assert job.purpose is ROUND and job.abandoned_s is None


def test_pictures_that_several_want_are_drawn_once(bench: Bench) -> None:
    busy = bench.ask("z")
    bench.wait_for_batch()
    shared = pictures("s")
    jobs = [bench.queue.submit(session, ROUND, shared).future for session in "ab"]
    bench.draw_all()
    assert done(busy, *jobs)[1:] == [[f"#s{n}" for n in range(4)]] * 2
    assert bench.order() == ["z", "s"] and ("s0", ("a", "b")) in bench.kept and bench.queue.shared == 4


def test_a_batch_is_filled_from_several_sessions_where_that_pays() -> None:
    bench = Bench(batch=8)
    busy = bench.ask("z")
    bench.wait_for_batch()
    jobs = [bench.ask(session) for session in "abcd"] + [bench.ask("e", AHEAD)]
    bench.draw_all()
    done(busy, *jobs)
    assert bench.order() == ["z", "ab", "cd", "e"]  # guesses do not slow down those who wait
    bench.queue.close()


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


def test_pictures_of_a_session_that_is_gone_are_not_kept(bench: Bench) -> None:
    job = bench.ask("a")
    bench.wait_for_batch()
    bench.dead.add("a")
    bench.draw_all()
    bench.queue.cancel("a")
    until(lambda: job.done())
    assert not [name for name, wanting in bench.kept if set(wanting) - bench.dead]


def test_known_pictures_are_not_drawn(bench: Bench) -> None:
    records = pictures("a")
    known = {record: f"#{record.prompt}" for record in records}
    assert bench.queue.submit("a", ROUND, records, known=known).future.result(WAIT_S) == list(known.values())
    job = bench.queue.submit("a", ROUND, [*records, picture("new")], known=known)
    bench.draw_all()
    assert job.future.result(WAIT_S)[-1] == "#new" and bench.batches == [["new"]]


def test_the_page_is_told_what_the_queue_knows(bench: Bench) -> None:
    first = bench.queue.submit("a", ROUND, pictures("a"))
    bench.wait_for_batch()
    second, third = (bench.queue.submit(s, ROUND, pictures(s)) for s in "bc")
    bench.ask("d", AHEAD)
    assert [job.progress().waiting for job in (first, second, third)] == [0, 1, 2]
    assert bench.queue.before("a") == 0 and bench.queue.before("c") == 2
    left = [job.progress().left_s for job in (first, second, third)]
    assert left == sorted(left) and left[1] < left[2]
    until(lambda: first.progress().share == 0.5)
    bench.draw_all()
    done(first.future, second.future, third.future)
    assert third.progress().share == 1.0


def test_a_renderer_that_stands_still_is_said_and_tried_again() -> None:
    hung = threading.Event()

    def draw(records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        hung.wait(WAIT_S)
        return [b""] * len(records)

    now = [0.0]
    queue = RenderQueue(draw, lambda drawn: ["#"] * len(drawn), stall_s=5.0, clock=lambda: now[0])
    job = queue.submit("a", ROUND, pictures("a"))
    other = queue.submit("b", ROUND, pictures("b"))
    until(lambda: bool(queue._running))
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
    assert one.reasons_after(module.STALL_FIRST_S - 1, 5.0, 7.0) == [False] * 3  # the first may load
    bound_s = module.STALL_FACTOR * 7.0
    assert one.reasons_after(bound_s - 1, bound_s + 1, 0.0) == [False, True, False]
    assert one.reasons_after(0.0, bound_s + 1, 0.0) == [False, True, False]
    quick = Clocked()
    quick.reasons_after(0.0, 0.1, 0.1)
    assert quick.reasons_after(module.STALL_LEAST_S - 1, module.STALL_LEAST_S + 1, 0.0) == [
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


def test_a_renderer_that_gives_too_few_pictures_is_said_and_the_queue_goes_on() -> None:
    given: list[list[bytes]] = [[b""], [b""] * 4]
    queue = RenderQueue(lambda records, on_step: given.pop(0), lambda drawn: ["#"] * len(drawn))
    with pytest.raises(RenderError):
        queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S)
    assert queue.submit("a", ROUND, pictures("a")).future.result(WAIT_S) == ["#"] * 4
    queue.close()


def test_a_wait_ends_when_its_step_says_so(bench: Bench) -> None:
    job = bench.queue.submit("a", PICTURES, pictures("a"))

    def stop(done: int, total: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        job.result(stop)
    assert job.abandoned_s is not None


def test_a_lost_picture_is_drawn_again_and_put_back(bench: Bench) -> None:
    bench.draw_all()
    restored: list[bytes] = []
    assert bench.queue.redraw(picture("lost"), restored.append) == b"lost"
    assert restored == [b"lost"] and bench.kept == []


def test_a_closed_queue_takes_no_job(bench: Bench) -> None:
    job = bench.ask("a")
    bench.wait_for_batch()
    bench.queue.close()
    with pytest.raises(CancelledError):
        job.result(WAIT_S)
    with pytest.raises(CancelledError):
        bench.ask("b")
