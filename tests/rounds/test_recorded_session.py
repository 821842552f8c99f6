"""The same seed gives the same prompts and pictures as before: sessions are held to their recordings."""

from collections.abc import Iterator
from typing import Any

import pytest

from personalize.preparation.parts import Parts
from personalize.preparation.prepare import Preparation
from tests.rounds.recording import ROUNDS, STRATEGIES, parts_of, prepared, record, recorded

TOLERANCE = 3
"""Levels of 255 by which the mean colour of an area may differ between processors."""


def compare(session: dict[str, Any], before: dict[str, Any]) -> None:
    """The session is the recorded one; utilities and colours may differ by rounding."""
    for row, was in zip(session["rounds"], before["rounds"], strict=True):
        assert (row["number"], row["prompts"], row["seeds"]) == (was["number"], was["prompts"], was["seeds"])
        for areas, wanted in zip(row["pictures"], was["pictures"], strict=True):
            assert areas == pytest.approx(wanted, abs=TOLERANCE)
    assert session["utilities"] == pytest.approx(before["utilities"], abs=2e-3)
    assert (session["personal"], session["trial"]) == (before["personal"], before["trial"])


@pytest.fixture(scope="module")
def fakes() -> Iterator[tuple[Parts, Preparation]]:
    with parts_of("fakes") as parts:
        yield parts, prepared(parts)


@pytest.mark.parametrize("strategy", STRATEGIES["fakes"])
def test_a_seed_gives_the_recorded_session(fakes: tuple[Parts, Preparation], strategy: str) -> None:
    compare(record(*fakes, strategy, ROUNDS["fakes"]), recorded("fakes")[strategy])


@pytest.mark.models
def test_a_seed_gives_the_recorded_session_with_the_shipped_models() -> None:
    with parts_of("mini") as parts:
        session = record(parts, prepared(parts), "adaptive", ROUNDS["mini"])
    compare(session, recorded("mini")["adaptive"])
