"""Solves the design: from a prompt MDP and a criterion to K policies with a certified gap.

Mirror ascent brings the measure near the optimum. Without successor rules and with a known curvature of the
criterion, a few Newton steps on the tokens in use then close the gap. Frank-Wolfe on a mixture of paths
closes the remaining gap, and `division` divides the mixture among K policies. The reported gap is computed
from those policies.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from personalize.design.criterion import Criterion, CurvedCriterion
from personalize.design.division import divide, realised_ratio
from personalize.design.frank_wolfe import Mixture, certified_gap, frank_wolfe
from personalize.design.information import SurrogateObjective, exact_information, picture_information, ridge
from personalize.design.mirror import mirror_ascent
from personalize.design.newton import newton_ascent
from personalize.design.result import DesignResult, DesignStatus, Diagnostics, SolverStep
from personalize.design.sampling import static_question
from personalize.errors import DesignError
from personalize.mdp.decomposition import decompose
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.value_iteration import PathOracle

NEWTON_AFTER = 6
"""Mirror steps before the Newton steps. They find the tokens that matter; Newton then moves only those."""

ROUNDED_QUESTIONS = 64
"""Number of static questions in the mean `rounded_ratio`."""


def solve_design(
    mdp: PromptMDP,
    criterion: Criterion,
    *,
    options: int,
    rounds: float,
    regularisation: Tensor | float,
    relative_gap: float = 1e-3,
    iterations: int = 2000,
    callback: Callable[[SolverStep], None] | None = None,
    generator: torch.Generator | None = None,
    start: Policies | None = None,
) -> DesignResult:
    """The K policies whose questions are expected to be most informative.

    Args:
        mdp: tokens, their features and the rules that define the paths.
        criterion: the function of the surrogate information to maximise.
        options: K, the number of policies.
        rounds: T, the number of answers that the design is planned for.
        regularisation: Float[d, d], the precision of the prior, or a number times the identity.
        relative_gap: the certified gap to stop at, as a share of |value|.
        iterations: largest number of steps of all solvers together.
        callback: called in every step. A KeyboardInterrupt stops the solver; the best design is returned.
        generator: source of randomness for the couplings and the division; seed 0 by default.
        start: policies of an earlier design with similar features or criterion, for a warm start of mirror
            ascent.

    Returns:
        A result on every exit path; `status` is the reason for the stop.

    Raises:
        DesignError: `options` is below 2, `rounds` is not positive, or `start` has paths of another MDP.
        ShapeError: the regularisation or the criterion does not have the dimension of the features.
    """
    if options < 2 or not rounds > 0:
        raise DesignError(
            f"Expected at least 2 options and a positive number of rounds, found {options} and {rounds}. "
            "Ask about two pictures or more, at least once."
        )
    if start is not None:
        _refuse_other_paths(mdp, start)
    started = time.monotonic()
    generator = generator or torch.Generator(device=mdp.features.device).manual_seed(0)
    history: list[tuple[int, float, float]] = []
    taken = 0

    def record(step: SolverStep) -> None:
        total = replace(step, iteration=taken + step.iteration, seconds=time.monotonic() - started)
        history.append((total.iteration, total.value, total.gap))
        if callback is not None:
            callback(total)

    prior = ridge(regularisation, mdp.features)
    objective = SurrogateObjective(mdp.features, criterion, rounds, prior)
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
            PathOracle(mdp),
            objective,
            mixture,
            relative_gap=relative_gap,
            iterations=iterations - taken,
            callback=record,
        )
        mixture, status, taken = outcome.mixture, outcome.status, taken + outcome.iterations
    policies = divide(mdp, mixture.vertices, mixture.weights, options, generator=generator)
    return _report(mdp, objective, prior, policies, status, tuple(history), taken, started)


def _report(
    mdp: PromptMDP,
    objective: SurrogateObjective,
    prior: Tensor,
    policies: Policies,
    status: DesignStatus,
    history: tuple[tuple[int, float, float], ...],
    iterations: int,
    started: float,
) -> DesignResult:
    """The result of the solver: information matrices, certified gap and diagnostics of the policies.

    Args:
        mdp: the MDP of the paths.
        objective: the objective that was maximised.
        prior: Float[d, d], the regularisation.
        policies: the K policies.
        status: reason for the solver's stop.
        history: (iteration, value, gap) of every step.
        iterations: number of steps of all solvers.
        started: `time.monotonic()` at the start of the solver.
    """
    criterion, rounds = objective.criterion, objective.rounds
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
    mixture = Mixture(policies.paths, policies.mean_weights)
    return DesignResult(
        policies=policies,
        surrogate_information=surrogate,
        exact_information=exact,
        picture_information=picture,
        metric=metric,
        value=criterion.value(surrogate),
        gap=torch.inf if singular else certified_gap(PathOracle(mdp), objective, mixture),
        realised_ratio=realised_ratio(mdp.features, visitation),
        rounded_ratio=_rounded_ratio(mdp, policies, metric, surrogate - prior, rounds),
        iterations=iterations,
        seconds=time.monotonic() - started,
        status=status,
        history=history,
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
    """Trace of the information of sampled static questions, over the trace of `claimed`."""
    total = float(claimed.trace())
    if not total > 0.0 or mdp.log_path_count < math.log(policies.options) - 1e-9:
        return 1.0
    generator = torch.Generator(device=mdp.features.device).manual_seed(0)
    questions = [static_question(policies, mdp, generator, metric=metric) for _ in range(ROUNDED_QUESTIONS)]
    x = mdp.path_features(torch.stack(questions))
    spread = (x - x.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2)).mean() / policies.options
    return rounds * float(spread) / total
