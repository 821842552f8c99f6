"""All programs at a database have the same buckets and notes; a clock that is set back does no harm."""

import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from personalize.session.database import Database
from personalize.session.database_limits import DatabaseLimits
from personalize.session.database_notes import DatabaseNotes
from personalize.session.limits import MemoryLimits
from personalize.session.notes import MemoryNotes, Note
from tests.session.conftest import STORES


class Two:
    """Two programs at one database, and hands on its clock."""

    def __init__(self, url: str) -> None:
        self.databases = Database(url), Database(url)
        self.limits = tuple(map(DatabaseLimits, self.databases))
        self.notes = tuple(map(DatabaseNotes, self.databases))
        self.engine = create_engine(url)

    def shift(self, seconds: float) -> None:
        """Let so many seconds pass on the clock of the database; it is set back if they are negative."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE palate_limit SET full_at = full_at - :s"), {"s": seconds})
            connection.execute(text("UPDATE palate_note SET until = until - :s"), {"s": seconds})

    def close(self) -> None:
        self.engine.dispose()
        for database in self.databases:
            database.close()


@pytest.fixture(params=[name for name in STORES if name not in ("memory", "s3")])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'palate.sqlite3'}"
    made = Two(url)
    yield made
    made.close()


def test_all_programs_take_from_one_bucket(two: Two) -> None:
    here, there = two.limits
    assert [one.take("draws", "me", 3, 6000.0) for one in (here, there, here)] == [0.0, 0.0, 0.0]
    assert 1990.0 < there.take("draws", "me", 3, 6000.0) <= 2000.0
    assert there.take("draws", "you", 3, 6000.0) == here.take("starts", "me", 3, 6000.0) == 0.0
    two.shift(2000.0)
    assert here.take("draws", "me", 3, 6000.0) == 0.0 and there.take("draws", "me", 3, 6000.0) > 0.0
    there.forget("draws")
    assert [here.take("draws", "me", 3, 6000.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_bucket_of_a_clock_that_was_set_back_is_full(two: Two) -> None:
    here, _ = two.limits
    for _ in range(3):
        here.take("draws", "me", 2, 60.0)
    two.shift(-3600.0)
    assert here.take("draws", "me", 2, 60.0) == here.take("draws", "me", 2, 60.0) == 0.0
    assert 0.0 < here.take("draws", "me", 2, 60.0) <= 30.0


def test_many_at_once_take_no_more_than_there_is(two: Two) -> None:
    taken: list[float] = []

    def visit(number: int) -> None:
        for _ in range(5):
            taken.append(two.limits[number % 2].take("draws", "me", 7, 6e6))

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 30 and taken.count(0.0) == 7


@given(
    goes=st.integers(1, 5),
    seconds=st.floats(1.0, 1e5),
    waits=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_a_bucket_gives_what_a_bucket_has(goes: int, seconds: float, waits: list[float]) -> None:
    now, left, at = [0.0], float(goes), 0.0
    limits = MemoryLimits(lambda: now[0])
    for wait in waits:
        now[0] += wait * seconds
        left, at = min(float(goes), left + (now[0] - at) * goes / seconds), now[0]
        if abs(left - 1.0) < 1e-4:
            continue  # a matter of rounding
        wait_s = limits.take("draws", "me", goes, seconds)
        assert (wait_s == 0.0) == (left >= 1.0)
        if wait_s:
            assert wait_s == pytest.approx((1.0 - left) * seconds / goes, abs=1e-3 * seconds)
        else:
            left -= 1.0


def test_a_note_is_known_to_all_until_it_ends(two: Two) -> None:
    here, there = two.notes
    here.keep("staff", "a", b"\x00x", 100.0)
    assert (found := there.find("staff", "a")) is not None and found.value == b"\x00x"
    assert there.find("staff", "b") is None and there.find("other", "a") is None
    two.shift(99.0)
    assert there.find("staff", "a") is not None
    two.shift(2.0)
    assert there.find("staff", "a") is None and here.take("staff", "a") is None
    here.keep("staff", "a", b"y", 100.0)
    two.shift(-1e6)
    assert there.find("staff", "a") is None  # it would last for days
    here.keep("staff", "a", b"z", 100.0)
    assert there.take("staff", "a") == b"z" and here.take("staff", "a") is None


def test_the_newest_notes_are_kept(two: Two) -> None:
    here, there = two.notes
    for name in "abcd":
        here.keep("staff", name, b"", 100.0, most=3)
        two.shift(1.0)
    assert [there.find("staff", name) is not None for name in "abcd"] == [False, True, True, True]


def test_the_first_value_stays(two: Two) -> None:
    here, there = two.notes
    assert here.first("key", "a", b"1") == there.first("key", "a", b"2") == b"1"
    two.shift(1e9)
    assert there.first("key", "a", b"3") == b"1"


@pytest.mark.parametrize("kind", ["database", "memory"])
def test_changes_at_once_are_all_counted(two: Two, kind: str) -> None:
    memory = MemoryNotes()
    notes = two.notes if kind == "database" else (memory, memory)

    def add(note: Note | None, now_s: float) -> bytes:
        return str(int(note.value if note else 0) + 1).encode()

    def visit(number: int) -> None:
        for _ in range(5):
            notes[number % 2].change("vote", "a", add, 100.0)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = notes[0].find("vote", "a")
    assert found is not None and found.value == b"30"


def test_an_error_leaves_a_note_as_it_was(two: Two) -> None:
    here, there = two.notes

    def fail(note: Note | None, now_s: float) -> bytes:
        raise ValueError

    for name in ("new", "old"):
        if name == "old":
            here.keep("vote", name, b"1", 100.0)
        with pytest.raises(ValueError):
            here.change("vote", name, fail, 100.0)
    assert there.find("vote", "new") is None
    assert (old := there.find("vote", "old")) is not None and old.value == b"1"


def test_the_database_refuses_times_that_are_none(two: Two) -> None:
    for statement in (
        "INSERT INTO palate_limit (what, visitor, full_at) VALUES ('w', 'v', -1)",
        "INSERT INTO palate_note (kind, name, value, until, for_s) VALUES ('k', 'n', '', 1, -1)",
        "INSERT INTO palate_note (kind, name, value, until, for_s) VALUES ('k', 'n', '', -1, 1)",
    ):
        with pytest.raises(IntegrityError), two.engine.begin() as connection:
            connection.execute(text(statement))
