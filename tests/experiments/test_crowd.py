"""Many simulated visitors at the real queue and at the real page."""

import json

import pytest

from personalize.__main__ import main
from personalize.errors import SettingsError
from personalize.experiments.benchmarks.crowd import Crowd, simulate_crowd
from personalize.settings import Settings
from tests.fakes import fake_vocabulary

SMALL = ["--visitors", "2", "--picture-s", "0.005", "--thinking-s", "0:0.01", "--seconds", "1", "--json"]


def test_every_visitor_sees_a_round_and_the_queue_learns_its_pace() -> None:
    crowd = Crowd(visitors=6, picture_s=0.005, thinking_s=(0.0, 0.01), batch=8, marginal=0.0, seconds=2.0)
    found = simulate_crowd(crowd, fake_vocabulary(), Settings(pool=64))
    assert found["rounds"] >= crowd.visitors and found["drawings"] >= 8 * crowd.visitors
    assert set(found["seconds_a_picture"]) == {4, 8}
    assert found["store_calls_a_pick"] < 40 and found["max_s"] >= found["p50_s"] > 0.0


@pytest.mark.parametrize("wrong", [{"marginal": 1.5}, {"marginal": -0.1}, {"visitors": 0}, {"batch": 0}])
def test_a_crowd_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="Expected"):
        Crowd(**wrong)  # type: ignore[arg-type]


def test_visitors_of_the_page_see_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "crowd", "--http", *SMALL]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["rounds"] >= 2 and found["healthz_max_s"] >= found["healthz_p95_s"] > 0.0
