r"""The multinomial logit: choice probabilities, the log-likelihood, its gradient and information.

Utilities matter only up to a constant: adding one vector to all options of a question changes nothing.

With probability `lapse`, a pick is a slip, uniform over the options. The likelihood is a mixture of slips and
intended picks, so one slip cannot outweigh many picks. A worst answer is the pick of a person with taste
-theta among the other options. "None of these" has no weight: an outside option would need its own utility,
which the questions do not measure.

Deviation: the paper (arXiv 2512.19057) has no lapse and no worst answers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons


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
class Picks:
    """Comparisons as plain picks: every worst answer is one more pick, with the signs of features reversed.

    Attributes:
        options: Float[M, K, d], features; minus the features for a worst answer.
        chosen: Long[M], the chosen option.
        offered: Bool[M, K], the available options; the best option is not available to a worst answer.
        answers: number of answered questions behind the picks.
    """

    options: Tensor
    chosen: Tensor
    offered: Tensor
    answers: int

    @classmethod
    def of(cls, comparisons: Comparisons) -> "Picks":
        """The picks of all answers except "none"."""
        has_best, has_worst = comparisons.best >= 0, comparisons.worst >= 0
        best, worst = comparisons.best[has_best], comparisons.worst[has_worst]
        options = torch.cat((comparisons.options[has_best], -comparisons.options[has_worst]))
        offered = torch.ones(options.shape[:2], dtype=torch.bool, device=options.device)
        left_out = comparisons.best[has_worst]
        offered[len(best) :].scatter_(1, left_out[:, None], False)
        return cls(options, torch.cat((best, worst)), offered, int(has_best.sum()))

    @classmethod
    def of_rankings(cls, options: Tensor, order: Tensor) -> "Picks":
        """The picks of full rankings: each pick is the best remaining option (Plackett 1975; Luce 1959).

        Args:
            options: Float[N, K, d], features of the options.
            order: Long[N, K], the options from most to least liked; each row is a permutation of 0..K-1.

        Raises:
            ShapeError: the axes disagree, or a row is not a permutation.
        """
        N, K = order.shape if order.dim() == 2 else (0, 0)
        if options.shape[:2] != (N, K) or not bool(
            (order.sort(dim=1).values == torch.arange(K, device=order.device)).all()
        ):
            raise ShapeError(
                f"Expected options Float[N, K, d] and their rankings Long[N, K], found {list(options.shape)} "
                f"and {list(order.shape)}, or an option ranked twice. Rank every option once."
            )
        place = order.argsort(dim=1)
        offered = torch.cat([place >= step for step in range(K - 1)])
        chosen = torch.cat([order[:, step] for step in range(K - 1)])
        return cls(options.repeat(K - 1, 1, 1), chosen, offered, N)

    def __len__(self) -> int:
        """M, the number of picks."""
        return len(self.chosen)


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
    """Float[]: the log-likelihood of all answers, in nats; differentiable in `theta` Float[d].

    Raises:
        ShapeError: the last axes of `theta` and the options differ.
    """
    choice_probabilities(theta, comparisons.options)
    picks = Picks.of(comparisons)
    return pick_terms((picks.options @ theta)[None], picks, lapse).value[0]
