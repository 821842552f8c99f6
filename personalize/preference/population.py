r"""What earlier people's tastes say about the next person's: a prior, shrunk to the features' own.

.. math:: \Sigma_{pop} = \frac{n S + n_0 s^2 \bar\Sigma}{n + n_0}, \quad
    S = \frac1n \sum_i (\hat\theta_i \hat\theta_i^\top + C_i)

with hat theta_i and C_i the posterior mean and covariance of person i (the M step of empirical Bayes with one
Gaussian: without C_i, tastes that were hardly learned would look alike), bar Sigma the prior of gamma = 1 at
spread 1, and s the spread of the tastes. With few people it is the features' prior. Tastes of different
people are only pooled when they are given here: nothing is kept or shared without being asked.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.preference.estimate import TasteEstimate, TastePrior

SHRINKAGE = 20.0
"""n_0: so many people count as much as the features' own prior."""


def population_covariance(
    estimates: Sequence[TasteEstimate], prior: TastePrior, shrinkage: float = SHRINKAGE
) -> Tensor:
    """Float[d, d]: the covariance of tastes, for `TastePrior.population`.

    Args:
        estimates: of earlier people, in the feature space of `prior`.
        prior: what is believed without them.
        shrinkage: people that the features' prior counts for.

    Raises:
        ShapeError: no estimates, another feature space, or a shrinkage that is not positive.
    """
    if not estimates or not shrinkage > 0.0:
        raise ShapeError(
            f"Expected at least one earlier taste and a positive shrinkage, found {len(estimates)} and "
            f"{shrinkage:g}. Leave the population out instead."
        )
    if any(estimate.theta.shape != (prior.dimension,) for estimate in estimates):
        raise ShapeError(
            f"Expected tastes of {prior.dimension} numbers, found others. Use tastes of the same features."
        )
    seconds = torch.stack([torch.outer(e.theta, e.theta) + e.covariance for e in estimates])
    seen = seconds.mean(dim=0)
    spread = float((prior.covariance @ seen).trace().clamp(min=1e-12).sqrt())
    n = len(estimates)
    return (n * seen + shrinkage * prior.matrix(1.0, spread)) / (n + shrinkage)
