r"""Divides the mean measure among K policies, so that the K options of a question differ.

The surrogate information depends only on the mean measure. K independent draws realise (T/K^2) sum_q Cov_q
less, so the policies should be far apart and each should have a small spread. That is a clustering problem
with K clusters of equal mass. It is solved by k-means with a transport problem as the assignment step. The
masses are therefore exact, and a token may belong to several policies.

Without successor rules, every slot is clustered by itself. The clusters of different slots are matched at
random, and `sampling.static_question` shuffles them again in every question. A fixed matching would couple
the slots and give information about K profiles only. With successor rules, whole paths are clustered.
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
"""Random couplings of the slots within a policy; more couplings make the slots more independent."""


def divide(
    mdp: PromptMDP,
    paths: Tensor,
    weights: Tensor,
    options: int,
    *,
    generator: torch.Generator,
) -> Policies:
    """K policies whose mean has the visitation of the mixture; far apart, each with a small spread.

    Args:
        mdp: the MDP of the paths.
        paths: Long[N, H], the paths of the mixture.
        weights: Float[N], weights of the paths; they sum to one.
        options: K, the number of policies.
        generator: source of randomness for the starts and the couplings.

    Raises:
        DesignError: `options` is below 2.
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
    """Trace of the exact information over that of the surrogate, both without regularisation.

    The ratio is 1 - 1/K for identical policies and 1 for policies with a single path each. It is defined
    as 1 if the features do not vary.

    Args:
        features: Float[S, d], features of the tokens.
        visitation: Float[K, H, S], visitation of each policy.
    """
    claimed = float(feature_covariance(features, visitation.mean(dim=0)).trace())
    realised = float(exact_information(features, visitation, rounds=1.0, regularisation=0.0).trace())
    return realised / claimed if claimed > 0.0 else 1.0


def balanced_clusters(points: Tensor, mass: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Float[K, N]: mass of each point in each of K clusters of mass 1/K.

    Rows sum to 1/K and columns to `mass`. The method is Lloyd's iteration with an exact transport step. Of
    RESTARTS starts, the result with the smallest spread within clusters is returned.

    Args:
        points: Float[N, d], the points.
        mass: Float[N], mass of each point; it sums to one.
        clusters: K, the number of clusters.
        generator: source of randomness for the starts.
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
    """Float[K, d]: centres by k-means++.

    Each centre is drawn with probability proportional to mass times squared distance to the nearest
    earlier centre.
    """
    chosen = [int(torch.multinomial(mass, 1, generator=generator))]
    while len(chosen) < clusters:
        nearest = torch.cdist(points, points[chosen]).square().amin(dim=1)
        weights = mass * nearest
        if not float(weights.sum()) > 0.0:
            weights = mass
        chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
    return points[chosen]


def _transport(costs: Tensor, mass: Tensor) -> Tensor:
    """Float[K, N]: the cheapest assignment with row sums 1/K and column sums `mass`, a linear program."""
    K, N = costs.shape
    variable = numpy.arange(K * N)
    rows = numpy.concatenate((variable // N, K + variable % N))
    columns = numpy.concatenate((variable, variable))
    sums = coo_array((numpy.ones(2 * K * N), (rows, columns)), shape=(K + N, K * N)).tocsr()
    masses = mass.detach().cpu().numpy().astype(float)
    target = numpy.concatenate((numpy.full(K, 1.0 / K), masses / masses.sum()))
    scale = float(costs.max()) or 1.0
    # One sum follows from the others. Without it, rounding cannot make the problem infeasible.
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
