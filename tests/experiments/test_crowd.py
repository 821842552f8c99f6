"""Many simulated visitors at the real queue and at the real page."""

import json

import pytest

from personalize.__main__ import main
from personalize.errors import SettingsError
from personalize.experiments.benchmarks.crowd import Crowd, simulate_crowd
from personalize.experiments.benchmarks.crowd_growth import Search, grow
from personalize.experiments.benchmarks.simulated_crowd import Visit, simulate_in_time
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


def test_a_crowd_with_replicas_is_drawn_by_all_of_them() -> None:
    crowd = Crowd(visitors=6, picture_s=0.02, thinking_s=(0.0, 0.01), replicas=2, seconds=2.0)
    found = simulate_crowd(crowd, fake_vocabulary(), Settings(pool=64))
    assert found["replicas"] == 2 and found["rounds"] >= crowd.visitors
    assert found["fair_turn_s"] == pytest.approx(crowd.visitors * crowd.round_s / 2)


def test_simulated_visitors_who_never_rest_take_all_that_the_machines_draw() -> None:
    """Without a look there is no time to draw ahead, so every round is waited for."""
    crowd = Crowd(visitors=8, picture_s=0.25, thinking_s=(0.0, 0.0), replicas=2, seconds=400.0)
    found = simulate_in_time(crowd)
    assert found["rounds_a_second"] == pytest.approx(2.0, rel=0.03)
    assert found["p50_s"] == pytest.approx(8 / 2.0, rel=0.1) and found["busy_share"] > 0.98


def test_simulated_visitors_with_time_to_look_find_their_pictures_drawn() -> None:
    found = simulate_in_time(Crowd(visitors=2, picture_s=0.1, thinking_s=(3.0, 5.0), seconds=200.0))
    assert found["ready_share"] == 1.0 and found["p95_s"] == 0.0
    assert found["drawings_a_second"] == pytest.approx(2 * 16 / 4.0, rel=0.1)


def test_what_is_drawn_ahead_is_lost_for_few_when_others_wait() -> None:
    """Every batch that was drawn ahead used to stop while anybody waited, however many machines drew."""
    found = simulate_in_time(
        Crowd(visitors=44, picture_s=0.075, thinking_s=(2.0, 6.0), replicas=4, seconds=20.0)
    )
    assert found["lost_share"] < 0.25


def test_visits_end_with_personal_pictures_and_others_come() -> None:
    crowd = Crowd(visitors=3, picture_s=0.05, thinking_s=(1.0, 2.0), seconds=120.0)
    stays = simulate_in_time(crowd, Visit(drawn_ahead=0))
    leaves = simulate_in_time(crowd, Visit(rounds=4, personal=8, drawn_ahead=0))
    assert leaves["drawings_a_second"] > stays["drawings_a_second"] and leaves["rounds"] < stays["rounds"]


def test_the_largest_crowd_grows_with_the_machines() -> None:
    crowd = Crowd(picture_s=0.075, thinking_s=(2.0, 6.0), seconds=20.0)
    found = grow(crowd, Search((1, 2), 1.0, (0,)), simulate_in_time)
    assert found["met"] and found["rows"][1]["of_linear"] >= 0.85


def test_one_command_searches_the_largest_crowds(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--simulated", "--replicas", "1,2", "--seeds", "1", "--seconds", "5"]
    assert main(["benchmark", "crowd", *flags, "--picture-s", "0.1"]) == 0
    assert "of linear" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--replicas", "1,b"], ["--replicas", "0,1"], ["--replicas", "-1"]])
def test_replicas_that_cannot_be_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "crowd", "--simulated", *flags]) == 2
    assert "Expected" in capsys.readouterr().err


def test_visitors_of_the_queue_alone_see_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "crowd", "--queue-only", "--replicas", "2", *SMALL]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["rounds"] >= 2 and found["drawings_a_second"] > 0.0
