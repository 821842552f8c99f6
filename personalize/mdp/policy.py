"""K policies as mixtures of paths: their visitation measures, and samples from them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import DesignError, ShapeError


@dataclass(frozen=True, eq=False)
class Policies:
    """K mixtures of the same N paths.

    Attributes:
        paths: Long[N, H].
        weights: Float[K, N], non-negative; rows sum to one.
    """

    paths: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        """Check that every row of the weights is a mixture of the paths.

        Raises:
            ShapeError: the axes disagree, a weight is negative, or a row does not sum to one.
        """
        if self.paths.dim() != 2 or self.weights.dim() != 2 or len(self.paths) != self.weights.shape[1]:
            raise ShapeError(
                "Expected paths Long[N, H] and weights Float[K, N], found "
                f"{list(self.paths.shape)} and {list(self.weights.shape)}. Give one column a path."
            )
        off = float((self.weights.sum(dim=1) - 1.0).abs().max())
        if not off < 1e-6 or float(self.weights.min()) < 0.0:
            raise ShapeError(
                f"Expected non-negative weights that sum to one in each row, found a sum off by {off:.2g} "
                f"and a least weight of {float(self.weights.min()):.2g}. Normalise the rows."
            )

    @property
    def options(self) -> int:
        """K, the number of policies."""
        return len(self.weights)

    @property
    def horizon(self) -> int:
        """H, the number of slots."""
        return self.paths.shape[1]

    @property
    def mean_weights(self) -> Tensor:
        """Float[N]: the mean of the K mixtures."""
        return self.weights.mean(dim=0)

    def visitation(self, size: int) -> Tensor:
        """Float[K, H, S]: probability of each of S = `size` tokens at each step, for each policy."""
        return path_visitation(self.paths, self.weights, size)

    def mean_visitation(self, size: int) -> Tensor:
        """Float[H, S]: the mean visitation of the K policies. The surrogate depends on it alone."""
        return path_visitation(self.paths, self.mean_weights[None, :], size)[0]

    def sample(self, generator: torch.Generator) -> Tensor:
        """Long[K, H]: one path from each policy, drawn independently."""
        drawn = torch.multinomial(self.weights, 1, generator=generator)[:, 0]
        return self.paths[drawn]

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Long[n, H]: n = `count` distinct paths, drawn from the mean mixture without replacement.

        Raises:
            DesignError: the mixture has fewer than `count` distinct paths.
        """
        paths, weights = merge_paths(self.paths, self.mean_weights)
        support = torch.nonzero(weights > 0.0)[:, 0]
        if count > len(support):
            raise DesignError(
                f"Expected policies with at least {count} distinct prompts, found {len(support)}. "
                "Ask for fewer, or add random prompts."
            )
        # The Gumbel trick draws without replacement. It also reaches weights that multinomial rounds to zero.
        uniform = torch.rand(len(support), generator=generator, dtype=weights.dtype, device=weights.device)
        gumbel = -torch.log(-torch.log(uniform.clamp(1e-300, 1.0 - 1e-16)))
        order = (weights[support].log() + gumbel).argsort(descending=True)
        return paths[support[order[:count]]]


def path_visitation(paths: Tensor, weights: Tensor, size: int) -> Tensor:
    """Float[K, H, S]: visitation of mixtures Float[K, N] of paths Long[N, H], with S = `size` tokens."""
    K, H = len(weights), paths.shape[1]
    measure = weights.new_zeros(K, H, size)
    return measure.scatter_add_(2, paths.T.expand(K, H, -1), weights[:, None, :].expand(K, H, -1))


def merge_paths(paths: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The distinct paths in sorted order, and the sums of their weights, Float[..., N]."""
    distinct, inverse = torch.unique(paths, dim=0, return_inverse=True)
    summed = weights.new_zeros(*weights.shape[:-1], len(distinct))
    return distinct, summed.index_add_(-1, inverse, weights)
