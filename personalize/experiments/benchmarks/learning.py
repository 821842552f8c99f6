"""How fast strategies learn a taste, over the same people and the same exam: accuracy after every answer.

Everything is the app's own: the questions, the estimate, the design. Only the items are synthetic (or a
matrix of one's own, or rated by real people), so that hundreds of people take minutes and no networks.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from personalize.design.criterion import VCriterion
from personalize.errors import SettingsError
from personalize.experiments.arms import Arm, by_strategy, items_design, planned_ahead
from personalize.experiments.bank import SPREAD, Bank
from personalize.experiments.benchmarks.learning_arm import PLANNED, PRIORS, LearningArm
from personalize.experiments.benchmarks.learning_people import People
from personalize.experiments.linear_people import TASTES
from personalize.experiments.people import Person, oracle_of
from personalize.experiments.session import Session, hold
from personalize.experiments.statistics import Curves, picks_to_match, picks_to_near, ratio, ratio_to_random
from personalize.preference.estimate import TastePrior
from personalize.progress import OnProgress
from personalize.seeds import LARGEST_SEED, derived_seed

AHEAD = 5
"""Questions that a planned arm plans at once."""


@dataclass(frozen=True)
class Learning:
    """What to run.

    Attributes:
        strategies: arms as they are written (see `LearningArm`); what they do not say is as below.
        people: number of people, the same for each strategy.
        answers: horizon T.
        options: K.
        feedback: name in `personalize.experiments.benchmarks.learning_arm.FEEDBACK`.
        oracle: exam accuracy of knowing an invented taste exactly.
        lapse: share of slips.
        liked_share: share of the pool that adaptive questions are made of, after three answers.
        seed: of everything.
        prior: name in PRIORS; "evidence" chooses among the others by evidence.
        tastes: of invented people, a name in TASTES: mixtures of a few items ("concepts"), or any direction
            alike ("isotropic").
    """

    strategies: tuple[str, ...] = ("adaptive", "static-rounded", "static-iid", "random")
    people: int = 40
    answers: int = 60
    options: int = 4
    feedback: str = "best"
    oracle: float = 0.75
    lapse: float = 0.0
    liked_share: float = 1.0
    seed: int = 0
    prior: str = "evidence"
    tastes: str = "concepts"

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            SettingsError: an unknown strategy or kind of answer, or a number out of range.
        """
        if not self.strategies:
            raise SettingsError("Expected at least one strategy, found none. Give some.")
        assert self.arms  # reads them all
        if self.tastes not in TASTES:
            raise SettingsError(
                f"Expected tastes out of {', '.join(TASTES)}, found '{self.tastes}'. Choose one."
            )
        if self.people < 2 or self.answers < 1 or self.options < 2:
            raise SettingsError(
                f"Expected at least 2 people, 1 answer and 2 options, found {self.people}, {self.answers} "
                f"and {self.options}. Choose more."
            )

    @property
    def usual(self) -> LearningArm:
        """Default arm: the fields that an arm does not override; its strategy is the first arm's."""
        return LearningArm(
            self.strategies[0].partition("+")[0].strip(), self.feedback, self.lapse, self.prior
        )

    @property
    def arms(self) -> dict[str, LearningArm]:
        """By the text that names them."""
        return {text: LearningArm.of(text, self.usual) for text in self.strategies}


def learn(
    run: Learning, people: People, on_progress: OnProgress = lambda what, done, of: None
) -> dict[str, Curves]:
    """The curves of every arm, over the people 0 to `run.people` - 1."""
    return {text: _curves(text, arm, run, people, on_progress) for text, arm in run.arms.items()}


def _curves(text: str, arm: LearningArm, run: Learning, people: People, on_progress: OnProgress) -> Curves:
    prior = TastePrior(people.covariance, gammas=PRIORS[arm.prior])
    at = range(1, run.answers + 1)
    asked: tuple[Arm, Bank] | None = None
    rows: list[Tensor] = []
    sessions: list[Session] = []
    for number in range(run.people):
        person, bank = people.meet(number, arm.lapse)
        if asked is None or asked[1] is not bank:  # a static design is of one bank
            asked = _arm(arm, run, bank, prior), bank
        session = hold(asked[0], person, bank, at, derived_seed("asked", run.seed, number) % LARGEST_SEED)
        utility = person.final
        worth = utility[bank.askable]
        best = (utility[session.shown].amax(dim=1) - worth.mean()) / worth.std()
        rows.append(torch.cat((session.scores[:, :2], best[:, None]), dim=1))
        sessions.append(session)
        on_progress(f"{text}: people", number + 1, run.people)
    accuracy, correlation, shown = torch.stack(rows).unbind(dim=2)
    question_s, estimate_s = (
        sum(spent) / len(sessions) / 1000.0
        for spent in ([s.question_ms for s in sessions], [s.estimate_ms for s in sessions])
    )
    return Curves(accuracy, correlation, shown, question_s, estimate_s)


def _arm(arm: LearningArm, run: Learning, bank: Bank, prior: TastePrior) -> Arm:
    """How people are asked about the items of a bank."""
    if arm.strategy == PLANNED:
        ask = planned_ahead(run.options, AHEAD, run.liked_share)
    else:
        design = None
        if arm.strategy.startswith("static"):
            precision = prior.planning_precision(SPREAD)
            design = items_design(bank, run.options, run.answers, precision, VCriterion(prior.contrast))
        ask = by_strategy(arm.strategy, run.options, design=design, prior=prior, liked_share=run.liked_share)
    told = arm.feedback
    return Arm(ask, prior, best_worst=told == "best-worst", tiers=told == "tiers", ranking=told == "ranking")


def oracles(run: Learning, people: People) -> Tensor:
    """Float[people]: exam accuracy of knowing each person exactly."""
    known = [oracle_of(*_examined(people, number)) for number in range(run.people)]
    return torch.tensor(known, dtype=torch.float64)


def _examined(people: People, number: int) -> tuple[Person, Tensor]:
    person, bank = people.meet(number, 0.0)
    return person, bank.exam


def summary(run: Learning, curves: dict[str, Curves], people: People) -> dict[str, Any]:
    """The figures to print: accuracies, picks to match random's, picks to near the oracle, ratios.

    An arm with changes, or a planned one, is also compared with its plain one, if that ran: the answers that
    it needs as a share of the plain one's.
    """
    base = curves.get("random")
    known = oracles(run, people)
    last = run.answers - 1
    out: dict[str, Any] = {
        "people": run.people,
        "answers": run.answers,
        "options": run.options,
        "feedback": run.feedback,
        "items": people.items,
        "dimension": len(people.covariance),
        "oracle": round(float(known.mean()), 4),
        "lapse": run.lapse,
        "liked_share": run.liked_share,
        "prior": run.prior,
        "tastes": run.tastes,
        "seed": run.seed,
        "exam_questions": people.exam_questions,
        "strategies": {},
    }
    for name, curve in curves.items():
        near = picks_to_near(curve.accuracy, known[:, None] - 0.05)
        facts = {
            "accuracy": [round(float(v), 4) for v in curve.accuracy.mean(dim=0)],
            "accuracy_at_end_se": round(float(curve.accuracy[:, last].std() / run.people**0.5), 4),
            "utility_correlation_at_end": round(float(curve.correlation[:, last].mean()), 4),
            "best_shown_mean_sd": round(float(curve.shown.mean()), 3),
            "picks_to_within_5_points_median": float(near.median()),
            "people_within_5_points": round(float((near <= run.answers).double().mean()), 3),
            "question_ms": round(1000 * curve.question_s, 2),
            "estimate_ms": round(1000 * curve.estimate_s, 2),
        }
        if base is not None:
            facts["picks_to_match_random"] = picks_to_match(curve.accuracy, base.accuracy)
            facts["ratio_to_random"], facts["ratio_se"] = ratio_to_random(curve.accuracy, base.accuracy)
        plain = _plainer(run, name)
        if base is not None and plain in curves:
            facts["compared_with"] = plain
            facts["answers_compared"], facts["answers_compared_se"] = ratio(
                curve.accuracy, curves[plain].accuracy, base.accuracy
            )
        out["strategies"][name] = facts
    return out


def _plainer(run: Learning, text: str) -> str:
    """The text of the arm that this one is compared with; empty where there is none."""
    arm = run.arms[text]
    found = [name for name, other in run.arms.items() if other == arm.plainer(run.usual) and other != arm]
    return found[0] if found else ""
