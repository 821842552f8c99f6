"""What a study shows: accuracy of each arm on the common questions, wins of the blind proof, self-agreement.

Everything is computed from the exported file alone. An arm's taste is estimated from its own learning rounds,
with the prior that the file names, and asked to predict the common questions, which no taste was learned
from. Differences are within people; their standard errors are over people.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from scipy.stats import norm, t
from torch import Tensor

from personalize.errors import PersonalizeError
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.intervals import CONFIDENCE, wilson

POWER = 0.8
EFFECTS = (0.03, 0.05, 0.10)
"""Differences of accuracy that the sample size is said for."""


@dataclass(frozen=True)
class Interval:
    """A mean over so many people, with its standard error and 95% interval (Student's t)."""

    mean: float
    error: float
    low: float
    high: float
    people: int


@dataclass(frozen=True)
class Rate:
    """A share of trials, all people's together, with Wilson's 95% interval."""

    hits: int
    trials: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Hits of trials; NaN without trials."""
        return self.hits / self.trials if self.trials else math.nan


@dataclass(frozen=True)
class Findings:
    """What a study shows.

    Attributes:
        people: participants that are counted.
        left_out: participants without enough answers.
        chance: of a common question.
        arms: accuracy on common questions.
        differences: of the first arm less each other one, within people.
        agreement: of a common question's answer with its repeat.
        wins: of the personal picture in the blind proof.
        sample_sizes: people needed to see a difference (first arm less second) with a power of 80%.
    """

    people: int
    left_out: int
    chance: float
    arms: dict[str, Interval]
    differences: dict[str, Interval]
    agreement: Rate
    wins: Rate
    sample_sizes: dict[float, int]


def analyse(lines: Sequence[Mapping[str, Any]]) -> Findings:
    """The findings of a study.

    Args:
        lines: the header and the participants, as `personalize.study.export` writes and reads them.

    Raises:
        PersonalizeError: nobody answered enough to be counted.
    """
    header, people = lines[0], lines[1:]
    prior = TastePrior(torch.tensor(header["prior_covariance"], dtype=torch.float64))
    arms = list(header["arms"])
    scores: dict[str, list[float]] = {arm: [] for arm in arms}
    same = repeated = wins = trials = left_out = 0
    for person in people:
        rounds = person["rounds"]
        common = [r for r in rounds if r["kind"] == "common" and r["best"] is not None]
        learned = {arm: [r for r in rounds if r["kind"] == "learn" and r["arm"] == arm] for arm in arms}
        if not common or not all(any(r["best"] is not None for r in learned[arm]) for arm in arms):
            left_out += 1
            continue
        for arm in arms:
            scores[arm].append(accuracy(learned[arm], common, prior, header["options"]))
        first = {r["question"]: r for r in common}
        for again in rounds:
            if again["kind"] == "again" and again["best"] is not None and again["question"] in first:
                before = first[again["question"]]
                repeated += 1
                same += again["prompts"][again["best"]] == before["prompts"][before["best"]]
        chosen = [trial["chosen"] for trial in person["proof"] if trial["chosen"]]
        wins, trials = wins + chosen.count("personal"), trials + len(chosen)
    if not scores[arms[0]]:
        raise PersonalizeError(
            f"Expected at least one participant who answered learning rounds of every arm and a common "
            f"question, found none among {len(people)}. Wait for more answers."
        )
    differences = {
        f"{arms[0]} - {other}": [a - b for a, b in zip(scores[arms[0]], scores[other], strict=True)]
        for other in arms[1:]
    }
    spread = torch.tensor(next(iter(differences.values())), dtype=torch.float64)
    return Findings(
        people=len(scores[arms[0]]),
        left_out=left_out,
        chance=1.0 / header["options"],
        arms={arm: interval(values) for arm, values in scores.items()},
        differences={name: interval(values) for name, values in differences.items()},
        agreement=rate(same, repeated),
        wins=rate(wins, trials),
        sample_sizes=sample_sizes(float(spread.std()) if len(spread) > 1 else math.nan),
    )


def accuracy(
    learned: Sequence[Mapping[str, Any]], common: Sequence[Mapping[str, Any]], prior: TastePrior, options: int
) -> float:
    """Share of the common questions whose pick the taste of the learning rounds predicts."""
    comparisons = Comparisons.empty(options, prior.dimension)
    for round_ in learned:
        comparisons = comparisons.append(
            _features(round_),
            best=-1 if round_["best"] is None else round_["best"],
            worst=-1 if round_["worst"] is None else round_["worst"],
            none=round_["best"] is None,
        )
    theta = estimate_taste(comparisons, prior).theta
    right = [int((_features(round_) @ theta).argmax()) == round_["best"] for round_ in common]
    return float(sum(right)) / len(right)


def _features(round_: Mapping[str, Any]) -> Tensor:
    return torch.tensor(round_["features"], dtype=torch.float64)


def interval(values: Sequence[float]) -> Interval:
    """Mean over people, its standard error and Student's interval; infinite for one person."""
    n, mean = len(values), math.fsum(values) / len(values)
    if n < 2:
        return Interval(mean, math.inf, -math.inf, math.inf, n)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    return Interval(mean, error, mean - half, mean + half, n)


def rate(hits: int, trials: int) -> Rate:
    """A share with Wilson's interval; from 0 to 1 without trials."""
    return Rate(hits, trials, *wilson(hits, trials))


def sample_sizes(spread: float) -> dict[float, int]:
    """People for each of EFFECTS in a paired comparison: (z_{1 - alpha / 2} + z_power)^2 spread^2 / effect^2.

    Args:
        spread: standard deviation over people of the difference; NaN when it is not known.
    """
    if not spread > 0:
        return {}
    z = float(norm.ppf(0.5 + CONFIDENCE / 2) + norm.ppf(POWER))
    return {effect: max(2, math.ceil((z * spread / effect) ** 2)) for effect in EFFECTS}
