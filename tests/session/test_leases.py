"""One owner at a time draws a picture, by the clock of the database; a dead owner is succeeded."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from personalize.session.database import Database
from personalize.session.database_leases import DatabaseLeases
from personalize.session.database_store import DatabaseStore
from personalize.session.leases import LEASE_S, Claim, Lease
from personalize.session.store import hash_of
from tests.session.conftest import STORES
from tests.session.examples import content, record

ONE, TWO, THREE = record(1), record(2), record(3)


class Shared:
    """A store with two programs at it, and hands on its clock."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store = DatabaseStore(url, folder / "pictures")
        self.database = Database(url)
        self.here, self.there = self.store.leases, DatabaseLeases(self.database)
        assert self.here is not None
        self.engine = create_engine(url)

    def shift(self, seconds: float) -> None:
        """Let so many seconds pass on the clock of the database; it is set back if they are negative."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE palate_lease SET until = until - :s"), {"s": seconds})

    def close(self) -> None:
        self.engine.dispose()
        self.database.close()
        self.store.close()


@pytest.fixture(params=[name for name in STORES if name not in ("memory", "s3")])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shared]:
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'palate.sqlite3'}"
    made = Shared(url, tmp_path)
    yield made
    made.close()


def test_what_one_draws_the_other_waits_for_and_sees_how_far_it_is(shared: Shared) -> None:
    assert shared.here is not None
    assert shared.here.take("a", [ONE, TWO]) == Claim((ONE, TWO))
    assert shared.there.take("b", [TWO, THREE]) == Claim((THREE,), {}, {TWO: Lease()})
    shared.here.renew("a", [ONE, TWO], Lease(0.5, 1.25))
    assert shared.there.look("b", [ONE, THREE]) == Claim((THREE,), {}, {ONE: Lease(0.5, 1.25)})
    picture = shared.store.save_picture(ONE, content(1))
    assert ONE in shared.there.look("b", [ONE]).elsewhere  # its embedding is not there yet
    shared.here.release("a", [ONE, TWO])
    assert shared.there.look("b", [ONE, TWO]) == Claim((TWO,), {ONE: picture})
    assert shared.there.take("b", [ONE, TWO]) == Claim((TWO,), {ONE: picture})
    assert shared.here.take("a", [ONE, TWO, THREE]).elsewhere.keys() == {TWO, THREE}


@pytest.mark.parametrize("passed_s", [LEASE_S + 0.1, 1e7, -LEASE_S - 10.0, -1e7])
def test_the_lease_of_a_dead_owner_is_free_soon_whatever_the_clock_does(
    shared: Shared, passed_s: float
) -> None:
    assert shared.here is not None
    shared.here.take("a", [ONE])
    shared.shift(passed_s)
    assert shared.there.look("b", [ONE]) == Claim((ONE,))
    assert shared.there.take("b", [ONE]) == Claim((ONE,))
    # The first owner lives after all: it takes nothing back, and ends nothing of the other's.
    shared.here.renew("a", [ONE], Lease(0.9))
    shared.here.release("a", [ONE])
    assert shared.here.take("a", [ONE]) == Claim((), {}, {ONE: Lease()})


def test_a_living_owner_keeps_its_lease(shared: Shared) -> None:
    assert shared.here is not None
    shared.here.take("a", [ONE])
    for _ in range(3):
        shared.shift(LEASE_S - 1.0)
        shared.here.renew("a", [ONE], Lease())
        assert ONE in shared.there.take("b", [ONE]).elsewhere


def test_the_database_refuses_progress_that_is_none(shared: Shared) -> None:
    insert = "INSERT INTO palate_lease (key, owner, until, share, left_s) VALUES ('k', 'o', 0, :share, :left)"
    for share, left in ((1.5, 0.0), (-0.1, 0.0), (0.5, -1.0)):
        with pytest.raises(IntegrityError), shared.engine.begin() as connection:
            connection.execute(text(insert), {"share": share, "left": left})


RECORDS = st.sets(st.sampled_from([ONE, TWO, THREE]), min_size=1)
OWNERS = st.sampled_from(["a", "b", "c"])


class OneOwner(RuleBasedStateMachine):
    """Any sequence of calls, beside a plain dictionary of owners."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        here = Path(self.folder.name)
        self.shared = Shared(f"sqlite:///{here / 'palate.sqlite3'}", here)
        self.owners: dict[object, str] = {}
        self.over: dict[object, str] = {}
        self.drawn: set[object] = set()

    @rule(owner=OWNERS, records=RECORDS)
    def take(self, owner: str, records: set) -> None:  # type: ignore[type-arg]
        claim = self.shared.there.take(owner, sorted(records, key=str))
        self.over.clear()
        self.agree(owner, claim, records)
        self.owners |= dict.fromkeys(claim.free, owner)
        for one in claim.drawn:
            if self.owners.get(one) == owner:
                del self.owners[one]

    @rule(owner=OWNERS, records=RECORDS)
    def look(self, owner: str, records: set) -> None:  # type: ignore[type-arg]
        self.agree(owner, self.shared.there.look(owner, sorted(records, key=str)), records)

    def agree(self, owner: str, claim: Claim, records: set) -> None:  # type: ignore[type-arg]
        others = {one for one in records if self.owners.get(one, owner) != owner}
        assert set(claim.elsewhere) == others
        assert set(claim.drawn) == (records & self.drawn) - others
        assert set(claim.free) == records - self.drawn - others

    @rule(owner=OWNERS, records=RECORDS)
    def release(self, owner: str, records: set) -> None:  # type: ignore[type-arg]
        self.shared.there.release(owner, list(records))
        self.owners = {k: v for k, v in self.owners.items() if not (k in records and v == owner)}
        self.over = {k: v for k, v in self.over.items() if not (k in records and v == owner)}

    @rule(owner=OWNERS)
    def everybody_else_dies(self, owner: str) -> None:
        self.shared.shift(LEASE_S - 0.5)
        self.shared.there.renew(owner, [ONE, TWO, THREE], Lease())
        self.shared.shift(0.5)
        held = self.owners | self.over  # a lease that nobody took meanwhile comes back with its owner
        self.owners = {k: v for k, v in held.items() if v == owner}
        self.over = {k: v for k, v in held.items() if v != owner}

    @rule(number=st.integers(1, 3))
    def save(self, number: int) -> None:
        assert self.shared.store.save_picture(record(number), content(number)) == hash_of(content(number))
        self.drawn.add(record(number))

    def teardown(self) -> None:
        self.shared.close()
        self.folder.cleanup()


TestOneOwner = OneOwner.TestCase
TestOneOwner.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
