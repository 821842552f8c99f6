"""How the next question is chosen: one entry per strategy, read by the app, studies, benchmarks and evidence.

`adaptive` is what the app uses. `static-rounded` and `static-iid` ask what the design planned before any
answer: rounded to sets of prompts that differ, or drawn independently as in the paper. `random` is uniform
over prompts. `bald`, `thompson` and `eubo` are published rules to compare with.

A strategy sees a `QuestionContext`. The app fills it from a session, an experiment from a bank of items,
which it poses as a prompt MDP of one slot. A new strategy is one entry in `STRATEGIES`, and its name in
`personalize.session.record.Strategy`, by which sessions are stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from personalize.design.acquisition import ACQUISITIONS, Acquisition
from personalize.design.adaptive import choose_question, expected_covariance, open_metric
from personalize.design.result import DesignResult
from personalize.design.sampling import independent_question, random_question, static_question
from personalize.errors import DesignError, SessionError
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TasteEstimate


@dataclass(frozen=True, eq=False)
class QuestionContext:
    """What a question may depend on.

    Attributes:
        mdp: the prompts that may be asked about.
        options: K.
        generator: source of all draws.
        estimate: computes the taste from the answers known so far; called by adapting strategies alone.
        pool: draws candidates Long[P, H] for adapting strategies.
        design: policies of the static strategies; None where no static strategy is asked.
        planning_covariance: Float[d, d], of tastes before any answer, for the static strategies.
        contrast: Float[d, d], the value matrix of the V-criterion (`TastePrior.contrast`).
        asked: Float[K, d] for each earlier question, in order.
        unanswered: Float[K, d] for each question whose answer is not known yet.
        max_tokens: most tokens a prompt; None: as many as there are slots.
        liked_share: share of the pool, the best liked, that adaptive questions are chosen from.
        warm_up: answers before `liked_share` applies.
    """

    mdp: PromptMDP
    options: int
    generator: torch.Generator
    estimate: Callable[[], TasteEstimate]
    pool: Callable[[], Tensor]
    design: DesignResult | None = None
    planning_covariance: Tensor | None = None
    contrast: Tensor | None = None
    asked: Sequence[Tensor] = ()
    unanswered: Sequence[Tensor] = ()
    max_tokens: int | None = None
    liked_share: float = 1.0
    warm_up: int = 3


@dataclass(frozen=True)
class StrategyEntry:
    """One way to choose questions.

    Attributes:
        ask: Long[K, H], the prompts of the next question.
        adapts: whether the question depends on the answers.
        summary: one line for people who choose among strategies.
    """

    ask: Callable[[QuestionContext], Tensor] = field(repr=False)
    adapts: bool
    summary: str


def adaptive(context: QuestionContext) -> Tensor:
    """Long[K, H]: the greedy D-optimal exchange with the estimate's own choice probabilities.

    Unanswered questions count as asked: the covariance becomes the one their answers are expected to leave.
    """
    estimate = context.estimate()
    pool = context.pool()
    theta = estimate.theta if estimate.answers else None
    covariance = estimate.covariance
    for options in context.unanswered:
        covariance = expected_covariance(options.to(covariance), covariance, theta)
    rows = choose_question(
        context.mdp.path_features(pool),
        options=context.options,
        covariance=covariance,
        theta=theta,
        generator=context.generator,
        pleasant=context.liked_share,
        restrict=estimate.answers >= context.warm_up,
    )
    return pool[rows]


def static_rounded(context: QuestionContext) -> Tensor:
    """Long[K, H]: the policies, rounded to prompts that differ where earlier questions left doubt."""
    design = _design(context)
    if context.planning_covariance is None:
        raise DesignError("Expected a planning covariance for static questions, found none. Give one.")
    value = None if design.criterion == "D" else context.contrast
    metric = open_metric(context.asked, context.planning_covariance, value)
    return static_question(
        design.policies, context.mdp, context.generator, metric=metric, words=context.max_tokens
    )


def static_iid(context: QuestionContext) -> Tensor:
    """Long[K, H]: one prompt of each policy, drawn independently, as the paper runs its policies."""
    policies = _design(context).policies
    return independent_question(policies, context.mdp, context.generator, words=context.max_tokens)


def uniform(context: QuestionContext) -> Tensor:
    """Long[K, H]: distinct prompts, uniform over all prompts."""
    return random_question(context.mdp, context.options, context.generator, words=context.max_tokens)


def acquired(acquisition: Acquisition) -> Callable[[QuestionContext], Tensor]:
    """The strategy of a published acquisition rule over the pool (`personalize.design.acquisition`)."""

    def ask(context: QuestionContext) -> Tensor:
        estimate = context.estimate()
        pool = context.pool()
        rows = acquisition(
            context.mdp.path_features(pool),
            options=context.options,
            theta=estimate.theta,
            covariance=estimate.covariance,
            generator=context.generator,
        )
        return pool[rows]

    return ask


STRATEGIES: dict[str, StrategyEntry] = {
    "adaptive": StrategyEntry(adaptive, True, "tells most, given the answers so far"),
    "static-rounded": StrategyEntry(static_rounded, False, "the design, rounded to prompts that differ"),
    "static-iid": StrategyEntry(static_iid, False, "the design, drawn independently as in the paper"),
    "random": StrategyEntry(uniform, False, "uniform over prompts"),
    "bald": StrategyEntry(acquired(ACQUISITIONS["bald"]), True, "mutual information (Houlsby et al. 2011)"),
    "thompson": StrategyEntry(acquired(ACQUISITIONS["thompson"]), True, "favourites of K sampled tastes"),
    "eubo": StrategyEntry(acquired(ACQUISITIONS["eubo"]), True, "expected best option (Lin et al. 2022)"),
}
"""Every strategy by name."""


def _design(context: QuestionContext) -> DesignResult:
    """The design, made for as many options as are shown.

    Raises:
        DesignError: there is no design.
        SessionError: it was made for another number of options.
    """
    design, K = context.design, context.options
    if design is None:
        raise DesignError("Expected a design for a static strategy, found none. Solve one first.")
    if design.policies.options != K:
        raise SessionError(
            "Expected {wanted} options for the static strategies, which were designed for them, found "
            "{found}. Use --options {again}, or another strategy.",
            wanted=design.policies.options,
            found=K,
            again=K,
        )
    return design
