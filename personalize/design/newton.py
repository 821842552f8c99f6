r"""Newton's method on the tokens in use, for MDPs without successor rules: the last digits of a design.

Near the optimum, few tokens carry the measure, and the value is nearly quadratic in their probabilities d.
Let phi~_{h,a} = phi_a - m_h, and let delta be a change whose rows sum to zero. A criterion with gradient W
and :math:`f''[X] = -c\,\mathrm{tr}(A X B X)` has the second derivative :math:`\delta^\top Q \delta`,

.. math:: Q_{ha,kb} = -c\,T^2 (\tilde\phi_{ha}^\top A \tilde\phi_{kb})(\tilde\phi_{ha}^\top B \tilde\phi_{kb})
   - 2 T\, 1[h = k]\, \phi_a^\top W \phi_b,

so a step is a quadratic program on a product of simplices, with a few hundred variables. Tokens with a larger
gradient than the mean of their slot enter, and tokens that end at zero leave. An exact line search on the
true value makes every step an ascent. The certificate is the gap of Frank-Wolfe over all tokens.

Source: sequential quadratic programming; the fully corrective variant of Frank-Wolfe (Jaggi 2013), which
here takes in all improving atoms of the linear oracle at once.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from personalize.design.criterion import CurvedCriterion
from personalize.design.information import SurrogateObjective
from personalize.design.mirror import MirrorOutcome
from personalize.design.result import DesignStatus, SolverStep
from personalize.design.step_size import ExactLineSearch
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.soft_value_iteration import MarkovMeasure
from personalize.mdp.value_iteration import best_path

NEGLIGIBLE = 1e-9
"""Smallest probability of a token in use."""

TAKEN_IN = 64
"""Largest number of tokens that may enter one slot in one step."""

MOST_VARIABLES = 1200
"""Largest number of variables in one step; the least probable tokens beyond it stay unchanged."""

INNER_STEPS = 100
LEAST_LENGTH = 1e-9


def newton_ascent(
    mdp: PromptMDP,
    objective: SurrogateObjective,
    start: Tensor,
    *,
    relative_gap: float,
    iterations: int,
    callback: Callable[[SolverStep], None] | None = None,
) -> MirrorOutcome:
    """Maximise `objective` from `start`.

    Args:
        mdp: an MDP without successor rules.
        objective: an objective with a CurvedCriterion.
        start: Float[H, S], a measure with finite value.
        relative_gap: the ascent stops when the gap is at most this share of |value|.
        iterations: largest number of steps.
        callback: called in every step. A KeyboardInterrupt stops the ascent; the last measure is returned.
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
                callback(SolverStep(done, value, gap, support, time.monotonic() - started))
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
    """The measure restricted to its most probable tokens, as many as one step can move.

    The restricted measure may have a lower value; later steps take useful tokens in again. If it would be
    singular, `measure` itself is returned.
    """
    if int((measure > NEGLIGIBLE).sum()) <= MOST_VARIABLES:
        return measure
    least = measure.topk(max(1, MOST_VARIABLES // len(measure)), dim=1).values[:, -1:]
    restricted = torch.where(measure >= least, measure, 0.0)
    restricted = restricted / restricted.sum(dim=1, keepdim=True)
    return restricted if objective.value(restricted) > -torch.inf else measure


def _variables(mdp: PromptMDP, measure: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Slots Long[N] and tokens Long[N] of the variables: the tokens in use, and the best that may enter."""
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
    """Q as Float32[N, N]; single precision suffices, because Q only shapes the step."""
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
    """Float[N]: the change that maximises the linear plus the quadratic term over each slot's simplex.

    The method is accelerated projected gradient with restarts (Nesterov; O'Donoghue and Candes 2015).
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
    """The nearest non-negative rows with sums `totals` (Held et al. 1974); entries of -inf become 0."""
    ordered = rows.sort(dim=1, descending=True).values
    sums = ordered.cumsum(dim=1) - totals[:, None]
    ranks = torch.arange(1, rows.shape[1] + 1, device=rows.device)
    support = (ordered - sums / ranks > 0.0).sum(dim=1).clamp(min=1)
    level = sums.gather(1, support[:, None] - 1) / support[:, None]
    return (rows - level).clamp(min=0.0)
