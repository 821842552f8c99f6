r"""The multinomial logit: choice probabilities, the log-likelihood, its gradient and information.

Utilities matter only up to a constant: adding one vector to all options of a question changes nothing.

With probability `lapse`, a pick is a slip, uniform over the options. The likelihood is a mixture of slips and
intended picks, so one slip cannot outweigh many picks. `personalize.preference.picks` says how an answer with
marks becomes picks.

Deviation: the paper (arXiv 2512.19057) has no lapse, no marks and no outside option.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from personalize.preference.picks import Picks


def choice_probabilities(theta: Tensor, options: Tensor) -> Tensor:
    r"""Probability that a person with taste `theta` picks each option.

    .. math:: p_k = \exp(\theta^\top \phi_k) / \sum_j \exp(\theta^\top \phi_j)

    Args:
        theta: Float[d], the taste, in nats per unit of feature.
        options: Float[..., K, d], features of the K options of each comparison.

    Returns:
        Float[..., K]. Rows sum to one and do not change if one vector is added to all options.

    Raises:
        ShapeError: the last axes of `theta` and `options` differ.
    """
    if theta.shape != options.shape[-1:]:
        raise ShapeError(
            f"Expected a taste of {options.shape[-1]} numbers, found {list(theta.shape)}. "
            "Use the feature space of the options."
        )
    return (options @ theta).softmax(dim=-1)


def choice_information(options: Tensor, probabilities: Tensor) -> Tensor:
    r"""Fisher information of picks: minus the Hessian of their log-likelihood without lapses.

    .. math:: M = \sum_n \sum_k p_{nk} (\phi_{nk} - \bar\phi_n)(\phi_{nk} - \bar\phi_n)^\top

    Args:
        options: Float[..., K, d], features of the options.
        probabilities: Float[..., K], choice probabilities; rows sum to one.

    Returns:
        Float[d, d], summed over all questions; symmetric and positive semi-definite.
    """
    mean = (probabilities[..., None] * options).sum(dim=-2, keepdim=True)
    scaled = (options - mean) * probabilities[..., None].sqrt()
    rows = scaled.reshape(-1, options.shape[-1])
    return rows.T @ rows


@dataclass(frozen=True, eq=False)
class PickTerms:
    """Log-likelihood of M picks under G tastes, and the terms of its derivatives.

    Attributes:
        value: Float[G], the log-likelihood in nats.
        residuals: Float[G, M, K]; the gradient in theta is the sum over m, k of residual * option.
        weights: Float[G, M], posterior probability that a pick is intended and not a slip.
        probabilities: Float[G, M, K], choice probabilities without slips.
    """

    value: Tensor
    residuals: Tensor
    weights: Tensor
    probabilities: Tensor

    def float(self) -> "PickTerms":
        """The same terms in single precision."""
        parts = (self.value, self.residuals, self.weights, self.probabilities)
        return PickTerms(*(part.float() for part in parts))


def pick_terms(utilities: Tensor, picks: Picks, lapse: float) -> PickTerms:
    r"""Log-likelihood terms of picks, from the utilities of their options.

    .. math:: \ell = \sum_m \log\big((1-\epsilon) p_{m,c_m} + \epsilon / n_m\big), \quad
        \nabla \ell = \sum_m w_m (\phi_{m,c_m} - \bar\phi_m), \quad
        w_m = \frac{(1-\epsilon) p_{m,c_m}}{(1-\epsilon) p_{m,c_m} + \epsilon / n_m}

    with n the number of available options.

    Args:
        utilities: Float[G, M, K], theta' phi under G tastes.
        picks: the M picks.
        lapse: epsilon, in [0, 1).
    """
    log_p = utilities.masked_fill(~picks.offered, -torch.inf).log_softmax(dim=-1)
    probabilities = log_p.exp()
    index = picks.chosen.expand(len(utilities), -1)[..., None]
    log_chosen = log_p.gather(-1, index)[..., 0]
    slip = lapse / picks.offered.sum(dim=-1).to(log_p)
    log_likelihood = torch.logaddexp(log_chosen + torch.log1p(log_p.new_tensor(-lapse)), slip.log())
    weights = (log_chosen + torch.log1p(log_p.new_tensor(-lapse)) - log_likelihood).exp()
    picked = torch.zeros_like(probabilities).scatter_(-1, index, 1.0)
    residuals = weights[..., None] * (picked - probabilities)
    return PickTerms(log_likelihood.sum(dim=-1), residuals, weights, probabilities)


def log_likelihood(theta: Tensor, comparisons: Comparisons, lapse: float = 0.0) -> Tensor:
    """Float[]: the log-likelihood of all answers, in nats; differentiable in `theta`.

    Args:
        theta: Float[d], the taste; or Float[d + L], the taste, the level of the outside option and its
            changes (see `Picks.levels`). Levels that are left out are 0.
        comparisons: the answers.
        lapse: share of picks that are slips.

    Raises:
        ShapeError: the last axes of `theta` and the options differ.
    """
    d = comparisons.options.shape[-1]
    choice_probabilities(theta[:d], comparisons.options)
    picks = Picks.of(comparisons)
    weights = torch.cat((theta, theta.new_zeros(picks.options.shape[-1] - len(theta))))
    return pick_terms((picks.options @ weights)[None], picks, lapse).value[0]
