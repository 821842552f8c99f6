r"""Mirror ascent on the path measure: multiplicative steps, computed exactly by soft value iteration.

.. math:: p_{n+1}(x) \propto p_n(x) \exp(\eta_n \langle \nabla f(d_n), x \rangle)

for every path x. One step moves all tokens at once. A few dozen steps replace hundreds of Frank-Wolfe steps,
which move one path each. The step size grows while the value rises, and is halved otherwise. The certificate
is the gap of Frank-Wolfe.

Source: the multiplicative algorithm for optimal designs (Titterington 1978), as mirror ascent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from personalize.design.information import SurrogateObjective, ridge
from personalize.design.result import DesignStatus, SolverStep
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.soft_value_iteration import MarkovMeasure, soft_visitation
from personalize.mdp.value_iteration import best_path

GROWTH = 1.2
FORGOTTEN = 1e-3
"""Smallest measure of a token at a warm start, in units of 1 / S: no factor could raise a measure of 0."""

LEAST_STEP = 1e-6
"""Smallest step, in units of 1 / (mean spread); a smaller step does not change the measure."""


@dataclass(frozen=True, eq=False)
class MirrorOutcome:
    """The final measure, the number of steps, and the reason for the stop."""

    measure: MarkovMeasure
    iterations: int
    status: DesignStatus


def mirror_ascent(
    mdp: PromptMDP,
    objective: SurrogateObjective,
    *,
    relative_gap: float,
    iterations: int,
    callback: Callable[[SolverStep], None] | None = None,
    start: torch.Tensor | None = None,
) -> MirrorOutcome:
    """Maximise `objective`, from the uniform measure on paths or from `start`.

    Args:
        mdp: the MDP of the paths.
        objective: the concave value.
        relative_gap: the ascent stops when the gap is at most this share of |value|.
        iterations: largest number of steps.
        callback: called in every step. A KeyboardInterrupt stops the ascent; the last measure is returned.
        start: Float[H, S], the token measure of an earlier design, for a warm start.
    """
    started = time.monotonic()
    logits = torch.zeros_like(mdp.allowed, dtype=objective.features.dtype)
    if start is not None:
        logits = start.to(logits).clamp(min=FORGOTTEN / mdp.size).log()
    measure = soft_visitation(mdp, logits)
    information = objective.information(measure.tokens)
    value = objective.criterion.value(information)
    if value == -torch.inf:
        return MirrorOutcome(measure, 0, DesignStatus.SINGULAR)
    step, done = 1.0, 0
    try:
        while True:
            metric = objective.criterion.gradient(information)
            gradient = objective.rounds * objective.spreads(measure.tokens, metric)
            gap = max(0.0, best_path(mdp, gradient)[1] - float((gradient * measure.tokens).sum()))
            if callback is not None:
                support = int((measure.tokens > LEAST_STEP).sum())
                callback(SolverStep(done, value, gap, support, time.monotonic() - started))
            if gap <= relative_gap * abs(value):
                return MirrorOutcome(measure, done, DesignStatus.OPTIMAL)
            if done >= iterations:
                return MirrorOutcome(measure, done, DesignStatus.ITERATION_LIMIT)
            data = information - ridge(objective.regularisation, objective.features)
            spread = float((metric * data).sum()) / mdp.horizon
            scaled = gradient / max(spread, torch.finfo(gradient.dtype).tiny)
            while True:
                trial = soft_visitation(mdp, logits + step * scaled)
                trial_information = objective.information(trial.tokens)
                trial_value = objective.criterion.value(trial_information)
                if trial_value >= value:
                    break
                step *= 0.5
                if step < LEAST_STEP:
                    return MirrorOutcome(measure, done, DesignStatus.STALLED)
            logits, measure = logits + step * scaled, trial
            information, value = trial_information, trial_value
            step, done = GROWTH * step, done + 1
    except KeyboardInterrupt:
        return MirrorOutcome(measure, done, DesignStatus.INTERRUPTED)
