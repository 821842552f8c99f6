"""Records: valid answers, and the views of a session on its log."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from personalize.errors import SessionError
from personalize.session.record import STRATEGY_NAMES, Answer, checked_strategy
from tests.session.examples import none_of_these, pick, round_, session


def test_a_pick_is_dated_and_says_what_it_is() -> None:
    answer = pick(2, worst=0)
    assert (answer.kind, answer.best, answer.worst) == ("best", 2, 0)
    assert answer.at.tzinfo is UTC
    assert (none_of_these().kind, none_of_these().best) == ("none", None)


@pytest.mark.parametrize(
    ("best", "liked", "disliked", "none", "says"),
    [
        (None, [], [], False, "found neither. Pick one picture, or say none"),
        (0, [], [], True, "found both"),
        (3, [], [], False, "favourite picture to be one of 1 to 3, found 4"),
        (-1, [], [], False, "found 0"),
        (0, [3], [], False, "liked picture to be one of 1 to 3, found 4"),
        (0, [], [1, 3], False, "disliked picture to be one of 1 to 3, found 4"),
        (1, [], [1], False, "the favourite disliked"),
        (0, [1], [1], False, "both marks on one"),
        (None, [], [1], True, "no favourite"),
        (None, [1], [], True, "no favourite"),
    ],
)
def test_an_answer_that_says_two_things_or_nothing_is_refused(
    best: int | None, liked: list[int], disliked: list[int], none: bool, says: str
) -> None:
    with pytest.raises(SessionError, match=says):
        Answer.checked(3, best=best, none=none, liked=liked, disliked=disliked)


def test_marks_are_kept_in_order_and_a_liked_favourite_needs_none() -> None:
    answer = Answer.checked(4, best=2, none=False, liked=[2, 0, 0], disliked=[3, 1])
    assert (answer.liked, answer.disliked, answer.worst) == ((0,), (1, 3), None)


def test_a_session_tells_answered_from_open() -> None:
    answered = replace(round_(1), answer=pick())
    live = session(rounds=(answered, round_(2)))
    assert live.answered == (answered,)
    assert live.current == round_(2) == live.round(2)
    assert session(rounds=(answered,)).current is None
    with pytest.raises(SessionError, match="from 1 to 2, found round 3. Reload"):
        live.round(3)


def test_a_round_is_rendered_when_every_option_has_its_picture() -> None:
    assert round_(1).options == 3
    assert not round_(1).rendered and not round_(1, ("a", "b")).rendered
    assert round_(1, ("a", "b", "c")).rendered


def test_records_are_values() -> None:
    with pytest.raises(FrozenInstanceError):
        session().seed = 1  # type: ignore[misc]
    assert len({round_(1), round_(1), round_(2)}) == 2


def test_strategies_are_known_by_name() -> None:
    assert [checked_strategy(name) for name in STRATEGY_NAMES] == list(STRATEGY_NAMES)
    with pytest.raises(SessionError, match="eubo and study, found 'Adaptive'"):
        checked_strategy("Adaptive")


@pytest.mark.parametrize("index", [0.5, True, "1", 1.0])
def test_an_answer_names_pictures_by_whole_numbers_only(index: object) -> None:
    with pytest.raises(SessionError, match="number of a picture"):
        Answer("best", index, datetime.now(UTC))  # type: ignore[arg-type]
    with pytest.raises(SessionError, match="number of a picture"):
        Answer("best", 0, datetime.now(UTC), disliked=(index,))  # type: ignore[arg-type]
    with pytest.raises(SessionError, match="number of a picture"):
        Answer.checked(3, best=index, none=False)  # type: ignore[arg-type]
    with pytest.raises(SessionError, match="number of a picture"):
        Answer.checked(3, best=2, none=False, liked=[index])  # type: ignore[list-item]
