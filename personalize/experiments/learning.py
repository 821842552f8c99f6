"""How fast strategies learn a taste, over the same people and the same exam: accuracy after every answer.

Everything is the app's own: the questions, the estimate, the design. Only the items are synthetic (or a
matrix of one's own), so that hundreds of people take minutes and no networks.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from personalize.design.acquisition import ACQUISITIONS
from personalize.design.criterion import VCriterion
from personalize.design.question import (
    independent_question,
    plan_questions,
    random_question,
    static_question,
)
from personalize.design.result import DesignResult
from personalize.design.solve import solve_design
from personalize.errors import SettingsError
from personalize.experiments.items import TASTES, Items, person_of
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TasteEstimate, TastePrior, estimate_taste
from personalize.preference.logit import Picks
from personalize.preference.simulated_user import SimulatedUser
from personalize.session.record import STRATEGIES

FEEDBACK = ("best", "best-worst", "ranking")
PLANNED = "adaptive-planned"
"""As adaptive, but planned several questions ahead of the answers."""

PRIORS: dict[str, tuple[float, ...]] = {
    "evidence": (0.0, 0.5, 1.0),
    "features": (1.0,),
    "root": (0.5,),
    "ridge": (0.0,),
}
"""The gammas that the estimate may choose from (see `TastePrior`)."""

AHEAD = 5
POOL = 300
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Learning:
    """What to run.

    Attributes:
        strategies: names of `STRATEGIES`, and PLANNED.
        people: simulated people, the same for each strategy.
        answers: horizon T.
        options: K.
        feedback: what is answered: the best, best and worst, or a full ranking.
        oracle: exam accuracy of knowing a taste exactly.
        lapse: share of slips.
        pleasant: share of the pool that adaptive questions are made of, after three answers.
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
    pleasant: float = 1.0
    seed: int = 0
    prior: str = "evidence"
    tastes: str = "concepts"

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises:
            SettingsError: an unknown strategy or kind of answer, or a number out of range.
        """
        unknown = [name for name in self.strategies if name not in (*STRATEGIES, PLANNED)]
        if unknown or not self.strategies:
            raise SettingsError(
                f"Expected strategies out of {', '.join((*STRATEGIES, PLANNED))}, found "
                f"'{unknown[0] if unknown else ''}'. Choose from these."
            )
        if self.feedback not in FEEDBACK:
            raise SettingsError(
                f"Expected feedback out of {', '.join(FEEDBACK)}, found '{self.feedback}'. Choose one."
            )
        for what, value, names in (("prior", self.prior, PRIORS), ("tastes", self.tastes, TASTES)):
            if value not in names:
                raise SettingsError(
                    f"Expected {what} out of {', '.join(names)}, found '{value}'. Choose one."
                )
        if self.people < 2 or self.answers < 1 or self.options < 2:
            raise SettingsError(
                f"Expected at least 2 people, 1 answer and 2 options, found {self.people}, {self.answers} "
                f"and {self.options}. Choose more."
            )


@dataclass(frozen=True, eq=False)
class Curves:
    """What one strategy reached.

    Attributes:
        accuracy: Float[people, answers], expected share of exam picks foreseen after each answer.
        correlation: Float[people, answers], of estimated and true utilities within exam questions.
        shown: Float[people, answers], true utility of the best option shown, in spreads over items.
        question_s: mean seconds that choosing a question took.
        estimate_s: mean seconds of an estimate.
    """

    accuracy: Tensor
    correlation: Tensor
    shown: Tensor
    question_s: float
    estimate_s: float


def learn(
    run: Learning, items: Items, on_progress: OnProgress = lambda what, done, of: None
) -> dict[str, Curves]:
    """The curves of every strategy."""
    mdp = PromptMDP(items.shown, torch.ones(1, len(items.shown), dtype=torch.bool))
    prior = TastePrior(items.covariance, gammas=PRIORS[run.prior])
    static = any(name.startswith("static") for name in run.strategies)
    design = _design(mdp, prior, items, run) if static else None
    curves = {}
    for strategy in run.strategies:
        rows: list[Tensor] = []
        question_s: list[float] = []
        estimate_s: list[float] = []
        for number in range(run.people):
            person = person_of(items, run.oracle, run.lapse, _seeded(run.seed, number, 1), run.tastes)
            row = _session(strategy, run, items, mdp, prior, design, person, number, question_s, estimate_s)
            rows.append(row)
            on_progress(f"{strategy}: people", number + 1, run.people)
        accuracy, correlation, shown = torch.stack(rows).unbind(dim=2)
        curves[strategy] = Curves(accuracy, correlation, shown, _mean(question_s), _mean(estimate_s))
    return curves


def _design(mdp: PromptMDP, prior: TastePrior, items: Items, run: Learning) -> DesignResult:
    return solve_design(
        mdp,
        VCriterion(2.0 * items.covariance),
        options=run.options,
        rounds=run.answers,
        regularisation=prior.precision(prior.gammas[-1], 2.0),
    )


def _session(
    strategy: str,
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
    chosen_by = person.probabilities(items.exam)
    asked: list[Tensor] = []
    orders: list[list[int]] = []
    planned: list[Tensor] = []
    rows = []
    for turn in range(run.answers):
        begun = time.perf_counter()
        if strategy == PLANNED:
            if not planned:
                planned = _planned(AHEAD, estimate, run, items, generator, turn)
            question = planned.pop(0)
        else:
            question = _question(strategy, run, items, mdp, design, estimate, generator, turn)
        question_s.append(time.perf_counter() - begun)
        options = items.shown[question]
        asked.append(options)
        orders.append(_answer(person, run.feedback, options, chance))
        begun = time.perf_counter()
        estimate = estimate_taste(_picks(asked, orders, run.feedback), prior)
        estimate_s.append(time.perf_counter() - begun)
        guess = estimate.utility(items.exam)
        right = chosen_by.gather(1, guess.argmax(dim=1, keepdim=True)).mean()
        a, b = (u - u.mean(dim=1, keepdim=True) for u in (guess, true_exam))
        correlation = (a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-12)
        shown = (true_items[question].max() - true_items.mean()) / true_items.std()
        rows.append(torch.stack((right, correlation, shown)))
    return torch.stack(rows)


def _question(
    strategy: str,
    run: Learning,
    items: Items,
    mdp: PromptMDP,
    design: DesignResult | None,
    estimate: TasteEstimate,
    generator: torch.Generator,
    turn: int,
) -> Tensor:
    """Long[K], items to show."""
    if strategy == "random":
        return random_question(mdp, run.options, generator)[:, 0]
    if design is not None and strategy == "static-iid":
        return independent_question(design.policies, mdp, generator)[:, 0]
    if design is not None and strategy == "static-rounded":
        return static_question(design.policies, mdp, generator, metric=design.metric)[:, 0]
    if strategy in ACQUISITIONS:
        pool = torch.randperm(len(items.shown), generator=generator)[:POOL]
        rows = ACQUISITIONS[strategy](
            items.shown[pool],
            options=run.options,
            theta=estimate.theta,
            covariance=estimate.covariance,
            generator=generator,
        )
        return pool[rows]
    return _planned(1, estimate, run, items, generator, turn)[0]


def _planned(
    questions: int,
    estimate: TasteEstimate,
    run: Learning,
    items: Items,
    generator: torch.Generator,
    turn: int,
) -> list[Tensor]:
    """So many adaptive questions, each Long[K]."""
    pool = torch.randperm(len(items.shown), generator=generator)[:POOL]
    rows = plan_questions(
        items.shown[pool],
        questions=questions,
        options=run.options,
        covariance=estimate.covariance,
        theta=estimate.theta if estimate.answers else None,
        generator=generator,
        pleasant=run.pleasant,
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
    """The figures to print: accuracies, picks to match random's, picks to near the oracle, ratios."""
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
        "pleasant": run.pleasant,
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
        out["strategies"][name] = facts
    return out


def picks_to_match(accuracy: Tensor, reference: Tensor) -> float:
    """Answers until the mean accuracy Float[people, T] reaches the reference's at its end; inf when never.

    Between two answers the curve is taken as straight; a running maximum makes it monotone.
    """
    target = float(reference.mean(dim=0)[-1])
    curve = accuracy.mean(dim=0).cummax(dim=0).values.tolist()
    for turn, value in enumerate(curve):
        if value >= target:
            before = curve[turn - 1] if turn else 0.0
            return turn + (target - before) / (value - before) if value > before and turn else turn + 1.0
    return float("inf")


def ratio_to_random(accuracy: Tensor, reference: Tensor, draws: int = 200) -> tuple[float, float]:
    """`picks_to_match` over the reference's horizon, and its bootstrap standard error over people."""
    people, T = reference.shape
    generator = torch.Generator().manual_seed(0)
    ratios = []
    for _ in range(draws):
        rows = torch.randint(people, (people,), generator=generator)
        ratios.append(min(picks_to_match(accuracy[rows], reference[rows]), 2.0 * T) / T)
    spread = torch.tensor(ratios).std()
    return round(picks_to_match(accuracy, reference) / T, 3), round(float(spread), 3)


def picks_to_near(accuracy: Tensor, target: float, held: int = 3) -> Tensor:
    """Float[people]: the first answer from which `held` in a row are at `target`; T + 1 when not reached."""
    T = accuracy.shape[1]
    near = (accuracy >= target).double()
    windows = near.unfold(1, min(held, T), 1).amin(dim=2)
    first = windows.argmax(dim=1) + 1
    return torch.where(windows.amax(dim=1) > 0, first, torch.tensor(T + 1)).to(torch.float64)
