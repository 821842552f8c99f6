"""The same seed gives the same prompts and pictures as the committed recordings."""

from collections.abc import Iterator
from typing import Any

import pytest

from personalize.preparation.parts import Parts
from personalize.preparation.prepare import Preparation
from tests.rounds.recording import ROUNDS, STRATEGIES, parts_of, prepared, record, recorded

EXACT = ("number", "prompts", "seeds")
"""Fields of a round without tolerance."""

TOLERANCE = 3
"""Largest difference of the mean colour of an area between processors, in levels of 255."""


def compare(session: dict[str, Any], recording: dict[str, Any]) -> None:
    """Assert that a session equals its recording, except for rounding of utilities and colours."""
    for row, expected in zip(session["rounds"], recording["rounds"], strict=True):
        assert [row[key] for key in EXACT] == [expected[key] for key in EXACT]
        for areas, wanted in zip(row["pictures"], expected["pictures"], strict=True):
            assert areas == pytest.approx(wanted, abs=TOLERANCE)
    assert session["utilities"] == pytest.approx(recording["utilities"], abs=2e-3)
    assert (session["personal"], session["trial"]) == (recording["personal"], recording["trial"])


@pytest.fixture(scope="module")
def fakes() -> Iterator[tuple[Parts, Preparation]]:
    with parts_of("fakes") as parts:
        yield parts, prepared(parts)


@pytest.mark.models  # the same function loads the shipped models for the other test
@pytest.mark.parametrize("strategy", STRATEGIES["fakes"])
def test_a_seed_gives_the_recorded_session(fakes: tuple[Parts, Preparation], strategy: str) -> None:
    compare(record(*fakes, strategy, ROUNDS["fakes"]), recorded("fakes")[strategy])


@pytest.mark.models
def test_a_seed_gives_the_recorded_session_with_the_shipped_models() -> None:
    with parts_of("mini") as parts:
        session = record(parts, prepared(parts), "adaptive", ROUNDS["mini"])
    compare(session, recorded("mini")["adaptive"])
