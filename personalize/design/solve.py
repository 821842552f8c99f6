"""From a prompt MDP and a criterion to K policies: mirror ascent, Newton, Frank-Wolfe, division, certificate.

Mirror ascent brings the measure near the optimum. Where slots have no successor rules and the criterion has a
curvature, a few Newton steps on the tokens in use then close the gap; Frank-Wolfe on a mixture of paths
closes what is left, and `division` makes K policies of it. The gap that is reported is computed from those
policies.
"""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor

from personalize.design.criterion import Criterion, CurvedCriterion
from personalize.design.division import divide, realised_ratio
from personalize.design.frank_wolfe import Mixture, certified_gap, frank_wolfe
from personalize.design.information import SurrogateObjective, exact_information, picture_information, ridge
from personalize.design.mirror import mirror_ascent
from personalize.design.newton import newton_ascent
from personalize.design.result import DesignResult, DesignStatus, Diagnostics, Progress
from personalize.design.sampling import static_question
from personalize.errors import DesignError
from personalize.mdp.decomposition import decompose
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.value_iteration import PathOracle

NEWTON_AFTER = 6
"""Mirror steps before Newton's: they say which tokens can matter, and Newton moves those that do."""

ROUNDED_QUESTIONS = 64
"""Static questions that `rounded_ratio` is the mean of."""


def solve_design(
    mdp: PromptMDP,
    criterion: Criterion,
    *,
    options: int,
    rounds: float,
    regularisation: Tensor | float,
    relative_gap: float = 1e-3,
    iterations: int = 2000,
    callback: Callable[[Progress], None] | None = None,
    generator: torch.Generator | None = None,
    start: Policies | None = None,
) -> DesignResult:
    """The K policies whose questions are expected to tell most.

    Args:
        mdp: what can be said.
        criterion: what is to be maximised of the surrogate information.
        options: K.
        rounds: T, the answers it is planned for.
        regularisation: Float[d, d], the precision of the prior, or a number times the identity.
        relative_gap: the certified gap to stop at, as a share of |value|.
        iterations: most steps of both solvers together.
        callback: told about every step; a KeyboardInterrupt gives the best design so far.
        generator: of the couplings and the division; seed 0 unless given.
        start: policies of a design that was solved before, for features or a criterion that changed a little:
            mirror ascent goes on from their measure.

    Returns:
        A result whatever happened; `status` says what.

    Raises:
        DesignError: fewer than 2 options, or no rounds.
        ShapeError: regularisation or criterion of other dimension than the features.
    """
    if options < 2 or not rounds > 0:
        raise DesignError(
            f"Expected at least 2 options and a positive number of rounds, found {options} and {rounds}. "
            "Ask about two pictures or more, at least once."
        )
    started = time.monotonic()
    device = mdp.features.device
    generator = generator or torch.Generator(device=device).manual_seed(0)
    history: list[tuple[int, float, float]] = []
    taken = 0

    def record(progress: Progress) -> None:
        seconds = time.monotonic() - started
        step = Progress(taken + progress.iteration, progress.value, progress.gap, progress.support, seconds)
        history.append((step.iteration, step.value, step.gap))
        if callback is not None:
            callback(step)

    prior = ridge(regularisation, mdp.features)
    objective = SurrogateObjective(mdp.features, criterion, rounds, prior)
    oracle = PathOracle(mdp)
    if start is not None:
        _refuse_other_paths(mdp, start)
    newton = mdp.successors is None and isinstance(criterion, CurvedCriterion)
    found = mirror_ascent(
        mdp,
        objective,
        relative_gap=relative_gap,
        iterations=min(NEWTON_AFTER, iterations) if newton else iterations,
        callback=record,
        start=None if start is None else start.mean_visitation(mdp.size),
    )
    taken, status = found.iterations, found.status
    if newton and status in (DesignStatus.ITERATION_LIMIT, DesignStatus.STALLED):
        found = newton_ascent(
            mdp,
            objective,
            found.measure.tokens,
            relative_gap=relative_gap,
            iterations=iterations - taken,
            callback=record,
        )
        taken, status = taken + found.iterations, found.status
    mixture = Mixture(*decompose(mdp, found.measure, generator))
    if status in (DesignStatus.OPTIMAL, DesignStatus.STALLED):
        outcome = frank_wolfe(
            oracle,
            objective,
            mixture,
            relative_gap=relative_gap,
            iterations=iterations - taken,
            callback=record,
        )
        mixture, status, taken = outcome.mixture, outcome.status, taken + outcome.iterations

    policies = divide(mdp, mixture.vertices, mixture.weights, options, generator=generator)
    visitation = policies.visitation(mdp.size)
    mean = visitation.mean(dim=0)
    surrogate = objective.information(mean)
    singular = status is DesignStatus.SINGULAR
    exact = exact_information(mdp.features, visitation, rounds=rounds, regularisation=prior)
    picture = exact
    if mdp.successors is not None:
        x = mdp.path_features(policies.paths)
        picture = picture_information(x, policies.weights, rounds=rounds, regularisation=prior)
    metric = torch.eye(mdp.dimension).to(surrogate) if singular else criterion.gradient(surrogate)
    final = Mixture(policies.paths, policies.mean_weights)
    return DesignResult(
        policies=policies,
        surrogate_information=surrogate,
        exact_information=exact,
        picture_information=picture,
        metric=metric,
        value=criterion.value(surrogate),
        gap=torch.inf if singular else certified_gap(oracle, objective, final),
        realised_ratio=realised_ratio(mdp.features, visitation),
        rounded_ratio=_rounded_ratio(mdp, policies, metric, surrogate - prior, rounds),
        iterations=taken,
        seconds=time.monotonic() - started,
        status=status,
        history=tuple(history),
        diagnostics=Diagnostics.of(surrogate, prior, mean, len(policies.paths)),
        criterion=criterion.name,
        rounds=rounds,
    )


def _refuse_other_paths(mdp: PromptMDP, start: Policies) -> None:
    fits = start.horizon == mdp.horizon and int(start.paths.max()) < mdp.size
    if not fits or not bool(mdp.admits(start.paths).all()):
        raise DesignError(
            "Expected a warm start with paths of this MDP, found others. Use one of the same vocabulary and "
            "rules, or none."
        )


def _rounded_ratio(
    mdp: PromptMDP, policies: Policies, metric: Tensor, claimed: Tensor, rounds: float
) -> float:
    """The trace of what static questions about whole pictures realise, over `claimed`'s, by sampling them."""
    total = float(claimed.trace())
    if not total > 0.0 or mdp.log_path_count < math.log(policies.options) - 1e-9:
        return 1.0
    generator = torch.Generator(device=mdp.features.device).manual_seed(0)
    questions = [static_question(policies, mdp, generator, metric=metric) for _ in range(ROUNDED_QUESTIONS)]
    x = mdp.path_features(torch.stack(questions))
    spread = (x - x.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2)).mean() / policies.options
    return rounds * float(spread) / total
