"""How fast strategies learn a taste, over the same people and the same exam: accuracy after every answer.

Everything is the app's own: the questions, the estimate, the design. Only the items are synthetic (or a
matrix of one's own), so that hundreds of people take minutes and no networks.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from personalize.design.adaptive import plan_questions
from personalize.design.criterion import VCriterion
from personalize.design.result import DesignResult
from personalize.design.solve import solve_design
from personalize.errors import SettingsError
from personalize.experiments.bank import SPREAD, Items
from personalize.experiments.benchmarks.learning_arm import PLANNED, PRIORS, LearningArm
from personalize.experiments.people import TASTES, person_for_items
from personalize.experiments.statistics import Curves, picks_to_match, picks_to_near, ratio, ratio_to_random
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TasteEstimate, TastePrior, estimate_taste
from personalize.preference.picks import Picks
from personalize.preference.simulated_user import SimulatedUser
from personalize.progress import OnProgress
from personalize.rounds.strategies import STRATEGIES, QuestionContext

AHEAD = 5
POOL = 300


@dataclass(frozen=True)
class Learning:
    """What to run.

    Attributes:
        strategies: arms as they are written (see `LearningArm`); what they do not say is as below.
        people: simulated people, the same for each strategy.
        answers: horizon T.
        options: K.
        feedback: what is answered: the best, best and worst, or a full ranking.
        oracle: exam accuracy of knowing a taste exactly.
        lapse: share of slips.
        liked_share: share of the pool that adaptive questions are made of, after three answers.
        seed: of everything.
        prior: name in PRIORS; "evidence" chooses among the others by evidence.
        tastes: name in TASTES: mixtures of a few items ("concepts"), or any direction alike ("isotropic").
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
    run: Learning, items: Items, on_progress: OnProgress = lambda what, done, of: None
) -> dict[str, Curves]:
    """The curves of every arm."""
    mdp = PromptMDP(items.shown, torch.ones(1, len(items.shown), dtype=torch.bool))
    curves = {}
    for text, arm in run.arms.items():
        prior = TastePrior(items.covariance, gammas=PRIORS[arm.prior])
        static = arm.strategy.startswith("static")
        design = _design(mdp, prior, run) if static else None
        rows: list[Tensor] = []
        question_s: list[float] = []
        estimate_s: list[float] = []
        for number in range(run.people):
            person = person_for_items(items, run.oracle, arm.lapse, _seeded(run.seed, number, 1), run.tastes)
            row = _session(arm, run, items, mdp, prior, design, person, number, question_s, estimate_s)
            rows.append(row)
            on_progress(f"{text}: people", number + 1, run.people)
        accuracy, correlation, shown = torch.stack(rows).unbind(dim=2)
        curves[text] = Curves(accuracy, correlation, shown, _mean(question_s), _mean(estimate_s))
    return curves


def _design(mdp: PromptMDP, prior: TastePrior, run: Learning) -> DesignResult:
    return solve_design(
        mdp,
        VCriterion(prior.contrast),
        options=run.options,
        rounds=run.answers,
        regularisation=prior.planning_precision(SPREAD),
    )


def _session(
    arm: LearningArm,
    run: Learning,
    items: Items,
    mdp: PromptMDP,
    prior: TastePrior,
    design: DesignResult | None,
    person: SimulatedUser,
    number: int,
    question_s: list[float],
    estimate_s: list[float],
) -> Tensor:
    """Float[answers, 3]: accuracy, correlation and best utility shown, after each answer of one person."""
    generator, chance = _seeded(run.seed, number, 2), _seeded(run.seed, number, 3)
    estimate = estimate_taste(_no_picks(run.options, mdp.dimension), prior)
    true_items, true_exam = items.shown @ person.theta, items.exam @ person.theta
    chosen_by = replace(person, lapse=0.0).probabilities(items.exam)  # what is liked, not what slips
    asked: list[Tensor] = []
    orders: list[list[int]] = []
    planned: list[Tensor] = []
    rows = []
    for turn in range(run.answers):
        begun = time.perf_counter()
        if arm.strategy == PLANNED:
            if not planned:
                planned = _planned(estimate, run, items, generator, turn)
            question = planned.pop(0)
        else:
            context = _context(run, mdp, prior, design, estimate, generator, asked)
            question = STRATEGIES[arm.strategy].ask(context)[:, 0]
        question_s.append(time.perf_counter() - begun)
        options = items.shown[question]
        asked.append(options)
        orders.append(_answer(person, arm.feedback, options, chance))
        begun = time.perf_counter()
        estimate = estimate_taste(_picks(asked, orders, arm.feedback), prior)
        estimate_s.append(time.perf_counter() - begun)
        guess = estimate.utility(items.exam)
        right = chosen_by.gather(1, guess.argmax(dim=1, keepdim=True)).mean()
        a, b = (u - u.mean(dim=1, keepdim=True) for u in (guess, true_exam))
        correlation = (a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-12)
        shown = (true_items[question].max() - true_items.mean()) / true_items.std()
        rows.append(torch.stack((right, correlation, shown)))
    return torch.stack(rows)


def _context(
    run: Learning,
    mdp: PromptMDP,
    prior: TastePrior,
    design: DesignResult | None,
    estimate: TasteEstimate,
    generator: torch.Generator,
    asked: list[Tensor],
) -> QuestionContext:
    """What a question after those asked, Float[K, d] each, may depend on; items are tokens of one slot."""
    return QuestionContext(
        mdp=mdp,
        options=run.options,
        generator=generator,
        estimate=lambda: estimate,
        pool=lambda: torch.randperm(len(mdp.features), generator=generator)[:POOL, None],
        design=design,
        planning_covariance=prior.planning_covariance(SPREAD),
        contrast=prior.contrast,
        asked=asked,
        liked_share=run.liked_share,
    )


def _planned(
    estimate: TasteEstimate, run: Learning, items: Items, generator: torch.Generator, turn: int
) -> list[Tensor]:
    """AHEAD adaptive questions, each Long[K]."""
    pool = torch.randperm(len(items.shown), generator=generator)[:POOL]
    rows = plan_questions(
        items.shown[pool],
        questions=AHEAD,
        options=run.options,
        covariance=estimate.covariance,
        theta=estimate.theta if estimate.answers else None,
        generator=generator,
        liked_share=run.liked_share,
        restrict=turn >= 3,
    )
    return list(pool[rows])


def _answer(person: SimulatedUser, feedback: str, options: Tensor, chance: torch.Generator) -> list[int]:
    """The options from most to least liked, as far as they are told: all for a ranking, best (and worst)."""
    if feedback == "ranking":
        return person.rank(options, chance)
    if feedback == "best":
        return [person.pick(options, chance)]
    return list(person.answer(options, chance))


def _picks(asked: list[Tensor], orders: list[list[int]], feedback: str) -> Picks:
    options, order = torch.stack(asked), torch.tensor(orders)
    if feedback == "ranking":
        return Picks.of_rankings(options, order)
    offered = torch.ones(options.shape[:2], dtype=torch.bool)
    if feedback == "best":
        return Picks(options, order[:, 0], offered, len(order))
    rest = offered.scatter(1, order[:, :1], False)
    both = torch.cat((options, -options))
    return Picks(both, torch.cat((order[:, 0], order[:, 1])), torch.cat((offered, rest)), len(order))


def _no_picks(K: int, d: int) -> Picks:
    none = torch.empty(0, dtype=torch.long)
    return Picks(torch.empty(0, K, d, dtype=torch.float64), none, torch.ones(0, K, dtype=torch.bool), 0)


def _seeded(seed: int, number: int, use: int) -> torch.Generator:
    return torch.Generator().manual_seed(1_000_003 * seed + 101 * number + use)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def summary(run: Learning, curves: dict[str, Curves], items: Items) -> dict[str, Any]:
    """The figures to print: accuracies, picks to match random's, picks to near the oracle, ratios.

    An arm with changes, or a planned one, is also compared with its plain one, if that ran: the answers that
    it needs as a share of the plain one's.
    """
    base = curves.get("random")
    last = run.answers - 1
    out: dict[str, Any] = {
        "people": run.people,
        "answers": run.answers,
        "options": run.options,
        "feedback": run.feedback,
        "items": len(items.shown),
        "dimension": items.shown.shape[1],
        "oracle": run.oracle,
        "lapse": run.lapse,
        "liked_share": run.liked_share,
        "prior": run.prior,
        "tastes": run.tastes,
        "seed": run.seed,
        "exam_questions": len(items.exam),
        "strategies": {},
    }
    for name, curve in curves.items():
        near = picks_to_near(curve.accuracy, run.oracle - 0.05)
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
