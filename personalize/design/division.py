r"""Divide the mean measure among K policies, so that the K options of a question differ.

The surrogate sees only the mean measure. What K independent draws realise is less by
(T/K^2) sum_q Cov_q, so the policies should be far apart and each of small spread. That is a clustering with
K clusters of equal mass: k-means whose assignment is a transport problem, so that masses are exact and a
token may belong to several policies.

Without successors every slot is clustered by itself; which cluster of one slot goes with which of another
is left to chance, and shuffled again in every question (`question.static_question`), as a fixed matching
would tie the slots together and tell about K profiles only. With successors whole paths are clustered.
"""

import numpy
import torch
from scipy.optimize import linprog
from scipy.sparse import coo_array
from torch import Tensor

from personalize.design.information import exact_information, feature_covariance
from personalize.errors import DesignError
from personalize.mdp.decomposition import NEGLIGIBLE, couple
from personalize.mdp.policy import Policies, merge_paths, path_visitation
from personalize.mdp.prompt_mdp import PromptMDP

RESTARTS = 4
MOST_ROUNDS = 20
COUPLINGS = 16
"""Random couplings of the slots within a policy; more make them more nearly independent."""


def divide(
    mdp: PromptMDP,
    paths: Tensor,
    weights: Tensor,
    options: int,
    *,
    generator: torch.Generator,
) -> Policies:
    """K policies whose mean has the visitation of the mixture, far apart and of small spread.

    Args:
        mdp: whose paths.
        paths: Long[N, H].
        weights: Float[N], sum to one.
        options: K.
        generator: of the starts and the couplings.

    Raises:
        DesignError: fewer than 2 options.
    """
    if options < 2:
        raise DesignError(f"Expected at least 2 options, found {options}. Show two pictures or more.")
    if mdp.successors is not None:
        shares = balanced_clusters(mdp.path_features(paths), weights, options, generator)
        return _policies(paths, options * shares)
    measure = path_visitation(paths, weights[None], mdp.size)[0]
    divided = torch.zeros(options, *measure.shape, dtype=measure.dtype, device=measure.device)
    for slot, row in enumerate(measure):
        support = torch.nonzero(row > NEGLIGIBLE)[:, 0]
        mass = row[support] / row[support].sum()
        shares = balanced_clusters(mdp.features[support], mass, options, generator)
        divided[:, slot, support] = options * shares
    own = [couple(marginals, generator, COUPLINGS) for marginals in divided]
    weights = torch.zeros(options, sum(len(mass) for _, mass in own)).to(measure)
    first = 0
    for row, (_, mass) in enumerate(own):
        weights[row, first : first + len(mass)] = mass
        first += len(mass)
    return _policies(torch.cat([paths for paths, _ in own]), weights)


def realised_ratio(features: Tensor, visitation: Tensor) -> float:
    """The trace of the exact information over the surrogate's, both without regularisation.

    1 - 1/K for identical policies, 1 for policies that each say one thing; 1 when nothing varies at all.

    Args:
        features: Float[S, d].
        visitation: Float[K, H, S].
    """
    claimed = float(feature_covariance(features, visitation.mean(dim=0)).trace())
    realised = float(exact_information(features, visitation, rounds=1.0, regularisation=0.0).trace())
    return realised / claimed if claimed > 0.0 else 1.0


def balanced_clusters(points: Tensor, mass: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Float[K, N]: how much of each point's mass goes to each of K clusters of mass 1/K.

    Rows sum to 1/K and columns to `mass`. Lloyd's iterations with an exact transport step; the best of a few
    starts by the spread within clusters.

    Args:
        points: Float[N, d].
        mass: Float[N], sums to one.
        clusters: K.
        generator: of the starts.
    """
    best, best_spread = mass.expand(clusters, -1) / clusters, torch.inf
    for _ in range(RESTARTS if len(points) > 1 else 0):
        centres = _spread_out(points, mass, clusters, generator)
        spread = torch.inf
        for _ in range(MOST_ROUNDS):
            distances = torch.cdist(centres, points).square()
            shares = _transport(distances, mass)
            centres = clusters * shares @ points
            before, spread = spread, _within(points, shares, centres)
            if not spread < before * (1.0 - 1e-9):
                break
        if spread < best_spread:
            best, best_spread = shares, spread
    return best


def _within(points: Tensor, shares: Tensor, centres: Tensor) -> float:
    return float((shares * torch.cdist(centres, points).square()).sum())


def _spread_out(points: Tensor, mass: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Centres by k-means++: each drawn with mass times squared distance to the nearest so far."""
    chosen = [int(torch.multinomial(mass, 1, generator=generator))]
    while len(chosen) < clusters:
        nearest = torch.cdist(points, points[chosen]).square().amin(dim=1)
        weights = mass * nearest
        if not float(weights.sum()) > 0.0:
            weights = mass
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
    return points[chosen]


def _transport(costs: Tensor, mass: Tensor) -> Tensor:
    """Float[K, N]: the cheapest assignment with row sums 1/K and column sums `mass` (linear program)."""
    K, N = costs.shape
    variable = numpy.arange(K * N)
    rows = numpy.concatenate((variable // N, K + variable % N))
    columns = numpy.concatenate((variable, variable))
    sums = coo_array((numpy.ones(2 * K * N), (rows, columns)), shape=(K + N, K * N)).tocsr()
    masses = mass.detach().cpu().numpy().astype(float)
    target = numpy.concatenate((numpy.full(K, 1.0 / K), masses / masses.sum()))
    scale = float(costs.max()) or 1.0
    # One of the sums follows from the others; without it rounding cannot make the problem infeasible.
    solved = linprog(
        costs.detach().cpu().numpy().ravel() / scale, A_eq=sums[1:], b_eq=target[1:], method="highs"
    )
    if solved.x is None:
        return mass.expand(K, N) / K
    shares = torch.as_tensor(solved.x, dtype=mass.dtype, device=mass.device).view(K, N).clamp(min=0.0)
    return shares * (mass / shares.sum(dim=0).clamp(min=torch.finfo(mass.dtype).tiny))


def _policies(paths: Tensor, weights: Tensor) -> Policies:
    paths, weights = merge_paths(paths, weights)
    return Policies(paths, weights / weights.sum(dim=1, keepdim=True))
