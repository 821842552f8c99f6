"""Questions and their answers, as the likelihood sees them: features and indices, no text and no pictures."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Comparisons:
    """N answered questions of K options each.

    Attributes:
        options: Float[N, K, d], features in screen order.
        best: Long[N], the picked option, or -1 when none pleased.
        worst: Long[N], the least liked option, or -1 when it was not asked for.
        none: Bool[N], "none of these". Such a row says nothing about differences between its options, and
            without a scale of what is good enough it is weightless in the estimate.
    """

    options: Tensor
    best: Tensor
    worst: Tensor
    none: Tensor

    def __post_init__(self) -> None:
        """Refuse answers that do not fit their questions.

        Raises:
            ShapeError: axes that do not agree, an index outside 0..K-1, a pick in a "none" row or no pick in
                another, the same option best and worst.
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
        """No answers yet, about K options of d features; d = 0 takes the d of the first answer."""
        index = torch.empty(0, dtype=torch.long)
        options = torch.empty(0, K, d, dtype=torch.float64)
        return cls(options, index, index, torch.empty(0, dtype=torch.bool))

    def append(
        self, features: Tensor, *, best: int = -1, worst: int = -1, none: bool = False
    ) -> "Comparisons":
        """These comparisons and one more.

        Args:
            features: Float[K, d] of the question's options.
            best: the pick, or -1.
            worst: the least liked, or -1.
            none: none of them pleased.

        Raises:
            ShapeError: other K or d, or an answer that does not fit.
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
        """N, the questions answered, "none" among them."""
        return len(self.options)
