"""Arms: ways to ask, each from a turn of a session to the items to show, and how answers are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from personalize.design.adaptive import choose_question, plan_questions
from personalize.design.baseline import identical_policies
from personalize.design.criterion import Criterion, VCriterion
from personalize.design.result import DesignResult
from personalize.design.solve import solve_design
from personalize.experiments.bank import SPREAD, Bank
from personalize.preference.estimate import TasteEstimate, TastePrior
from personalize.rounds.strategies import STRATEGIES, QuestionContext

LAPSE = 0.05
"""Slips that the estimate expects, as in the app."""

POOL = 300
"""Candidates of an adaptive question."""


@dataclass(frozen=True, eq=False)
class Turn:
    """What a question may be chosen by.

    Attributes:
        bank: whose items.
        number: questions asked so far.
        estimate: of the answers so far (at the last refit).
        shown: features Float[K, d] of the questions so far, as chosen by.
        generator: of chance.
        unanswered: features Float[K, d] of the questions whose answers the estimate does not know yet.
    """

    bank: Bank
    number: int
    estimate: TasteEstimate
    shown: Sequence[Tensor]
    generator: torch.Generator
    unanswered: Sequence[Tensor] = ()

    def pool(self, count: int) -> Tensor:
        """Long[<= count]: askable items at random."""
        n = len(self.bank.askable)
        return self.bank.askable[torch.randperm(n, generator=self.generator)[:count]]


WARM_UP = 3
"""Answers before questions are chosen from the better liked share of the pool, as in the app."""

Ask = Callable[[Turn], Tensor]
"""From a turn to Long[K], the items to show."""


@dataclass(frozen=True, eq=False)
class Arm:
    """How questions are asked, and how answers are read.

    Attributes:
        ask: chooses questions.
        prior: of tastes.
        lapse: that the estimate expects.
        best_worst: whether the worst is told too.
        tiers: whether every other item that is liked is told too (see `Person.approves`).
        ranking: whether the full ranking is told instead.
        blind: the questions do not depend on answers, so estimates are made for scores alone.
        once: no item is shown twice.
        drawn: pictures that are drawn in every round. Questions are then chosen among the pictures that were
            drawn and not shown yet; None if all askable items may be shown at any time.
        behind: each question is chosen before the answer to the one before it is known.
    """

    ask: Ask
    prior: TastePrior
    lapse: float = LAPSE
    best_worst: bool = False
    tiers: bool = False
    ranking: bool = False
    blind: bool = False
    once: bool = False
    drawn: int | None = None
    behind: bool = False


def items_design(
    bank: Bank,
    options: int,
    rounds: int,
    regularisation: Tensor | float,
    criterion: Criterion | None = None,
    iterations: int = 2000,
) -> DesignResult:
    """The design over the askable items, as paths of one token."""
    return solve_design(
        bank.mdp,
        criterion or VCriterion(TastePrior(bank.covariance).contrast),
        options=options,
        rounds=rounds,
        regularisation=regularisation,
        iterations=iterations,
    )


def by_strategy(
    name: str,
    options: int,
    *,
    design: DesignResult | None = None,
    prior: TastePrior | None = None,
    spread: float = SPREAD,
    liked_share: float = 1.0,
) -> Ask:
    """Ask as a strategy of the app does (`personalize.rounds.strategies`).

    Args:
        name: of STRATEGIES.
        options: K.
        design: over the askable items (`items_design`), for static strategies.
        prior: plans the static strategies.
        spread: spread of utilities that `prior` plans with, in nats.
        liked_share: share of the pool, the best liked, that adaptive questions are chosen from.
    """
    entry = STRATEGIES[name]
    planning = None if prior is None else prior.planning_covariance(spread)

    def ask(turn: Turn) -> Tensor:
        askable = len(turn.bank.askable)
        context = QuestionContext(
            mdp=turn.bank.mdp,
            options=options,
            generator=turn.generator,
            estimate=lambda: turn.estimate,
            pool=lambda: torch.randperm(askable, generator=turn.generator)[:POOL, None],
            design=design,
            planning_covariance=planning,
            contrast=None if prior is None else prior.contrast,
            asked=turn.shown,
            unanswered=turn.unanswered,
            liked_share=liked_share,
        )
        return turn.bank.askable[entry.ask(context)[:, 0]]

    return ask


def identical(design: DesignResult) -> DesignResult:
    """The design as the paper runs it: every option is drawn from the mean of the policies.

    It is the optimum of an objective that sees only the mean.
    """
    return replace(design, policies=identical_policies(design.policies))


def uniform_throughout(options: int, prior: TastePrior, rounds: int) -> Ask:
    """The same exchange with p = 1/K in gain and covariance: what can be planned before any answer.

    Every question is new for the session, drawn with its chance, but none looks at an answer.
    """
    planned: dict[int, Tensor] = {}

    def ask(turn: Turn) -> Tensor:
        if turn.number == 0:
            planned.clear()
            covariance = prior.planning_covariance(SPREAD)
            pool = turn.pool(min(len(turn.bank.askable), options * rounds + POOL))
            rows = plan_questions(
                turn.bank.asked[pool],
                questions=rounds,
                options=options,
                covariance=covariance,
                theta=None,
                generator=turn.generator,
                liked_share=1.0,
            )
            planned.update(enumerate(pool[rows]))
        return planned[turn.number]

    return ask


def planned_ahead(options: int, questions: int, liked_share: float = 1.0) -> Ask:
    """Adaptive questions, of which several are planned at once, before the answers to them."""
    planned: list[Tensor] = []

    def ask(turn: Turn) -> Tensor:
        if turn.number % questions == 0:
            pool = turn.pool(POOL)
            rows = plan_questions(
                turn.bank.asked[pool],
                questions=questions,
                options=options,
                covariance=turn.estimate.covariance,
                theta=turn.estimate.theta if turn.estimate.answers else None,
                generator=turn.generator,
                liked_share=liked_share,
                restrict=turn.number >= WARM_UP,
            )
            planned[:] = list(pool[rows])
        return planned.pop(0)

    return ask


def uniform_gain(options: int) -> Ask:
    """Posterior by the estimate, but the gain at p = 1/K: the two do not go together."""

    def ask(turn: Turn) -> Tensor:
        pool = turn.pool(POOL)
        rows = choose_question(
            turn.bank.asked[pool],
            options=options,
            covariance=turn.estimate.covariance,
            theta=None,
            generator=turn.generator,
        )
        return pool[rows]

    return ask


def floored(ask: Ask, options: int, share: float) -> Ask:
    """`ask` with an exploration floor: that share of the options of every question is drawn at random."""

    def mixed(turn: Turn) -> Tensor:
        question = ask(turn).clone()
        other = turn.pool(options)
        fresh = other[~torch.isin(other, question)]
        for place in range(options):
            use = float(torch.rand(1, generator=turn.generator)) < share
            if use and len(fresh):
                question[place], fresh = fresh[0], fresh[1:]
        return question

    return mixed
