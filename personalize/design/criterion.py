"""What makes one information matrix better than another: a number, and its gradient.

Every criterion is concave and never falls when information is added (monotone in the Loewner order), so
Frank-Wolfe's gap certifies it. V and D are for use. A spends picks on directions that no picture has, and
measured worse than random questions on raw features; E is smoothed, as its gradient is otherwise not unique.
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
    """A concave, monotone scalar of an information matrix; larger is better."""

    @property
    def name(self) -> str:
        """One letter, as in the field."""

    def value(self, information: Tensor) -> float:
        """The criterion of Float[d, d]; -inf when it is singular."""

    def gradient(self, information: Tensor) -> Tensor:
        """Float[d, d], symmetric and positive semi-definite; of a positive definite matrix only."""


@runtime_checkable
class CurvedCriterion(Criterion, Protocol):
    """A criterion whose second derivative is known, so that Newton's method can be used."""

    def curvature(self, information: Tensor) -> Curvature:
        """Of a positive definite matrix."""


@dataclass(frozen=True, eq=False)
class VCriterion:
    r"""Minus the mean squared error of what will be asked of the taste: -tr(V I^{-1}).

    The gradient is I^{-1} V I^{-1}.

    Attributes:
        target: Float[d, d], V: the covariance of the features of the prompts one may recommend.
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
    r"""The log volume that is ruled out: log det I. The gradient is I^{-1}."""

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
    r"""The least known direction, smoothed: -(1/beta) log sum_i exp(-beta lambda_i).

    At most log(d)/beta below the smallest eigenvalue. The gradient is the softmin-weighted projection on the
    eigenvectors.

    Attributes:
        beta: sharpness, in units of one over information.
    """

    beta: float = 10.0
    name: str = "E"

    def value(self, information: Tensor) -> float:
        """Smoothed smallest eigenvalue."""
        values = torch.linalg.eigvalsh(information)
        return -float((-self.beta * values).logsumexp(dim=0)) / self.beta

    def gradient(self, information: Tensor) -> Tensor:
        """U softmin(lambda) U'."""
        values, vectors = torch.linalg.eigh(information)
        return _symmetric((vectors * (-self.beta * values).softmax(dim=0)) @ vectors.T)


def _inverse(information: Tensor) -> Tensor:
    return _symmetric(torch.cholesky_inverse(torch.linalg.cholesky(information)))


def _factor(information: Tensor) -> Tensor | None:
    """The Cholesky factor, or None when the matrix is not positive definite to working precision."""
    factor, failed = torch.linalg.cholesky_ex(information)
    if int(failed):
        return None
    pivots = factor.diagonal().square()
    rounding = len(pivots) * torch.finfo(pivots.dtype).eps
    return factor if float(pivots.min()) > rounding * float(pivots.max()) else None


def _symmetric(matrix: Tensor) -> Tensor:
    return 0.5 * (matrix + matrix.T)
