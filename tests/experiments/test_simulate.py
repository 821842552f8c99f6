"""Simulated people through the real loop, on drawn stand-ins for the networks."""

from pathlib import Path
from typing import Any

import pytest
import torch

from personalize.errors import SettingsError
from personalize.experiments.benchmarks.simulate import Simulation, simulate
from personalize.experiments.linear_people import (
    APPROVED,
    TOLD,
    HeldOut,
    concept_taste,
    person_of,
    score,
    told_by,
)
from personalize.experiments.statistics import simulation_table
from personalize.preference.simulated_user import SimulatedUser
from personalize.settings import Settings
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


def run(folder: Path, *strategies: str, judge: str = "tokens", **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"people": 3, "rounds": 3, "seed": 1, **changes}
    settings = Settings(data=folder, candidates=200, max_tokens=3)  # all slots of this small vocabulary
    simulation = Simulation(strategies, judge=judge, **values)
    return simulate(simulation, fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.mark.parametrize("judge", ["tokens", "pictures"])
def test_adaptive_questions_beat_random_ones(tmp_path: Path, judge: str) -> None:
    result = run(tmp_path, "adaptive", "random", judge=judge, people=48, rounds=5)
    (pair,) = result["paired"]
    assert pair["average"] > 2 * pair["average_se"] > 0


def test_more_told_is_more_learned(tmp_path: Path) -> None:
    told = {name: run(tmp_path, "random", people=12, rounds=6, answers=name) for name in TOLD}
    assert {name: result["answers"] for name, result in told.items()} == {name: name for name in TOLD}
    known = {name: result["known_share"][-1] for name, result in told.items()}
    assert known["best"] < known["best-worst"] and known["best"] < known["tiers"]
    average = {name: sum(result["accuracy"]) for name, result in told.items()}
    assert average["best"] < min(average["best-worst"], average["tiers"])


def test_a_person_marks_the_share_that_is_stated(generator: torch.Generator) -> None:
    options = torch.randn(60, 4, 6, generator=generator, dtype=torch.float64)
    held_out = HeldOut(options, options)
    person = SimulatedUser(50.0 * torch.randn(6, generator=generator, dtype=torch.float64))
    answers = [told_by(person, "tiers", seen, held_out, generator) for seen in options]
    assert all(answer["best"] not in answer["liked"] for answer in answers)
    liked = sum(1 + len(answer["liked"]) for answer in answers if answer["liked"])
    level = (options @ person.theta).quantile(1.0 - APPROVED)
    high = [(seen @ person.theta > level).sum() for seen in options]
    assert liked == pytest.approx(sum(int(n) for n in high if n > 1), abs=6)
    worst = told_by(person, "best-worst", options[0], held_out, generator)
    utility = options[0] @ person.theta
    assert (worst["best"], *worst["disliked"]) == (int(utility.argmax()), int(utility.argmin()))


def test_learning_lies_between_chance_and_oracle(tmp_path: Path) -> None:
    result = run(tmp_path, "adaptive", people=4, rounds=8)
    assert result["chance"] == 0.25 and result["oracle"] == pytest.approx(0.75, abs=0.01)
    assert result["chance"] < result["accuracy"][-1] < result["oracle"]
    assert len(result["accuracy"]) == len(result["accuracy_se"]) == len(result["utility_correlation"]) == 8
    assert result["utility_correlation"][-1] > result["utility_correlation"][0]


def test_the_same_seed_gives_the_same_numbers(tmp_path: Path) -> None:
    one, two = (run(tmp_path, "adaptive") for _ in range(2))
    assert one["accuracy"] == two["accuracy"]
    assert run(tmp_path, "adaptive", seed=2)["accuracy"] != one["accuracy"]


def test_a_strategy_meets_the_same_people_alone_and_paired(tmp_path: Path) -> None:
    alone, together = run(tmp_path, "random"), run(tmp_path, "adaptive", "random")
    assert together["strategies"]["random"]["accuracy"] == alone["accuracy"]


def test_a_strategy_paired_with_itself_differs_by_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "random", "static-rounded")
    (pair,) = result["paired"]
    first, second = (result["strategies"][name]["accuracy"] for name in ("random", "static-rounded"))
    assert pair["difference"] == pytest.approx([a - b for a, b in zip(first, second, strict=True)], abs=2e-4)


def test_the_table_names_chance_and_oracle(tmp_path: Path) -> None:
    text = simulation_table(run(tmp_path, "adaptive", "random"))
    assert "chance 0.250, oracle 0.75" in text and "adaptive - random" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 0},
        {"people": -3},
        {"rounds": 0},
        {"judge": "nobody"},
        {"answers": "all"},
        {"strategies": ("clever",)},
    ],
)
def test_what_cannot_be_simulated_is_said(wrong: dict[str, Any]) -> None:
    values = {"strategies": ("adaptive",), "people": 2, "rounds": 2, "judge": "tokens", "seed": 0, **wrong}
    with pytest.raises(SettingsError, match=r"^Expected .*, found .*\. .*\.$"):
        Simulation(**values)


def test_knowing_the_taste_scores_as_the_oracle(generator: torch.Generator) -> None:
    effects = torch.randn(20, 6, generator=generator, dtype=torch.float64)
    options = torch.randn(40, 4, 6, generator=generator, dtype=torch.float64)
    held_out = HeldOut(options, options)
    person = person_of(effects, held_out, 0.75, 0.0, generator)
    known = score(person, lambda features: features @ person.theta, held_out)
    assert known.accuracy == pytest.approx(0.75, abs=1e-3) and known.correlation == pytest.approx(1.0)
    opposite = score(person, lambda features: -features @ person.theta, held_out)
    assert opposite.accuracy < 0.25 and opposite.correlation == pytest.approx(-1.0)


def test_tastes_are_mixtures_of_effects(generator: torch.Generator) -> None:
    effects = torch.zeros(4, 6, dtype=torch.float64)
    effects[1:, :3] = torch.randn(3, 3, generator=generator, dtype=torch.float64)
    assert bool((concept_taste(effects, generator)[3:] == 0).all())
