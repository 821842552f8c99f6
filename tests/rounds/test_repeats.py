"""Repeated questions: their choice, their distance, and the agreement of their answers."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from personalize.errors import SettingsError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.repeats import question_to_repeat, steadiness_of
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Answer, Round, Session
from personalize.settings import SHORTEST_REPEAT_GAP, Settings
from personalize.taste.summary import summarise
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_session(*rounds: Round) -> Session:
    return Session("t", 1, "a fox", "adaptive", 3, "v", "r", "e", NOW, rounds)


def a_round(number: int, question: int, order: Sequence[int] = (0, 1, 2), best: int | None = 0) -> Round:
    paths = tuple((3 * question + n,) for n in order)
    answer = Answer("none" if best is None else "best", best, NOW)
    return Round(number, "a fox", paths, ("p",) * 3, (question,) * 3, ("x",) * 3, "adaptive", answer)


def test_the_same_picture_counts_wherever_it_stands() -> None:
    first, other = a_round(1, 1, best=0), a_round(2, 2)
    assert steadiness_of(a_session(first, other)).repeated == 0
    same = steadiness_of(a_session(first, other, a_round(3, 1, (2, 1, 0), best=2)))
    assert (same.repeated, same.agreed) == (1, 1)
    moved = steadiness_of(a_session(first, other, a_round(3, 1, (2, 1, 0), best=0)))
    assert (moved.repeated, moved.agreed) == (1, 0)


def test_none_of_these_twice_is_the_same_answer() -> None:
    found = steadiness_of(a_session(a_round(1, 1, best=None), a_round(2, 1, (1, 0, 2), best=None)))
    assert (found.repeated, found.agreed) == (1, 1)


def test_the_interval_is_wilsons_and_bounds_what_can_be_foreseen() -> None:
    rounds = [a_round(n, n) for n in (1, 2, 3, 4)]
    again = [a_round(4 + n, n, best=0 if n < 4 else 1) for n in (1, 2, 3, 4)]
    found = steadiness_of(a_session(*rounds, *again))
    assert (found.repeated, found.agreed) == (4, 3)
    assert found.low == pytest.approx(0.3006, abs=1e-3) and found.high == pytest.approx(0.9544, abs=1e-3)
    assert found.foreseen_low == found.low
    assert found.foreseen_high == pytest.approx(0.9544**0.5, abs=1e-3)


def test_nothing_is_known_without_a_repeated_question() -> None:
    found = steadiness_of(a_session())
    assert (found.low, found.high, found.foreseen_high) == (0.0, 1.0, 1.0)


def test_one_round_in_so_many_repeats_the_oldest_question_and_each_once() -> None:
    rounds: list[Round] = []
    repeated = {}
    for number in range(1, 33):
        before = question_to_repeat(a_session(*rounds), 8)
        if before is not None:
            repeated[number] = before.number
            assert number - before.number >= SHORTEST_REPEAT_GAP
        question = int(before.seeds[0]) if before else 100 + number
        rounds.append(a_round(number, question, (1, 2, 0) if before else (0, 1, 2)))
    assert repeated == {8: 1, 16: 2, 24: 3, 32: 4}
    assert question_to_repeat(a_session(*rounds[:7]), 0) is None


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def played(preparation: Preparation, settings: Settings, rounds: int) -> tuple[Personalizer, Session]:
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox", seed=3).token
    for _ in range(rounds):
        round_ = loop.render(token, loop.propose(token).number)
        loop.render_ahead(token)
        loop.answer(token, round_.number, best=1)
    return loop, loop.session(token)


def test_a_session_asks_again_with_the_same_pictures_in_another_order(preparation: Preparation) -> None:
    loop, session = played(preparation, Settings(candidates=200, pool=64, repeats=6), 6)
    first, again = session.rounds[0], session.rounds[5]
    assert set(again.pictures) == set(first.pictures) and again.pictures != first.pictures
    assert steadiness_of(session).repeated == 1
    assert summarise(loop, session.token).answered == 6 and loop.estimate(session.token).answers == 6


@pytest.mark.parametrize("how", [{"repeats": 0}, {"repeats": 6, "kiosk": 60}])
def test_nothing_comes_again_at_a_booth_or_when_switched_off(
    preparation: Preparation, how: dict[str, int]
) -> None:
    _, session = played(preparation, Settings(candidates=200, pool=64, **how), 6)  # type: ignore[arg-type]
    assert len({frozenset(round_.pictures) for round_ in session.rounds}) == 6
    assert steadiness_of(session).repeated == 0


def test_questions_may_not_come_again_all_the_time() -> None:
    with pytest.raises(SettingsError, match="repeats"):
        Settings(repeats=2)
