"""Concurrent access: threads in one program, and programs on one database."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from personalize.errors import StaleAnswerError
from personalize.session.database_store import DatabaseStore
from personalize.session.store import Store
from tests.session.conftest import OpenStore
from tests.session.examples import content, open_and_fill, pick, record, round_, saved, session

THREADS = 8


def at_once(act: Callable[[int], object], threads: int = THREADS) -> list[object]:
    """The results or errors of `act(0)`, `act(1)`, ..., all started together."""
    results: list[object] = [None] * threads
    gate = threading.Barrier(threads)

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = act(index)
        except Exception as error:  # noqa: BLE001  the test checks the error
            results[index] = error

    workers = [threading.Thread(target=run, args=(index,)) for index in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return results


def test_of_answers_given_at_once_exactly_one_counts(store: Store) -> None:
    store.create(session())
    answers = [pick(index % 3) for index in range(THREADS)]
    for number in range(1, 6):
        store.append_round("token", round_(number))

        def give(index: int, number: int = number) -> None:
            store.append_answer("token", number, answers[index])

        results = at_once(give)
        counted = [index for index, result in enumerate(results) if result is None]
        assert len(counted) == 1
        assert all(isinstance(r, StaleAnswerError) for i, r in enumerate(results) if i not in counted)
        assert store.load("token").round(number).answer == answers[counted[0]]


def test_of_two_stores_on_one_database_exactly_one_answer_counts(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    stores[0].create(session())
    stores[1].append_round("token", round_(1))
    results = at_once(lambda index: stores[index].append_answer("token", 1, pick()), len(stores))
    assert sorted(type(r).__name__ for r in results) == ["Session"] + ["StaleAnswerError"] * 3


def test_of_rounds_proposed_at_once_all_see_the_same(store: Store) -> None:
    store.create(session())
    results = at_once(lambda index: store.append_round("token", round_(1, salt=index)))
    assert len(set(results)) == 1
    assert store.load("token").rounds == (results[0],)


def test_undo_at_once_takes_back_one_answer_each(store: Store) -> None:
    store.create(session())
    for number in range(1, 4):
        store.append_round("token", round_(number))
        store.append_answer("token", number, pick())
    results = at_once(lambda index: store.undo("token"))
    assert results.count(None) == 3
    assert store.load("token").rounds == (round_(1),)


def test_sessions_and_pictures_at_once(store: Store) -> None:
    def live(index: int) -> object:
        token = f"token {index}"
        store.create(session(token))
        for number in range(1, 4):
            pictures = [saved(store, 10 * number + option) for option in range(3)]  # shared by all sessions
            store.append_round(token, round_(number))
            store.set_pictures(token, number, pictures)
            store.keep_embeddings("eye", {pictures[0]: torch.ones(4)})
            store.append_answer(token, number, pick(index % 3))
        return store.load(token)

    sessions = at_once(live)
    for index, found in enumerate(sessions):
        assert found == store.load(f"token {index}")
    assert store.read_picture(saved(store, 10)) == content(10)
    deleted = at_once(lambda index: store.delete(f"token {index}"))
    assert sum(int(str(count)) for count in deleted) == THREADS * 6 + 9
    assert store.find_picture(record(10)) is None


def test_stores_opened_at_once_make_the_tables_once(open_store: OpenStore) -> None:
    stores = at_once(lambda index: open_store())
    for index, opened in enumerate(stores):
        assert isinstance(opened, DatabaseStore), opened
        opened.create(session(f"token {index}"))


@pytest.mark.slow
def test_programs_started_at_once_share_one_database(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=open_and_fill, args=(str(tmp_path), i)) for i in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(120)
    assert [program.exitcode for program in programs] == [0, 0, 0]
    store = DatabaseStore(f"sqlite:///{tmp_path}/palate.sqlite3", tmp_path / "pictures")
    assert all(store.load(f"token {i}") == session(f"token {i}") for i in range(3))
    assert all(store.read_picture(saved(store, number)) == content(number) for number in range(20))
    store.close()


def while_it_deletes(
    deleter: DatabaseStore, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]
) -> None:
    """Call `act` when a deletion of the session "token" has removed its files and was not committed yet."""
    removed, results = threading.Event(), []
    remove = deleter._files.remove

    def slowly(*pictures: str) -> None:
        remove(*pictures)
        removed.set()
        time.sleep(1.0)

    monkeypatch.setattr(deleter._files, "remove", slowly)
    worker = threading.Thread(target=lambda: results.append(deleter.delete("token")))
    worker.start()
    assert removed.wait(20)
    act()
    worker.join(20)
    assert results


def test_a_picture_that_another_process_deletes_is_saved_anew(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleter, saver = open_store(), open_store()
    assert isinstance(deleter, DatabaseStore)
    for name in ("token", "other"):
        deleter.create(session(name))
    picture = deleter.save_pictures([(record(1), content(1), ["token"])])[0]
    found: list[str | None] = []
    while_it_deletes(
        deleter, monkeypatch, lambda: found.extend(saver.save_pictures([(record(1), content(1), ["other"])]))
    )
    assert found == [picture] and picture is not None
    assert saver.owns("other", picture) and saver.read_picture(picture) == content(1)
    assert saver.find_picture(record(1)) == picture


def test_a_session_that_is_deleted_while_its_pictures_are_saved_leaves_no_file(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deleter, saver = open_store(), open_store()
    assert isinstance(deleter, DatabaseStore)
    deleter.create(session("token"))
    deleter.save_pictures([(record(1), content(1), ["token"])])
    found: list[str | None] = []
    while_it_deletes(
        deleter, monkeypatch, lambda: found.extend(saver.save_pictures([(record(2), content(2), ["token"])]))
    )
    assert found == [None]
    assert list((tmp_path / "pictures").rglob("*.png")) == []
