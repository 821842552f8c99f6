"""People from a file of ratings: what they answer, what they are examined on, and files that do not fit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from personalize.errors import SettingsError
from personalize.experiments.benchmarks.learning import Learning, learn, summary
from personalize.experiments.linear_people import APPROVED
from personalize.experiments.rated_people import HELD_OUT, RatedPeople, RatedPerson

NONE = float("nan")
Arrays = dict[str, numpy.ndarray[Any, Any]]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rated(people: int = 6, items: int = 90, dimension: int = 5, seed: int = 0) -> Arrays:
    """Whole-number ratings 1 to 5 of linear tastes; each person leaves out about a third of the items."""
    chance = numpy.random.default_rng(seed)
    features = chance.normal(size=(items, dimension))
    worth = chance.normal(size=(people, dimension)) @ features.T
    ratings = numpy.clip(numpy.round(3.0 + worth / worth.std()), 1.0, 5.0)
    ratings[chance.random(ratings.shape) < 0.3] = NONE
    return {"features": features, "ratings": ratings}


def saved(folder: Path, **arrays: object) -> Path:
    file = folder / "people.npz"
    numpy.savez(file, **arrays)  # type: ignore[arg-type]
    return file


def test_the_better_rated_wins_and_ties_are_decided_by_lot() -> None:
    person = RatedPerson.of(torch.tensor([1.0, 5.0, 5.0, 2.0, NONE], dtype=torch.float64))
    rows = torch.tensor([0, 1, 2, 3])
    picks = [person.pick(rows, 0, seeded(n)) for n in range(200)]
    assert set(picks) == {1, 2} and 70 < picks.count(1) < 130
    assert person.likes(rows).tolist() == [0.0, 0.5, 0.5, 0.0]
    order = person.rank(rows, 0, seeded())
    assert set(order[:2]) == {1, 2} and order[2:] == [3, 0]
    slips = RatedPerson.of(person.utility, 0.9)
    assert {slips.pick(rows, 0, seeded(n)) for n in range(100)} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("ratings", "liked"),
    [
        ([1, 2, 3, 4, 5, 1, 2, 3, 4, 5], [5]),
        ([1, 1, 1, 1, 1, 1, 1, 3, 4, 5], [3, 4, 5]),
        ([0, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1]),
    ],
)
def test_the_liked_steps_are_the_top_ones_of_a_persons_own_scale(
    ratings: list[int], liked: list[int]
) -> None:
    person = RatedPerson.of(torch.tensor([*ratings, NONE], dtype=torch.float64))
    rows = torch.arange(len(ratings))
    approved = person.approves(rows, 0, seeded())
    assert sorted({ratings[n] for n in rows.tolist() if approved[n]}) == liked
    assert float(approved.double().mean()) <= APPROVED or len(liked) == 1


def test_people_are_asked_and_examined_only_on_what_they_rated(tmp_path: Path) -> None:
    arrays = rated()
    people = RatedPeople.of_file(saved(tmp_path, **arrays), 4, 0)
    assert len(people) == 6 and people.left_out == 0
    for number in range(len(people)):
        person, bank = people.meet(number, 0.0)
        assert not bool(person.utility[bank.askable].isnan().any())
        assert not bool(person.utility[bank.exam].isnan().any())
        assert not set(bank.askable.tolist()) & set(bank.exam.flatten().tolist())
        count = int((~person.utility.isnan()).sum())
        assert len(bank.askable) == pytest.approx(count * (1 - 1 / HELD_OUT), abs=1)
        assert bool((person.utility[bank.exam].amax(dim=1) > person.utility[bank.exam].amin(dim=1)).all())
        assert all(len(set(row)) == 4 for row in bank.exam.tolist())


def test_who_rated_too_little_or_everything_alike_is_left_out(tmp_path: Path) -> None:
    arrays = rated(people=5)
    arrays["ratings"][1] = NONE
    arrays["ratings"][1, :15] = range(15)  # one fewer than four options four times
    arrays["ratings"][3] = 3.0
    people = RatedPeople.of_file(saved(tmp_path, **arrays), 4, 0)
    assert len(people) == 3 and people.left_out == 2
    assert len(RatedPeople.of_file(saved(tmp_path, **arrays), 3, 0)) == 4
    kept = arrays["ratings"][[0, 2, 4]]
    found = people.ratings.numpy()
    assert {row.tobytes() for row in numpy.nan_to_num(found)} == {
        row.tobytes() for row in numpy.nan_to_num(kept)
    }


@pytest.mark.parametrize("feedback", ["best", "tiers", "best-worst", "ranking"])
def test_real_ratings_are_foreseen_better_than_chance(feedback: str, tmp_path: Path) -> None:
    people = RatedPeople.of_file(saved(tmp_path, **rated()), 4, 0)
    run = Learning(("adaptive", "random", "static-rounded"), people=6, answers=12, feedback=feedback)
    result = summary(run, learn(run, people), people)
    assert 0.5 < result["oracle"] <= 1.0
    for facts in result["strategies"].values():
        assert 0.4 < facts["accuracy"][-1] <= result["oracle"]
        assert facts["accuracy"][-1] > facts["accuracy"][0]
        assert facts["utility_correlation_at_end"] > 0.5


def test_whole_number_ratings_of_everything_need_no_blanks(tmp_path: Path) -> None:
    chance = numpy.random.default_rng(0)
    file = saved(
        tmp_path,
        features=chance.integers(0, 9, (40, 3)),
        ratings=chance.integers(0, 2, (3, 40)).astype(bool),
    )
    assert len(RatedPeople.of_file(file, 4, 0)) == 3


GOOD = rated()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"features": GOOD["features"]}, "no ratings"),
        ({"ratings": GOOD["ratings"]}, "no features"),
        ({"other": GOOD["ratings"]}, "no features and no ratings"),
        ({**GOOD, "features": GOOD["features"][0]}, "features .* numbers N x d"),
        ({**GOOD, "ratings": GOOD["ratings"][0]}, "ratings .* numbers P x N"),
        ({**GOOD, "ratings": GOOD["ratings"][:0]}, "ratings .* numbers P x N"),
        ({**GOOD, "ratings": GOOD["ratings"].astype(str)}, "ratings .* numbers P x N"),
        ({**GOOD, "features": GOOD["features"] + 1j}, "features .* numbers N x d"),
        ({**GOOD, "ratings": GOOD["ratings"][:, 1:]}, "89 columns and 90 rows"),
        ({**GOOD, "features": numpy.where(GOOD["features"] > 1, numpy.nan, 0.0)}, "finite features"),
        ({**GOOD, "ratings": numpy.where(GOOD["ratings"] > 3, numpy.inf, 0.0)}, "NaN for none"),
        ({**GOOD, "features": numpy.ones((90, 5))}, "items that differ"),
        ({**GOOD, "ratings": numpy.full((6, 90), numpy.nan)}, "at least 2 people .* found 0 of 6"),
        ({**GOOD, "ratings": GOOD["ratings"][:1]}, "at least 2 people .* found 1 of 1"),
        ({**GOOD, "features": numpy.array([[None]])}, "allow_pickle"),
    ],
)
def test_files_that_do_not_fit_are_refused(arrays: Arrays, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"(?s)^Expected .*{message}.*\. .*\.$"):
        RatedPeople.of_file(saved(tmp_path, **arrays), 4, 0)


@pytest.mark.parametrize("kind", ["none", "folder", "text", "array", "cut", "damaged"])
def test_what_is_no_npz_file_is_refused(kind: str, tmp_path: Path) -> None:
    whole = saved(tmp_path, **rated()).read_bytes()
    file = tmp_path / "wrong.npz"
    if kind == "folder":
        file.mkdir()
    elif kind == "array":
        with file.open("wb") as stream:
            numpy.save(stream, numpy.ones((3, 3)))
    elif kind != "none":
        middle = len(whole) // 2
        damaged = whole[:300] + bytes(64) + whole[364:]
        file.write_bytes({"text": b"1,2,3", "cut": whole[:middle], "damaged": damaged}[kind])
    with pytest.raises(SettingsError, match="npz file with features and ratings in --people-file, found"):
        RatedPeople.of_file(file, 4, 0)


def command(*flags: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "personalize", "benchmark", "learning", *flags]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_command_takes_a_file_of_people(tmp_path: Path) -> None:
    arrays = rated()
    arrays["ratings"][2] = NONE
    file = saved(tmp_path, **arrays)
    ran = command("--people-file", str(file), "--answers", "3", "--strategies", "random", "--json")
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert (result["people"], result["people_left_out"], result["items"]) == (5, 1, 90)
    both = command("--people-file", str(file), "--features", "x.npy")
    assert both.returncode == 2 and "Expected --features or --people-file, found both." in both.stderr
