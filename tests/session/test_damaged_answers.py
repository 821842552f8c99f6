"""A session with a damaged answer opens; that round is left out, and can be answered anew."""

from pathlib import Path

import pytest

from personalize.session.database_store import DatabaseStore
from personalize.session.record import Answer
from personalize.session.store import Store
from tests.session.conftest import STORES
from tests.session.damage import NOT_ANSWERS, NOT_ANSWERS_ON_POSTGRESQL, damage, damage_on_postgresql
from tests.session.examples import A, B, C, pick, round_, session


def three_answers(store: Store) -> None:
    store.create(session())
    for number in (1, 2, 3):
        store.append_round("token", round_(number, (A, B, C)))
        store.append_answer("token", number, pick())


def check_that_round_2_is_left_out(store: Store) -> None:
    """Check what every store promises about a session whose second answer is damaged."""
    loaded = store.load("token")
    assert loaded.left_out == (2,)
    assert [one.number for one in loaded.answered] == [1, 2, 3]
    assert [one.number for one in loaded.counted] == [1, 3]
    assert store.latest(loaded.vocabulary, loaded.embedder, 5)[0].left_out == (2,)
    store.append_round("token", round_(4, (A, B, C)))
    assert store.append_answer("token", 4, pick(1)).left_out == (2,)
    store.change_answer("token", 2, pick(2))
    mended = store.load("token")
    assert not mended.left_out
    assert [one.answer.best for one in mended.answered if one.answer] == [0, 2, 0, 1]


CASES = [
    *(("sqlite", name) for name in NOT_ANSWERS),
    *(("postgresql", name) for name in NOT_ANSWERS_ON_POSTGRESQL if "postgresql" in STORES),
]


@pytest.mark.parametrize(("database", "name"), CASES)
def test_one_damaged_answer_is_left_out_and_answered_anew(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, name: str
) -> None:
    file = tmp_path / "palate.sqlite3"
    url = f"sqlite:///{file}" if database == "sqlite" else request.getfixturevalue("postgres_url")
    store = DatabaseStore(url, tmp_path / "pictures", lock_wait_s=10.0)
    three_answers(store)
    if database == "sqlite":
        damage(file, 2, NOT_ANSWERS[name])
    else:
        damage_on_postgresql(url, 2, NOT_ANSWERS[name])
    check_that_round_2_is_left_out(store)
    store.close()


@pytest.mark.parametrize(
    "change", ["best = 1.0", "best = '1'", "best = 1, liked = '[2.0]'", "best = 1, liked = '[\"2\"]'"]
)
def test_a_whole_number_in_another_form_is_no_damage(tmp_path: Path, change: str) -> None:
    file = tmp_path / "palate.sqlite3"
    store = DatabaseStore(f"sqlite:///{file}", tmp_path / "pictures")
    three_answers(store)
    damage(file, 2, change)
    answer = store.load("token").round(2).answer
    assert answer is not None and (answer.kind, answer.best) == ("best", 1)
    assert answer.liked == ((2,) if "liked" in change else ())
    store.close()


def test_a_damaged_answer_can_be_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "palate.sqlite3"
    store = DatabaseStore(f"sqlite:///{file}", tmp_path / "pictures")
    three_answers(store)
    damage(file, 3, "best = 0.5")
    store.undo("token")
    assert not store.load("token").left_out
    assert store.append_answer("token", 3, pick(1)).counted[-1].answer == store.load("token").round(3).answer
    store.close()


def test_an_answer_that_is_given_as_damaged_stays_so(store: Store) -> None:
    store.create(session())
    store.append_round("token", round_(1, (A, B, C)))
    given = Answer("damaged", None, pick().at)
    assert store.append_answer("token", 1, given).left_out == (1,)
    assert store.load("token").round(1).answer == given
