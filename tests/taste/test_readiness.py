"""When a taste is ready, and how many answers are expected until then."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize.experiments.seen_sessions import POOL
from personalize.settings import Settings
from personalize.taste.readiness import FEWEST_ANSWERS, READY, answers_to_go, is_ready

EVIDENCE = Path(__file__).parents[2] / "assets" / "evidence" / "pictures" / "pictures.json"


def known_after(answers: int, one: float) -> float:
    """Spearman-Brown: the reliability of a test of so many answers, of which one alone has `one`."""
    return answers * one / (1.0 + (answers - 1) * one)


@pytest.mark.parametrize("one", [0.03, 0.05, 0.1])
def test_a_taste_that_grows_by_the_law_is_foreseen(one: float) -> None:
    ready = next(n for n in range(1, 100) if is_ready(known_after(n, one), n))
    for answers in range(4, ready):
        assert abs(answers + answers_to_go(known_after(answers, one), answers) - ready) <= 2


@given(st.floats(0.0, 1.0), st.integers(0, 200))
def test_it_is_none_when_ready_and_at_least_one_before(known: float, answers: int) -> None:
    to_go = answers_to_go(known, answers)
    assert (to_go == 0) == is_ready(known, answers)
    assert to_go >= 0 and (to_go == 0 or answers + to_go >= FEWEST_ANSWERS)


@given(st.floats(0.0, READY - 0.01), st.floats(0.0, READY - 0.01), st.integers(FEWEST_ANSWERS, 100))
def test_more_known_is_less_to_go(one: float, other: float, answers: int) -> None:
    low, high = sorted((one, other))
    assert answers_to_go(high, answers) <= answers_to_go(low, answers)


def test_the_promise_is_what_simulated_people_need_with_drawn_pictures() -> None:
    """One pick an answer, the default strategy, a taste that is linear in the features."""
    kinds = json.loads(EVIDENCE.read_text(encoding="utf-8"))["numbers"]["kinds"]
    needed = kinds["linear"]["ready_after"][POOL]["median"]
    promised = Settings().rounds
    assert abs(promised - needed) <= 2
    assert abs(promised - answers_to_go(0.0, 0)) <= 2
