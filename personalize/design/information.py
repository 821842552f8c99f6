r"""Fisher information about a taste that T answers are expected to give, for visitation measures.

Notation (arXiv 2512.19057, Eq. 5): K policies with measures d_q^h on S tokens at step h, their mean dbar^h,
token features Phi Float[S, d], mean feature m_h = Phi' dbar^h.

There are three matrices, all with the regularisation added:

- *surrogate*: the covariance of features under dbar. Every option is picked with probability 1/K, and the K
  options are as far apart as independent draws from infinitely many policies. The policies enter only
  through dbar.
- *exact*: the information of K independent draws, surrogate - (T/K^2) sum_q sum_h Cov(d_q^h). Identical
  policies lose 1/K.
- *picture*: one answer about K whole pictures instead of one answer for each slot. It is the covariance of
  path features x = sum_h phi, which has cross-slot terms, minus the same loss within policies.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.design.criterion import Criterion
from personalize.errors import ShapeError


def feature_covariance(features: Tensor, measure: Tensor) -> Tensor:
    r"""Sum over rows h of the covariance of `features` under measure[h].

    .. math:: \sum_h \Phi^\top [\mathrm{diag}(d^h) - d^h d^{h\top}] \Phi

    Args:
        features: Float[S, d], features of the tokens.
        measure: Float[H, S], non-negative; rows sum to one.

    Returns:
        Float[d, d], computed about the overall mean, so a common shift of all features cancels exactly.
    """
    centred = features - measure.mean(dim=0) @ features
    means = measure @ centred
    return _symmetric(centred.T @ (measure.sum(dim=0)[:, None] * centred) - means.T @ means)


def surrogate_information(
    features: Tensor, mean_visitation: Tensor, *, rounds: float, regularisation: Tensor | float
) -> Tensor:
    """Float[d, d]: T sum_h Cov(dbar^h) + regularisation, from Float[S, d] and Float[H, S]."""
    return rounds * feature_covariance(features, mean_visitation) + ridge(regularisation, features)


def exact_information(
    features: Tensor, visitation: Tensor, *, rounds: float, regularisation: Tensor | float
) -> Tensor:
    """Float[d, d]: expected information of K independent draws, from Float[S, d] and Float[K, H, S]."""
    K = len(visitation)
    within = feature_covariance(features, visitation.flatten(0, 1))
    between = feature_covariance(features, visitation.mean(dim=0))
    return rounds * (between - within / K**2) + ridge(regularisation, features)


def picture_information(
    path_features: Tensor, weights: Tensor, *, rounds: float, regularisation: Tensor | float
) -> Tensor:
    """Float[d, d]: expected information of K independent draws, for answers about whole pictures.

    Args:
        path_features: Float[N, d], features of the policies' paths.
        weights: Float[K, N], weights of the policies.
        rounds: T, the number of answers.
        regularisation: Float[d, d], or a number times the identity.
    """
    return exact_information(path_features, weights[:, None], rounds=rounds, regularisation=regularisation)


def ridge(regularisation: Tensor | float, features: Tensor) -> Tensor:
    """Float[d, d]: the regularisation as a matrix.

    Raises:
        ShapeError: `regularisation` is neither a number nor Float[d, d].
    """
    d = features.shape[-1]
    if isinstance(regularisation, Tensor) and regularisation.shape == (d, d):
        return regularisation.to(features)
    if isinstance(regularisation, Tensor) and regularisation.dim() > 0:
        raise ShapeError(
            f"Expected the regularisation to be a number or Float[{d}, {d}], found "
            f"{list(regularisation.shape)}. Use the feature space of the tokens."
        )
    return float(regularisation) * torch.eye(d, dtype=features.dtype, device=features.device)


@dataclass(frozen=True, eq=False)
class SurrogateObjective:
    """A criterion of the surrogate information, as a concave function of the mean measure dbar.

    Attributes:
        features: Float[S, d], features of the tokens.
        criterion: scalar function of the information.
        rounds: T, the number of answers.
        regularisation: Float[d, d], or a number times the identity.
    """

    features: Tensor
    criterion: Criterion
    rounds: float
    regularisation: Tensor | float

    def information(self, measure: Tensor) -> Tensor:
        """Float[d, d]: the surrogate information of a measure Float[H, S]."""
        return surrogate_information(
            self.features, measure, rounds=self.rounds, regularisation=self.regularisation
        )

    def value(self, measure: Tensor) -> float:
        """The criterion of the information of Float[H, S]; -inf if the information is singular."""
        return self.criterion.value(self.information(measure))

    def gradient(self, measure: Tensor) -> Tensor:
        r"""Float[H, S]: T [phi_a' W phi_a - 2 phi_a' W m_h], W the criterion's gradient.

        It costs one product of S x d x d. In each row it equals T times the squared length of phi_a - m_h
        in the metric W, up to a constant. The constant cancels in every comparison of measures.
        """
        return self.rounds * self.spreads(measure, self.criterion.gradient(self.information(measure)))

    def spreads(self, measure: Tensor, metric: Tensor) -> Tensor:
        """Float[H, S]: (phi_a - m_h)' W (phi_a - m_h) - m_h' W m_h, with centred features, W = `metric`."""
        centred = self.features - measure.mean(dim=0) @ self.features
        weighted = centred @ metric
        squares = (weighted * centred).sum(dim=1)
        return squares[None, :] - 2.0 * (measure @ centred) @ weighted.T

    def along(
        self, measure: Tensor, direction: Tensor, information: Tensor | None = None
    ) -> Callable[[float], float]:
        r"""The derivative of the value at measure + gamma * direction, as a function of gamma.

        On the segment the information is quadratic, I + gamma A + gamma^2 B. Each point of a line search
        therefore costs d^3, without another pass over the tokens. The derivative is -inf where the
        information is singular.

        Args:
            measure: Float[H, S], the start of the segment.
            direction: Float[H, S]; rows sum to zero.
            information: Float[d, d], the information of `measure`, if known.
        """
        rows = torch.nonzero(direction.abs().amax(dim=0) > 0.0)[:, 0]
        centre = measure.mean(dim=0) @ self.features
        moved = self.features[rows] - centre
        change = direction[:, rows] @ moved
        cross = (measure @ self.features - centre).T @ change
        linear = moved.T @ (direction[:, rows].sum(dim=0)[:, None] * moved) - cross - cross.T
        linear, quadratic = self.rounds * linear, -self.rounds * (change.T @ change)
        start = self.information(measure) if information is None else information

        def derivative(gamma: float) -> float:
            information = start + gamma * linear + gamma**2 * quadratic
            if self.criterion.value(information) == -torch.inf:
                return -torch.inf
            gradient = self.criterion.gradient(information)
            return float((gradient * (linear + 2.0 * gamma * quadratic)).sum())

        return derivative


def _symmetric(matrix: Tensor) -> Tensor:
    return 0.5 * (matrix + matrix.T)
