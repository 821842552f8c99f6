"""Design criteria: concave scalar functions of an information matrix, with their gradients.

Every criterion is concave and monotone in the Loewner order: added information never lowers it. The gap of
Frank-Wolfe therefore certifies it. V and D are meant for use. A spends picks on directions in which pictures
do not vary, and was worse than random questions on raw features. E is smoothed, because the gradient of the
smallest eigenvalue is not unique.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from personalize.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Curvature:
    """The second derivative of a criterion: along a symmetric X it is -factor tr(left X right X).

    Attributes:
        left: Float[d, d].
        right: Float[d, d].
        factor: positive.
    """

    left: Tensor
    right: Tensor
    factor: float


class Criterion(Protocol):
    """A concave, monotone scalar function of an information matrix; larger is better."""

    @property
    def name(self) -> str:
        """The usual letter of the criterion."""

    def value(self, information: Tensor) -> float:
        """The criterion of Float[d, d]; -inf for a singular matrix."""

    def gradient(self, information: Tensor) -> Tensor:
        """Float[d, d], symmetric and positive semi-definite; `information` must be positive definite."""


@runtime_checkable
class CurvedCriterion(Criterion, Protocol):
    """A criterion with a known second derivative, as Newton's method needs it."""

    def curvature(self, information: Tensor) -> Curvature:
        """The second derivative at a positive definite matrix Float[d, d]."""


@dataclass(frozen=True, eq=False)
class VCriterion:
    r"""Minus the mean squared error of predicted utilities: -tr(V I^{-1}).

    The gradient is I^{-1} V I^{-1}.

    Attributes:
        target: Float[d, d], V: the covariance of the features of prompts to recommend.
    """

    target: Tensor
    name: str = "V"

    def value(self, information: Tensor) -> float:
        """-tr(V I^-1)."""
        factor = _factor(information)
        if factor is None:
            return -torch.inf
        return -float(torch.cholesky_solve(self._target(information), factor).trace())

    def gradient(self, information: Tensor) -> Tensor:
        """I^-1 V I^-1."""
        factor = torch.linalg.cholesky(information)
        half = torch.cholesky_solve(self._target(information), factor)
        return _symmetric(torch.cholesky_solve(half.T, factor))

    def curvature(self, information: Tensor) -> Curvature:
        """-2 tr(I^-1 V I^-1 X I^-1 X)."""
        return Curvature(self.gradient(information), _inverse(information), 2.0)

    def _target(self, information: Tensor) -> Tensor:
        if self.target.shape != information.shape:
            raise ShapeError(
                f"Expected information {list(self.target.shape)} as the target has, found "
                f"{list(information.shape)}. Use one feature space for both."
            )
        return self.target.to(information)


@dataclass(frozen=True)
class DCriterion:
    r"""Minus twice the log volume of the confidence ellipsoid, up to a constant: log det I.

    The gradient is I^{-1}.
    """

    name: str = "D"

    def value(self, information: Tensor) -> float:
        """Log det I."""
        factor = _factor(information)
        if factor is None:
            return -torch.inf
        return 2.0 * float(factor.diagonal().log().sum())

    def gradient(self, information: Tensor) -> Tensor:
        """I^-1."""
        return _inverse(information)

    def curvature(self, information: Tensor) -> Curvature:
        """-tr(I^-1 X I^-1 X)."""
        inverse = _inverse(information)
        return Curvature(inverse, inverse, 1.0)


@dataclass(frozen=True)
class ACriterion:
    r"""Minus the mean squared error of the taste itself: -tr I^{-1}. The gradient is I^{-2}."""

    name: str = "A"

    def value(self, information: Tensor) -> float:
        """-tr I^-1."""
        factor = _factor(information)
        return -torch.inf if factor is None else -float(torch.cholesky_inverse(factor).trace())

    def gradient(self, information: Tensor) -> Tensor:
        """I^-2."""
        inverse = _inverse(information)
        return _symmetric(inverse @ inverse)

    def curvature(self, information: Tensor) -> Curvature:
        """-2 tr(I^-2 X I^-1 X)."""
        inverse = _inverse(information)
        return Curvature(_symmetric(inverse @ inverse), inverse, 2.0)


@dataclass(frozen=True)
class ECriterion:
    r"""The smallest eigenvalue, smoothed: -(1/beta) log sum_i exp(-beta lambda_i).

    The value is at most log(d)/beta below the smallest eigenvalue. The gradient is the softmin-weighted sum
    of the projections on the eigenvectors.

    Attributes:
        beta: sharpness, in units of 1 / information.
    """

    beta: float = 10.0
    name: str = "E"

    def value(self, information: Tensor) -> float:
        """The smoothed smallest eigenvalue."""
        values = torch.linalg.eigvalsh(information)
        return -float((-self.beta * values).logsumexp(dim=0)) / self.beta

    def gradient(self, information: Tensor) -> Tensor:
        """U softmin(lambda) U'."""
        values, vectors = torch.linalg.eigh(information)
        return _symmetric((vectors * (-self.beta * values).softmax(dim=0)) @ vectors.T)


def _inverse(information: Tensor) -> Tensor:
    return _symmetric(torch.cholesky_inverse(torch.linalg.cholesky(information)))


def _factor(information: Tensor) -> Tensor | None:
    """The Cholesky factor, or None if the matrix is not positive definite to working precision."""
    factor, failed = torch.linalg.cholesky_ex(information)
    if int(failed):
        return None
    pivots = factor.diagonal().square()
    rounding = len(pivots) * torch.finfo(pivots.dtype).eps
    return factor if float(pivots.min()) > rounding * float(pivots.max()) else None


def _symmetric(matrix: Tensor) -> Tensor:
    return 0.5 * (matrix + matrix.T)
