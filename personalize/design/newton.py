r"""Newton's method on the tokens in use, where slots have no successor rules: the last digits of a design.

Near the optimum few tokens carry the measure, and the value is nearly quadratic in their probabilities d.
With phi~_{h,a} = phi_a - m_h, the second derivative along delta (rows sum to zero) of a criterion with
gradient W and :math:`f''[X] = -c\,\mathrm{tr}(A X B X)` is :math:`\delta^\top Q \delta`,

.. math:: Q_{ha,kb} = -c\,T^2 (\tilde\phi_{ha}^\top A \tilde\phi_{kb})(\tilde\phi_{ha}^\top B \tilde\phi_{kb})
   - 2 T\, 1[h = k]\, \phi_a^\top W \phi_b,

so a step is a quadratic program on a product of simplices, of a few hundred variables. Tokens with a larger
gradient than their slot's mean are taken in, those that end at zero fall out, and exact line search on the
true value makes every step an ascent. The certificate is Frank-Wolfe's, over all tokens.

Source: sequential quadratic programming; the fully corrective variant of Frank-Wolfe (Jaggi 2013), with all
improving atoms of the linear oracle taken in at once.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from personalize.design.criterion import CurvedCriterion
from personalize.design.information import SurrogateObjective
from personalize.design.mirror import MirrorOutcome
from personalize.design.result import DesignStatus, Progress
from personalize.design.step_size import ExactLineSearch
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.soft_value_iteration import MarkovMeasure
from personalize.mdp.value_iteration import best_path

NEGLIGIBLE = 1e-9
"""Probability below which a token is not in use."""

TAKEN_IN = 64
"""Tokens a slot that may come into use in one step."""

MOST_VARIABLES = 1200
"""Of one step; the least probable tokens beyond them stay as they are."""

INNER_STEPS = 100
LEAST_LENGTH = 1e-9


def newton_ascent(
    mdp: PromptMDP,
    objective: SurrogateObjective,
    start: Tensor,
    *,
    relative_gap: float,
    iterations: int,
    callback: Callable[[Progress], None] | None = None,
) -> MirrorOutcome:
    """Maximise `objective` from `start`.

    Args:
        mdp: without successor rules.
        objective: of a CurvedCriterion.
        start: Float[H, S], a measure with finite value.
        relative_gap: share of |value| at which to stop.
        iterations: most steps.
        callback: told about every step; a KeyboardInterrupt stops, and the last measure is returned.
    """
    started, done, status = time.monotonic(), 0, DesignStatus.ITERATION_LIMIT
    search = ExactLineSearch(slope_tolerance=1e-2)
    measure = _cut(objective, start)
    try:
        while True:
            information = objective.information(measure)
            value = objective.criterion.value(information)
            metric = objective.criterion.gradient(information)
            gradient = objective.rounds * objective.spreads(measure, metric)
            gap = max(0.0, best_path(mdp, gradient)[1] - float((gradient * measure).sum()))
            if callback is not None:
                support = int((measure > NEGLIGIBLE).sum())
                callback(Progress(done, value, gap, support, time.monotonic() - started))
            if gap <= relative_gap * abs(value):
                status = DesignStatus.OPTIMAL
                break
            if done >= iterations:
                break
            slots, tokens = _variables(mdp, measure, gradient)
            quadratic = _curvature(objective, measure, information, metric, slots, tokens)
            change = _quadratic_step(measure[slots, tokens], gradient[slots, tokens], quadratic, slots)
            direction = torch.zeros_like(measure)
            direction[slots, tokens] = change
            length = search.length(0, objective.along(measure, direction, information), 1.0)
            if length < LEAST_LENGTH:
                status = DesignStatus.STALLED
                break
            measure = measure + length * direction
            measure = torch.where(measure > NEGLIGIBLE, measure, 0.0)
            measure = measure / measure.sum(dim=1, keepdim=True)
            done += 1
    except KeyboardInterrupt:
        status = DesignStatus.INTERRUPTED
    flows = measure.new_ones(mdp.horizon - 1, 1, 1)
    return MirrorOutcome(MarkovMeasure(measure, flows), done, status)


def _cut(objective: SurrogateObjective, measure: Tensor) -> Tensor:
    """The measure on its most probable tokens alone, as many as one step can move; whole if that is singular.

    It may be worth less than `measure`: what it leaves out comes back where it is missed.
    """
    if int((measure > NEGLIGIBLE).sum()) <= MOST_VARIABLES:
        return measure
    least = measure.topk(max(1, MOST_VARIABLES // len(measure)), dim=1).values[:, -1:]
    kept = torch.where(measure >= least, measure, 0.0)
    kept = kept / kept.sum(dim=1, keepdim=True)
    return kept if objective.value(kept) > -torch.inf else measure


def _variables(mdp: PromptMDP, measure: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Slots Long[N] and tokens Long[N] that are moved: those in use, and the most improving others."""
    mean = (gradient * measure).sum(dim=1, keepdim=True)
    advantage = (gradient - mean).masked_fill(~mdp.allowed, -torch.inf)
    used = measure > NEGLIGIBLE
    fresh = advantage.masked_fill(used, -torch.inf)
    best = fresh.topk(min(TAKEN_IN, mdp.size), dim=1)
    taken = used.scatter(1, best.indices, best.values > 0.0) | used
    if int(taken.sum()) > MOST_VARIABLES:
        weight = (measure + NEGLIGIBLE * advantage.gt(0.0)).masked_fill(~taken, -1.0)
        least = weight.flatten().topk(MOST_VARIABLES).values[-1]
        taken &= weight >= least
    slots, tokens = torch.nonzero(taken, as_tuple=True)
    return slots, tokens


def _curvature(
    objective: SurrogateObjective,
    measure: Tensor,
    information: Tensor,
    metric: Tensor,
    slots: Tensor,
    tokens: Tensor,
) -> Tensor:
    """Q as Float32[N, N]: it only shapes the step, so single precision does."""
    assert isinstance(objective.criterion, CurvedCriterion)
    curvature = objective.criterion.curvature(information)
    features, rounds = objective.features, objective.rounds
    x = features[tokens] - (measure @ features)[slots]
    single = x.float()
    grams = (single @ curvature.left.float() @ single.T) * (single @ curvature.right.float() @ single.T)
    same = slots[:, None] == slots[None, :]
    own = single @ metric.float() @ single.T
    return -curvature.factor * rounds**2 * grams - 2.0 * rounds * torch.where(same, own, 0.0)


def _quadratic_step(probabilities: Tensor, gradient: Tensor, quadratic: Tensor, slots: Tensor) -> Tensor:
    """Float[N]: the change that maximises gradient + quadratic term over each slot's simplex.

    Accelerated projected gradient with restarts (Nesterov; O'Donoghue and Candes 2015).
    """
    scale = _largest(quadratic)
    old, g = probabilities.float(), gradient.float()
    rows, inverse = torch.unique(slots, return_inverse=True)
    counts = torch.bincount(inverse, minlength=len(rows))
    within = torch.arange(len(slots), device=slots.device) - (counts.cumsum(0) - counts)[inverse]
    total = torch.zeros(len(rows), device=old.device).index_add(0, inverse, old)

    def project(x: Tensor) -> Tensor:
        padded = x.new_full((len(rows), int(counts.max())), -torch.inf)
        padded[inverse, within] = x
        return _onto_simplex(padded, total)[inverse, within]

    x = ahead = old
    momentum = 1.0
    for _ in range(INNER_STEPS):
        slope = g + quadratic @ (ahead - old)
        nearer = project(ahead + slope / scale)
        if float(slope @ (nearer - x)) < 0.0:
            momentum = 1.0
        following = 0.5 * (1.0 + (1.0 + 4.0 * momentum**2) ** 0.5)
        ahead = nearer + (momentum - 1.0) / following * (nearer - x)
        x, momentum = nearer, following
    change = (x - old).to(probabilities)
    drift = change.new_zeros(len(rows)).index_add(0, inverse, change)
    moved = x > 0.0
    spare = change.new_zeros(len(rows)).index_add(0, inverse, moved.to(change))
    return change - torch.where(moved, (drift / spare)[inverse], 0.0)


def _largest(quadratic: Tensor) -> float:
    """An upper estimate of the largest eigenvalue of -quadratic, by power iteration."""
    vector = torch.ones(len(quadratic), device=quadratic.device)
    for _ in range(30):
        vector = quadratic @ (vector / vector.norm())
    return 1.05 * float(vector.norm()) + torch.finfo(vector.dtype).tiny


def _onto_simplex(rows: Tensor, totals: Tensor) -> Tensor:
    """The nearest rows that are non-negative and sum to `totals`; -inf stays out (Held et al. 1974)."""
    ordered = rows.sort(dim=1, descending=True).values
    sums = ordered.cumsum(dim=1) - totals[:, None]
    ranks = torch.arange(1, rows.shape[1] + 1, device=rows.device)
    kept = (ordered - sums / ranks > 0.0).sum(dim=1).clamp(min=1)
    level = sums.gather(1, kept[:, None] - 1) / kept[:, None]
    return (rows - level).clamp(min=0.0)
