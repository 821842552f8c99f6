"""Two render queues at one database draw a picture once, and one goes on where the other ends."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from personalize.errors import RenderError, StoreError
from personalize.session.database import Database
from personalize.session.database_leases import DatabaseLeases
from personalize.session.database_store import DatabaseStore
from personalize.session.leases import Claim, Lease
from tests.rendering.bench import AHEAD, ROUND, WAIT_S, Bench, done, picture, pictures, until
from tests.session.examples import session


class Process(Bench):
    """What one process has: its own store, queue and renderer."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        url = f"sqlite:///{folder / 'palate.sqlite3'}"
        self.store, self.database = DatabaseStore(url, folder / "pictures"), Database(url)
        self.keep = self.store.save_pictures  # type: ignore[method-assign,assignment]
        settings = {"leases": DatabaseLeases(self.database, lease_s=1.0)} | settings
        super().__init__(own=self.store.own, **settings)

    def close(self) -> None:
        self.draw_all()
        self.queue.close(WAIT_S)
        self.store.close()
        self.database.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Process, Process]]:
    with ExitStack() as opened:
        both = Process(tmp_path), Process(tmp_path)
        both[0].store.create(session("s"))
        for one in both:
            opened.callback(one.close)
        yield both


def test_what_another_process_draws_is_waited_for(two: tuple[Process, Process]) -> None:
    here, there = two
    first = here.ask("s")
    here.wait_for_batch()
    job = there.queue.submit("s", ROUND, pictures("s"))
    until(lambda: job.progress().share == 0.5)  # as the process that draws tells it
    assert job.progress().waiting == 0
    here.draw_all()
    assert done(first) == done(job.future)
    assert len(here.batches) == 1 and there.batches == []
    assert all(there.store.owns("s", name) for name in job.future.result())


def test_two_sets_that_overlap_are_drawn_once_each(two: tuple[Process, Process]) -> None:
    here, there = two
    first = here.ask("s", count=4)
    here.wait_for_batch()
    second = there.ask("s", count=4, first=2)
    there.wait_for_batch()
    for one in two:
        one.draw_all()
    done(first, second)
    assert (here.batches, there.batches) == ([["s0", "s1", "s2", "s3"]], [["s4", "s5"]])


def test_where_the_other_process_fails_this_one_draws(two: tuple[Process, Process]) -> None:
    here, there = two
    here.fails = {"s0"}
    with pytest.raises(RenderError):
        done(here.ask("s"))
    there.draw_all()
    assert len(done(there.ask("s"))[0]) == 4


def test_what_the_other_process_gives_up_is_drawn_here(two: tuple[Process, Process]) -> None:
    here, there = two
    here.ask("s", AHEAD)
    here.wait_for_batch()
    second = there.ask("s")
    until(lambda: bool(there.queue._board.elsewhere))
    here.queue.cancel("s")
    there.draw_all()
    done(second)
    assert len(there.batches) == 1


def test_a_dead_owner_is_succeeded(two: tuple[Process, Process]) -> None:
    here, there = two
    dead = DatabaseLeases(here.database, lease_s=1.0)
    assert dead.take("dead", pictures("s")[:2]).free
    dead.renew("dead", pictures("s")[:2], Lease(0.75, 3.0))
    there.draw_all()
    job = there.queue.submit("s", ROUND, pictures("s"))
    until(lambda: len(there.batches) == 1)
    assert len(done(job.future)[0]) == 4
    assert there.batches == [["s2", "s3"], ["s0", "s1"]]


def test_a_living_owner_is_not_succeeded(two: tuple[Process, Process]) -> None:
    here, there = two
    first = here.ask("s")
    here.wait_for_batch()
    second = there.ask("s")
    seen: set[float] = set()

    def looked_often() -> bool:  # six looks of half a second: longer than a lease
        seen.update(one.seen_s for one in there.queue._board.elsewhere.copy().values())
        there.now += 0.001
        return len(seen) > 6 * 4

    until(looked_often)
    here.draw_all()
    done(first, second)
    assert there.batches == []


class AwayLeases(DatabaseLeases):
    """The leases of a database that does not answer."""

    def take(self, *_: Any) -> Claim:
        raise StoreError("Expected the database to answer, found it gone.")

    renew = look = release = take  # type: ignore[assignment]


def test_without_the_database_everything_is_drawn(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'palate.sqlite3'}")
    bench = Bench(leases=AwayLeases(database))
    bench.draw_all()
    assert done(bench.ask("a"), bench.ask("b"))[1] == ["#b0", "#b1", "#b2", "#b3"]
    bench.queue.close(WAIT_S)
    database.close()


def test_a_picture_that_is_restored_is_drawn_although_it_is_there(two: tuple[Process, Process]) -> None:
    here, _ = two
    here.draw_all()
    done(here.ask("s", count=1))
    assert here.queue.redraw(picture("s0"), lambda content: None) == b"s0"
    assert here.batches == [["s0"], ["s0"]]
