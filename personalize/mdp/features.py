"""Features of tokens: the effect of each token on picture embeddings, in a low-dimensional space.

The effect of a token is the change of a picture's embedding when the token joins the prompt, averaged over a
few subjects. Pictures and effects share one feature space: the principal directions of the effects. The
directions are computed about zero, because the blank's effect is zero. They are never scaled to unit
variance (whitened). Whitening would make every direction equally likely a priori, which wastes most of the
information in the picks.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import DesignError, ShapeError


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """An orthonormal projection of embeddings.

    Attributes:
        mean: Float[D], subtracted from embeddings before the projection.
        basis: Float[D, d], orthonormal columns, in order of falling variance.
        discarded: share of the effects' variance outside the basis, 0..1.
    """

    mean: Tensor
    basis: Tensor
    discarded: float

    def __post_init__(self) -> None:
        """Check that the shapes agree.

        Raises:
            ShapeError: `mean` is not Float[D], or `basis` is not Float[D, d].
        """
        if self.mean.dim() != 1 or self.basis.dim() != 2 or len(self.mean) != len(self.basis):
            raise ShapeError(
                "Expected mean Float[D] and basis Float[D, d], found "
                f"{list(self.mean.shape)} and {list(self.basis.shape)}. Use one embedder for both."
            )

    @property
    def dimension(self) -> int:
        """d, the number of features."""
        return self.basis.shape[1]

    def project(self, embeddings: Tensor) -> Tensor:
        """Float[..., d] from Float[..., D]: (embedding - mean) @ basis, for pictures.

        Raises:
            ShapeError: the last axis is not D.
        """
        return self.project_effects(self._checked(embeddings) - self.mean)

    def project_effects(self, effects: Tensor) -> Tensor:
        """Float[..., d] from Float[..., D]: effect @ basis, for differences of embeddings.

        Raises:
            ShapeError: the last axis is not D.
        """
        return self._checked(effects) @ self.basis

    def _checked(self, rows: Tensor) -> Tensor:
        if rows.shape[-1] != len(self.mean):
            raise ShapeError(
                f"Expected embeddings of {len(self.mean)} numbers, found {rows.shape[-1]}. "
                "Use the embedder that the features were made with."
            )
        return rows.to(self.basis)


def token_effects(with_token: Tensor, without: Tensor) -> Tensor:
    """Effect of each token: the mean over C contexts of embed(subject, token) - embed(subject).

    Args:
        with_token: Float[S, C, D], embeddings of each token in each context; row 0 belongs to the blank.
        without: Float[C, D], embeddings of the contexts without a token.

    Returns:
        Float[S, D]. Row 0 is set to zero, because the blank adds nothing to a prompt.

    Raises:
        ShapeError: the context or embedding axes differ.
    """
    if with_token.dim() != 3 or without.shape != with_token.shape[1:]:
        raise ShapeError(
            "Expected Float[S, C, D] with tokens and Float[C, D] without, found "
            f"{list(with_token.shape)} and {list(without.shape)}. Embed the same contexts for both."
        )
    effects = (with_token - without).mean(dim=1)
    effects[0] = 0.0
    return effects


def fit_feature_space(
    effects: Tensor, mean: Tensor, kept_variance: float, max_dimension: int
) -> FeatureSpace:
    """The principal directions of the token effects, computed about zero (the blank's effect).

    Args:
        effects: Float[N, D], effects of N tokens.
        mean: Float[D], the mean embedding of pictures.
        kept_variance: share of the effects' second moment to keep, in (0, 1].
        max_dimension: largest number of directions.

    Returns:
        The smallest space that keeps `kept_variance`. Its dimension is at most `max_dimension` and at most
        the rank of the effects. `discarded` is the share of the variance outside the space. The signs of
        the basis are fixed, so the same effects always give the same space.

    Raises:
        ShapeError: `effects` and `mean` differ in their last axis.
        DesignError: all effects are zero, so no taste can be learned.
    """
    if effects.dim() != 2 or mean.shape != effects.shape[1:]:
        raise ShapeError(
            f"Expected effects Float[N, D] and mean Float[D], found {list(effects.shape)} and "
            f"{list(mean.shape)}. Use one embedder for both."
        )
    _, singular, rows = torch.linalg.svd(effects.to(torch.float64), full_matrices=False)
    variance = singular.square()
    total = float(variance.sum())
    if not total > 0.0:
        raise DesignError(
            "Expected tokens that change pictures, found that none does. Check the renderer and embedder."
        )
    rank = int((singular > singular[0] * max(effects.shape) * torch.finfo(torch.float64).eps).sum())
    kept = variance.cumsum(dim=0) / total
    wanted = int((kept < kept_variance - 1e-12).sum()) + 1
    dimension = min(wanted, max_dimension, rank)
    basis = rows[:dimension].T
    largest = basis.abs().argmax(dim=0)
    signs = basis.gather(0, largest[None, :]).sign()
    discarded = max(0.0, 1.0 - float(kept[dimension - 1]))
    return FeatureSpace(mean.to(torch.float64), (basis * signs).contiguous(), discarded)
