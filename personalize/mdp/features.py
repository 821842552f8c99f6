"""What tokens do to pictures, as features: effects in context, projected to the directions they span.

The effect of a token is how it moves the embedding of a picture, averaged over a few subjects. Pictures
and effects live in one space: the principal directions of the effects, about zero, because zero is the
effect of the blank. The directions are never scaled to unit variance (whitened): that would call every
direction equally likely to matter, which costs most of what the picks tell (method, section 4).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import DesignError, ShapeError


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """An orthonormal projection of embeddings.

    Attributes:
        mean: Float[D], subtracted from embeddings first.
        basis: Float[D, d], orthonormal columns, most variance first.
        discarded: share of the effects' variance outside the basis, 0..1.
    """

    mean: Tensor
    basis: Tensor
    discarded: float

    def __post_init__(self) -> None:
        """Refuse axes that do not agree.

        Raises:
            ShapeError: `mean` and `basis` have other shapes than Float[D] and Float[D, d].
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
    """What each token does: the mean over C contexts of embed(subject, token) - embed(subject).

    Args:
        with_token: Float[S, C, D], embeddings of each token in each context; row 0 is the blank's.
        without: Float[C, D], embeddings of the plain contexts.

    Returns:
        Float[S, D]; row 0 is zero whatever was embedded, since the blank says nothing.

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
    """The principal directions of what tokens do, about the blank's zero effect.

    Args:
        effects: Float[N, D].
        mean: Float[D], the mean embedding of pictures.
        kept_variance: share of the effects' second moment to keep, in (0, 1].
        max_dimension: most directions to keep.

    Returns:
        The smallest space that keeps `kept_variance`, of at most `max_dimension` directions and never more
        than the effects' rank; `discarded` says what it leaves out. Signs are fixed, so that the same
        effects give the same space.

    Raises:
        ShapeError: `effects` and `mean` differ in their last axis.
        DesignError: no token changes a picture, so there is nothing to learn.
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
