r"""A prior of tastes learned from earlier people, shrunk toward the prior of the features.

.. math:: \Sigma_{pop} = \frac{n S + n_0 s^2 \bar\Sigma}{n + n_0}, \quad
    S = \frac1n \sum_i (\hat\theta_i \hat\theta_i^\top + C_i)

Here hat theta_i and C_i are the posterior mean and covariance of person i. Bar Sigma is the prior with gamma
1 at spread 1, and s is the spread of the tastes. S is the M step of empirical Bayes with one Gaussian.
Without C_i, tastes with few answers would look alike. With few people, the result is close to the prior of
the features. The tastes of different people are pooled only here, and only on request of the operator.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.preference.estimate import TasteEstimate, TastePrior

SHRINKAGE = 20.0
"""n_0: the number of people that the prior of the features counts for."""


def population_covariance(
    estimates: Sequence[TasteEstimate], prior: TastePrior, shrinkage: float = SHRINKAGE
) -> Tensor:
    """Float[d, d]: the covariance of tastes, for `TastePrior.population`.

    Args:
        estimates: tastes of earlier people, in the feature space of `prior`.
        prior: the prior without earlier people.
        shrinkage: n_0, the number of people that the prior of the features counts for.

    Raises:
        ShapeError: there are no estimates, their dimension differs, or the shrinkage is not positive.
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
    moment = seconds.mean(dim=0)
    spread = float((prior.covariance @ moment).trace().clamp(min=1e-12).sqrt())
    n = len(estimates)
    return (n * moment + shrinkage * prior.matrix(1.0, spread)) / (n + shrinkage)
