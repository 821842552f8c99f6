"""The findings of a study: accuracy of each arm on common questions, self-agreement, and the blind test.

The exported file is the only input. The taste of an arm is estimated from the learning rounds of this arm,
with the prior in the file. It then predicts the answers to the common questions, from which no taste is
learned. Differences are within people, and their standard errors are over people.
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
"""Differences of accuracy for which the sample size is reported."""


@dataclass(frozen=True)
class Interval:
    """A mean over people, with its standard error and 95% interval (Student's t)."""

    mean: float
    error: float
    low: float
    high: float
    people: int


@dataclass(frozen=True)
class Rate:
    """A share of the trials of all people, with Wilson's 95% interval."""

    hits: int
    trials: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Hits divided by trials; NaN without trials."""
        return self.hits / self.trials if self.trials else math.nan


@dataclass(frozen=True)
class Findings:
    """The findings of a study.

    Attributes:
        people: number of participants in the analysis.
        left_out: number of participants without enough answers.
        chance: accuracy of a random prediction, 1 / K.
        arms: accuracy of each arm on the common questions.
        differences: accuracy of the first arm minus that of each other arm, within people.
        agreement: share of repeated common questions with the same pick.
        wins: share of blind trials in which the personal picture was chosen.
        sample_sizes: for each of EFFECTS, number of people for a power of 80% (first arm minus second).
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
        lines: the header and the participants, as in a file of `personalize.study.export`.

    Raises:
        PersonalizeError: no participant has enough answers.
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
    """Share of common questions whose pick is predicted by the taste of the learning rounds.

    Args:
        learned: answered learning rounds of one arm.
        common: common questions with a pick.
        prior: prior of the taste.
        options: K, the number of options.
    """
    comparisons = Comparisons.empty(options, prior.dimension)
    for round_ in learned:
        comparisons = comparisons.append(
            _features(round_),
            best=-1 if round_["best"] is None else round_["best"],
            liked=round_.get("liked", ()),
            disliked=round_.get("disliked", () if round_["worst"] is None else (round_["worst"],)),
        )
    theta = estimate_taste(comparisons, prior).theta
    right = [int((_features(round_) @ theta).argmax()) == round_["best"] for round_ in common]
    return float(sum(right)) / len(right)


def _features(round_: Mapping[str, Any]) -> Tensor:
    return torch.tensor(round_["features"], dtype=torch.float64)


def interval(values: Sequence[float]) -> Interval:
    """The mean of `values`, its standard error and Student's 95% interval; infinite for one person."""
    n, mean = len(values), math.fsum(values) / len(values)
    if n < 2:
        return Interval(mean, math.inf, -math.inf, math.inf, n)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    return Interval(mean, error, mean - half, mean + half, n)


def rate(hits: int, trials: int) -> Rate:
    """The share hits / trials with Wilson's 95% interval; the interval is 0 to 1 without trials."""
    return Rate(hits, trials, *wilson(hits, trials))


def sample_sizes(spread: float) -> dict[float, int]:
    r"""Number of people for each of EFFECTS in a paired comparison, at a power of 80%.

    .. math:: n = (z_{1 - \alpha / 2} + z_{power})^2 \, spread^2 / effect^2

    Args:
        spread: standard deviation over people of the difference; NaN if unknown.
    """
    if not spread > 0:
        return {}
    z = float(norm.ppf(0.5 + CONFIDENCE / 2) + norm.ppf(POWER))
    return {effect: max(2, math.ceil((z * spread / effect) ** 2)) for effect in EFFECTS}
