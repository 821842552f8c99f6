"""Each event loads the session once, so a pick with its next round needs few calls of any store."""

import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.store import Store
from personalize.settings import Settings
from personalize.taste.summary import summary_of
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

SETTINGS = Settings(candidates=200, pool=64)
MOST_CALLS = 6
ROUNDS = (3, 11, 20)


class CountingStore:
    """A store that counts the calls of its methods."""

    def __init__(self, store: Store) -> None:
        self._store, self.calls = store, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not callable(method):
            return method

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += threading.current_thread() is threading.main_thread()
            return method(*args, **kwargs)

        return counted


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = replace(SETTINGS, data=tmp_path_factory.mktemp("data"))
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def pick(loop: Personalizer, token: str) -> None:
    """Do what the page does after a pick: open the next round, and request the round after it."""
    current = loop.session(token).current
    assert current is not None
    loop.store.calls.clear()  # type: ignore[attr-defined]
    session = loop.answer(token, current.number, best=0, shown=current.fingerprint)
    snapshot = loop.open_round(token, session)
    summary_of(loop.preparation, snapshot.session, snapshot.estimate)
    opened = snapshot.session.current
    assert opened is not None and opened.rendered
    jobs = loop.request_pool(token, snapshot.session)
    calls: Counter[str] = Counter(loop.store.calls)  # type: ignore[attr-defined]
    for job in jobs:
        assert job is not None
        job.future.result(20)
    assert sum(calls.values()) <= MOST_CALLS, calls


def test_a_pick_takes_few_calls_whatever_the_number_of_rounds(preparation: Preparation, store: Store) -> None:
    counting: Any = CountingStore(store)
    loop = Personalizer(preparation, counting, FakeRenderer(), FakeEmbedder(), SETTINGS)
    token = loop.start("a fox", seed=3).token
    loop.render(token, loop.propose(token).number)
    for job in loop.request_pool(token):
        assert job is not None
        job.future.result(20)
    for _ in range(max(ROUNDS)):
        pick(loop, token)


def test_a_pick_takes_few_calls_after_a_restart_too(preparation: Preparation, store: Store) -> None:
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), SETTINGS)
    token = loop.start("a fox", seed=3).token
    for _ in range(12):
        number = loop.propose(token).number
        loop.render(token, number)
        loop.answer(token, number, best=0)
    loop.render(token, loop.propose(token).number)
    for job in loop.request_pool(token):
        assert job is not None
        job.future.result(20)
    counting: Any = CountingStore(store)
    pick(Personalizer(preparation, counting, FakeRenderer(), FakeEmbedder(), SETTINGS), token)
