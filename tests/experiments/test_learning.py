"""The learning benchmark: its figures on known curves, and small runs of the real thing."""

from pathlib import Path

import numpy
import pytest
import torch

from personalize.errors import SettingsError
from personalize.experiments.bank import COMMON, concept_items, items_of_file
from personalize.experiments.benchmarks.design import measure_design, scaling_exponent
from personalize.experiments.benchmarks.estimate import measure_bound
from personalize.experiments.benchmarks.learning import Learning, learn, summary
from personalize.experiments.benchmarks.learning_arm import FEEDBACK, PLANNED, LearningArm
from personalize.experiments.benchmarks.learning_people import InventedPeople
from personalize.experiments.linear_people import person_for_items
from personalize.experiments.statistics import picks_to_match, picks_to_near, ratio, ratio_to_random
from personalize.rounds.strategies import STRATEGIES


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def invented(count: int, dimension: int, options: int = 4) -> InventedPeople:
    return InventedPeople(concept_items(count, dimension, options, seeded(0)), 0.75, "concepts", 0)


def test_items_are_alike_as_pictures_are_and_people_as_decided_as_asked() -> None:
    items = concept_items(400, 16, 4, seeded(0))
    cosines = items.shown @ items.shown.T
    assert float((cosines.sum() - 400) / (400 * 399)) == pytest.approx(COMMON, abs=0.02)
    assert items.exam.shape[1:] == (4, 16) and len(items.concepts) > 50
    person = person_for_items(items, 0.7, 0.0, seeded(1))
    assert person.oracle_accuracy(items.exam) == pytest.approx(0.7, abs=0.005)


def test_features_of_a_file_are_used_and_bad_ones_refused(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.npy", tmp_path / "bad.npy"
    numpy.save(good, numpy.random.default_rng(0).normal(size=(2000, 8)))
    numpy.save(bad, numpy.zeros((10, 8)))
    items = items_of_file(str(good), 4, seeded(0))
    assert items.shown.shape[1] == 8 and len(items.exam) > 100 and len(items.concepts) >= 5
    numpy.savez(tmp_path / "several.npz", one=numpy.zeros((2000, 8)))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "several.npz").read_bytes()[:900])
    (tmp_path / "empty.npy").write_bytes(b"")
    numpy.save(tmp_path / "words.npy", numpy.full((2000, 8), "x"))
    wrong = ("none.npy", "several.npz", "cut.npz", "empty.npy", "words.npy")
    for file in (bad, *(tmp_path / name for name in wrong)):
        with pytest.raises(SettingsError, match="features"):
            items_of_file(str(file), 4, seeded(0))


def test_picks_to_match_are_read_off_the_curve_and_never_is_infinite() -> None:
    reference = torch.linspace(0.30, 0.60, 31, dtype=torch.float64).expand(5, -1)
    twice_as_fast = torch.linspace(0.30, 0.90, 31, dtype=torch.float64).expand(5, -1)
    assert picks_to_match(reference, reference) == pytest.approx(31.0)
    assert picks_to_match(twice_as_fast, reference) == pytest.approx(16.0)
    assert picks_to_match(0.5 * reference, reference) == float("inf")
    ratio, error = ratio_to_random(twice_as_fast, reference)
    assert ratio == pytest.approx(16 / 31, abs=0.01) and error == 0.0


def test_answers_of_two_arms_are_compared_at_what_random_reaches() -> None:
    reference = torch.linspace(0.30, 0.60, 31, dtype=torch.float64).expand(5, -1)
    twice = torch.linspace(0.30, 0.90, 31, dtype=torch.float64).expand(5, -1)
    thrice = torch.linspace(0.30, 1.20, 31, dtype=torch.float64).expand(5, -1)
    value, error = ratio(thrice, twice, reference)
    assert value == pytest.approx(11 / 16, abs=0.01) and error == 0.0
    assert ratio(0.5 * reference, twice, reference)[0] == float("inf")


def test_arms_are_read_as_they_are_written() -> None:
    usual = LearningArm("random")
    arm = LearningArm.of("adaptive + best-worst+lapse=0.1+prior=ridge", usual)
    assert arm == LearningArm("adaptive", "best-worst", 0.1, "ridge")
    assert LearningArm.of(str(arm), usual) == arm and str(usual) == "random"
    assert arm.plainer(usual) == LearningArm("adaptive")
    assert LearningArm(PLANNED, lapse=0.1).plainer(usual) == LearningArm("adaptive", lapse=0.1)
    for text in (
        "adaptive+faster",
        "adaptive+lapse=often",
        "adaptive+lapse=1.5",
        "adaptive+prior=hope",
        "clever",
    ):
        with pytest.raises(SettingsError, match="found"):
            LearningArm.of(text, usual)


def test_changed_arms_are_compared_with_plain_ones() -> None:
    people = invented(200, 8, 4)
    run = Learning(("adaptive", "adaptive+ranking", PLANNED, "random"), people=4, answers=8)
    result = summary(run, learn(run, people), people)["strategies"]
    assert result["adaptive+ranking"]["compared_with"] == "adaptive" == result[PLANNED]["compared_with"]
    assert "compared_with" not in result["adaptive"] and "compared_with" not in result["random"]
    assert result["adaptive+ranking"]["accuracy"] != result["adaptive"]["accuracy"]


def test_nearness_has_to_hold_for_three_answers() -> None:
    curve = torch.tensor([[0.5, 0.8, 0.5, 0.8, 0.8, 0.8, 0.8], [0.5] * 7], dtype=torch.float64)
    assert picks_to_near(curve, 0.7).tolist() == [4.0, 8.0]


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_every_strategy_runs_with_every_kind_of_answer(feedback: str) -> None:
    people = invented(120, 6, 3)
    run = Learning((*STRATEGIES, PLANNED), people=2, answers=6, options=3, feedback=feedback)
    result = summary(run, learn(run, people), people)
    assert set(result["strategies"]) == {*STRATEGIES, PLANNED}
    for facts in result["strategies"].values():
        assert len(facts["accuracy"]) == 6 and 0.2 < facts["accuracy"][-1] <= 0.76


@pytest.mark.slow
def test_adaptive_beats_random_and_more_told_beats_less() -> None:
    people = invented(1000, 64, 4)
    curves = learn(Learning(("adaptive", "random"), people=12, answers=20), people)
    difference = (curves["adaptive"].accuracy - curves["random"].accuracy)[:, 10:].mean(dim=1)
    assert float(difference.mean()) > 2.0 * float(difference.std() / 12**0.5) > 0.0
    ranked = learn(Learning(("random",), people=12, answers=20, feedback="ranking"), people)["random"]
    more = (ranked.accuracy - curves["random"].accuracy)[:, 10:].mean(dim=1)
    assert float(more.mean()) > 2.0 * float(more.std() / 12**0.5)


def test_the_same_seed_gives_the_same_curves() -> None:
    people = invented(120, 6, 3)
    run = Learning(("adaptive",), people=2, answers=5, options=3)
    one, two = (learn(run, people)["adaptive"].accuracy for _ in range(2))
    assert torch.equal(one, two)


def test_runs_that_make_no_sense_are_refused() -> None:
    for changes in (
        {"strategies": ("clever",)},
        {"feedback": "sighs"},
        {"people": 1},
        {"strategies": ()},
        {"prior": "hope"},
    ):
        with pytest.raises(SettingsError, match="found"):
            Learning(**changes)


def test_a_design_is_measured_with_its_certificate() -> None:
    row = measure_design(60, 6, 3, 4)
    assert row["status"] == "optimal" and row["gap_relative"] <= 1e-3
    assert 0 < row["seconds_to_gap"]["0.01"] <= row["seconds_to_gap"]["0.001"] <= row["seconds"] + 1.0
    assert row["rounded_ratio"] >= 0.95
    for changes in (
        {"tokens": 2},
        {"options": 1},
        {"device": "cuda"} if not torch.cuda.is_available() else {"horizon": 0},
    ):
        with pytest.raises(SettingsError):
            measure_design(**{"tokens": 60, "dimension": 6, "horizon": 3, "options": 4, **changes})  # type: ignore[arg-type]


def test_the_exponent_of_a_power_law_is_found() -> None:
    rows = [{"varied": "tokens", "tokens": n, "seconds": 0.01 * n**1.5} for n in (10, 100, 1000)]
    assert scaling_exponent(rows, "tokens") == pytest.approx(1.5)


def test_errors_of_estimates_are_near_the_bound_and_fall() -> None:
    rows = measure_bound(40, (5, 40), 6)
    assert all(0.7 < row["ratio"] < 1.6 for row in rows)
    assert rows[1]["utility_mse"] < 0.6 * rows[0]["utility_mse"]
    assert all(row["smallest_constant"] > 0.5 for row in rows)
