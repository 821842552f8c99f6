"""What comes back from a browser is read with care."""

import json

import pytest

from personalize.errors import SessionError
from personalize.seeds import LARGEST_SEED
from personalize.ui.browser_state import BrowserState, seed_from


def test_what_was_kept_is_read_again() -> None:
    state = BrowserState("abc", "pictures", "a fox", 0.5, 7)
    assert BrowserState.read(state.kept()) == state


@pytest.mark.parametrize(("former", "screen"), [("studio", "pictures"), ("proof", "blind_test")])
def test_a_screen_that_was_kept_under_its_former_name_is_found(former: str, screen: str) -> None:
    assert BrowserState.read({"token": "abc", "screen": former}) == BrowserState("abc", screen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kept",
    [None, "abc", 3, [], {}, {"token": 5}, {"token": "x" * 1000}, {"screen": "opening"}, {"screen": ["a"]}]
    + [{"strength": float("nan")}, {"seed": True}, {"subject": {"a": 1}}],
)
def test_nonsense_is_the_start(kept: object) -> None:
    assert BrowserState.read(kept) == BrowserState()


def test_numbers_are_brought_into_their_range() -> None:
    state = BrowserState.read({"token": "t", "strength": 9, "seed": -4})
    assert (state.strength, state.seed) == (1.0, 0)


@pytest.mark.parametrize(("typed", "seed"), [("", None), ("  ", None), ("7", 7), (" 12 ", 12), ("007", 7)])
def test_a_typed_seed(typed: str, seed: int | None) -> None:
    assert seed_from(typed) == seed


@pytest.mark.parametrize("typed", ["-1", "1.5", "many", "²", str(LARGEST_SEED + 1), "9" * 5000])
def test_a_seed_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(SessionError, match="whole number"):
        seed_from(typed)


def test_words_left_out_are_read_with_care() -> None:
    kept = BrowserState("token", "pictures", without=("night", "ink")).kept()
    assert BrowserState.read(json.loads(json.dumps(kept))).without == ("night", "ink")
    for odd in (None, "night", {"night": 1}, [1, None, ["night"], "x" * 1000]):
        assert BrowserState.read({"token": "token", "without": odd}).without == ()
    assert len(BrowserState.read({"without": ["word"] * 1000}).without) == 100
