"""The strategies that choose the next question. App, studies, benchmarks and evidence share this table.

The app uses `adaptive-seen`, which chooses among pictures that were drawn and seen (see
`personalize.rounds.seen_pool`). Where too few exist, it chooses by words, as `adaptive` does.
`static-rounded` and `static-iid` follow the design, which is solved before any answer. The first rounds its
policies to sets of different prompts. The second draws one prompt from each policy independently, as in the
paper. `random` is uniform over prompts. `bald`, `thompson` and `eubo` are published rules for comparison.

A strategy receives a `QuestionContext`. The app builds it from a session. An experiment builds it from a
bank of items, as a prompt MDP with one slot. A new strategy needs one entry in `STRATEGIES`, and its name in
`personalize.session.record.Strategy`, because sessions are stored with that name.
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
    """The inputs of a strategy.

    Attributes:
        mdp: the prompt MDP, which defines the possible prompts.
        options: K, the number of prompts in a question.
        generator: source of all random draws.
        estimate: computes the taste from the known answers; only adaptive strategies call it.
        pool: draws the candidates Long[P, H] of adaptive strategies.
        design: the policies of the static strategies; None if no static strategy is used.
        planning_covariance: Float[d, d]. Prior covariance of the taste, for the static strategies.
        contrast: Float[d, d]. Value matrix of the V-criterion (`TastePrior.contrast`).
        asked: Float[K, d] for each earlier question, in order.
        unanswered: Float[K, d] for each question whose answer is still unknown.
        max_tokens: most tokens in a prompt; None for one in every slot.
        liked_share: share of the pool, with the highest utilities, that `adaptive` chooses from.
        warm_up: number of answers before `liked_share` applies.
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
    """One strategy.

    Attributes:
        ask: chooses the prompts of the next question, Long[K, H].
        adapts: whether questions depend on earlier answers.
        summary: one line for a list of strategies.
        seen: whether the question is chosen by the features of pictures that exist, where there are enough.
            `ask` then chooses the question by words, whose pictures are drawn first.
    """

    ask: Callable[[QuestionContext], Tensor] = field(repr=False)
    adapts: bool
    summary: str
    seen: bool = False


def adaptive(context: QuestionContext) -> Tensor:
    """Long[K, H]: the greedy D-optimal exchange, with the choice probabilities of the present estimate.

    For unanswered questions, the covariance is replaced by the one expected after their answers.
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
        liked_share=context.liked_share,
        restrict=estimate.answers >= context.warm_up,
    )
    return pool[rows]


def seen_question(
    features: Tensor,
    estimate: TasteEstimate,
    *,
    options: int,
    generator: torch.Generator,
    liked_share: float,
    warm_up: int,
) -> Tensor:
    """Long[K]: rows of the most informative pictures among Float[P, d], given all answers so far.

    The rule is the exchange of `adaptive`, without unanswered questions: the pictures exist, so the question
    can wait for the last answer.
    """
    return choose_question(
        features,
        options=options,
        covariance=estimate.covariance,
        theta=estimate.theta if estimate.answers else None,
        generator=generator,
        liked_share=liked_share,
        restrict=estimate.answers >= warm_up,
    )


def static_rounded(context: QuestionContext) -> Tensor:
    """Long[K, H]: prompts of the policies that differ where earlier questions left most uncertainty."""
    design = _design(context)
    if context.planning_covariance is None:
        raise DesignError("Expected a planning covariance for static questions, found none. Give one.")
    value = None if design.criterion == "D" else context.contrast
    metric = open_metric(context.asked, context.planning_covariance, value)
    return static_question(
        design.policies, context.mdp, context.generator, metric=metric, max_tokens=context.max_tokens
    )


def static_iid(context: QuestionContext) -> Tensor:
    """Long[K, H]: one prompt from each policy, drawn independently as in the paper."""
    policies = _design(context).policies
    return independent_question(policies, context.mdp, context.generator, max_tokens=context.max_tokens)


def uniform(context: QuestionContext) -> Tensor:
    """Long[K, H]: distinct prompts, uniform over all prompts."""
    return random_question(context.mdp, context.options, context.generator, max_tokens=context.max_tokens)


def acquired(acquisition: Acquisition) -> Callable[[QuestionContext], Tensor]:
    """The strategy that applies a published rule of `personalize.design.acquisition` to the pool."""

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
    "adaptive-seen": StrategyEntry(
        adaptive, True, "most information, given the answers, among pictures that were seen", seen=True
    ),
    "adaptive": StrategyEntry(adaptive, True, "most information, given the answers so far, by words"),
    "static-rounded": StrategyEntry(static_rounded, False, "the design, rounded to different prompts"),
    "static-iid": StrategyEntry(static_iid, False, "the design, drawn independently as in the paper"),
    "random": StrategyEntry(uniform, False, "uniform over prompts"),
    "bald": StrategyEntry(acquired(ACQUISITIONS["bald"]), True, "mutual information (Houlsby et al. 2011)"),
    "thompson": StrategyEntry(acquired(ACQUISITIONS["thompson"]), True, "best prompts of K sampled tastes"),
    "eubo": StrategyEntry(acquired(ACQUISITIONS["eubo"]), True, "expected best option (Lin et al. 2022)"),
}
"""All strategies by name."""


def _design(context: QuestionContext) -> DesignResult:
    """The design, checked to have the number of options of the context.

    Raises:
        DesignError: there is no design.
        SessionError: the design has another number of options.
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
