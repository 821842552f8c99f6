"""Any sequence of calls gives the same results on the store on disk and the store in memory."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from personalize.errors import PersonalizeError
from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.session.store import Store
from tests.session.examples import content, none_of_these, pick, record, round_, session

TOKENS = st.sampled_from(["one", "two"])
NUMBERS = st.integers(1, 4)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def outcome(call: Callable[[], Any]) -> object:
    """The result of a call, or its error."""
    try:
        return call()
    except PersonalizeError as error:
        return type(error), str(error)


class TwoStores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.memory: Store = MemoryStore()
        self.disk = self.opened()

    def opened(self) -> DatabaseStore:
        return DatabaseStore(f"sqlite:///{self.folder / 'palate.sqlite3'}", self.folder / "pictures")

    def both(self, act: Callable[[Store], Any]) -> None:
        assert outcome(lambda: act(self.disk)) == outcome(lambda: act(self.memory))

    @rule(token=TOKENS)
    def create(self, token: str) -> None:
        self.both(lambda store: store.create(session(token)))

    @rule(token=TOKENS, number=NUMBERS, salt=st.integers(0, 1))
    def append_round(self, token: str, number: int, salt: int) -> None:
        self.both(lambda store: store.append_round(token, round_(number, salt=salt)))

    @rule(token=TOKENS, number=NUMBERS, best=st.integers(0, 3))
    def answer(self, token: str, number: int, best: int) -> None:
        answer = replace(none_of_these() if best == 3 else pick(best), at=WHEN)
        self.both(lambda store: store.append_answer(token, number, answer))

    @rule(token=TOKENS, number=NUMBERS, shown=st.lists(st.integers(0, 4), min_size=3, max_size=3))
    def show(self, token: str, number: int, shown: list[int]) -> None:
        def act(store: Store) -> object:
            pictures = [store.save_picture(record(n), content(n)) for n in shown]
            return store.set_pictures(token, number, pictures)

        self.both(act)

    @rule(token=TOKENS)
    def undo(self, token: str) -> None:
        self.both(lambda store: store.undo(token))

    @rule(token=TOKENS)
    def delete(self, token: str) -> None:
        self.both(lambda store: store.delete(token))

    @rule()
    def reopen(self) -> None:
        self.disk.close()
        self.disk = self.opened()

    @invariant()
    def the_same_is_kept(self) -> None:
        for token in ("one", "two"):
            self.both(lambda store, token=token: store.load(token))  # type: ignore[misc]
        for number in range(5):
            self.both(lambda store, n=number: store.find_picture(record(n)))  # type: ignore[misc]

    def teardown(self) -> None:
        self.disk.close()
        shutil.rmtree(self.folder)


TwoStores.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestTwoStores = TwoStores.TestCase
