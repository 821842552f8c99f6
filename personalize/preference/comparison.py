"""Questions and their answers as the likelihood needs them: features and indices, no texts or pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Comparisons:
    """N answered questions of K options each.

    Attributes:
        options: Float[N, K, d], features in screen order.
        best: Long[N], the picked option, or -1 for "none of these".
        worst: Long[N], the least liked option, or -1 without one.
        none: Bool[N], whether the answer was "none of these". Such a row carries no information about the
            differences between its options, so the estimate gives it no weight.
    """

    options: Tensor
    best: Tensor
    worst: Tensor
    none: Tensor

    def __post_init__(self) -> None:
        """Check that every answer fits its question.

        Raises:
            ShapeError: the axes disagree, an index is outside 0..K-1, or one option is both best and worst.
                Also, a "none" row has a pick, or another row has none.
        """
        if self.options.dim() != 3 or self.options.shape[1] < 2:
            raise ShapeError(
                f"Expected options Float[N, K, d] with K at least 2, found {list(self.options.shape)}. "
                "Give one row of features an option."
            )
        N, K, _ = self.options.shape
        for name, column in (("best", self.best), ("worst", self.worst), ("none", self.none)):
            if column.shape != (N,):
                raise ShapeError(
                    f"Expected {name} to have {N} rows, found {list(column.shape)}. Give one a question."
                )
        inside = (self.best >= -1) & (self.best < K) & (self.worst >= -1) & (self.worst < K)
        consistent = ((self.best == -1) == self.none) & ((self.worst == -1) | (self.worst != self.best))
        consistent &= ~self.none | (self.worst == -1)
        bad = torch.nonzero(~(inside & consistent))[:, 0]
        if len(bad):
            row = int(bad[0])
            raise ShapeError(
                f"Expected a pick from 0 to {K - 1}, another option or -1 as worst, or none, found best "
                f"{int(self.best[row])}, worst {int(self.worst[row])}, none {bool(self.none[row])} in row "
                f"{row}. Correct the answer."
            )

    @classmethod
    def empty(cls, K: int, d: int) -> "Comparisons":
        """No answers, for K options with d features; with d = 0 the first answer sets d."""
        index = torch.empty(0, dtype=torch.long)
        options = torch.empty(0, K, d, dtype=torch.float64)
        return cls(options, index, index, torch.empty(0, dtype=torch.bool))

    def append(
        self, features: Tensor, *, best: int = -1, worst: int = -1, none: bool = False
    ) -> "Comparisons":
        """These comparisons with one more row.

        Args:
            features: Float[K, d], features of the question's options.
            best: the picked option, or -1.
            worst: the least liked option, or -1.
            none: whether the answer was "none of these".

        Raises:
            ShapeError: K or d differs, or the answer does not fit the question.
        """
        N, K, d = self.options.shape
        if features.shape != (K, d) and not (N == 0 and d == 0 and len(features) == K):
            raise ShapeError(
                f"Expected features Float[{K}, {d}], found {list(features.shape)}. "
                "Use the same number of options and the same features in every round."
            )
        row = features.detach()[None]
        options = torch.cat((self.options.to(row), row)) if N else row
        device = row.device

        def longer(column: Tensor, value: int | bool) -> Tensor:
            return torch.cat((column.to(device), torch.tensor([value], dtype=column.dtype, device=device)))

        return Comparisons(
            options, longer(self.best, best), longer(self.worst, worst), longer(self.none, none)
        )

    def __len__(self) -> int:
        """N, the number of answered questions, including "none" answers."""
        return len(self.options)
