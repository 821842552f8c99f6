"""Questions and their answers as the likelihood needs them: features and indices, no texts or pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Comparisons:
    """N answered questions of K options each.

    An answer has tiers: the favourite, other options that are liked, options that are disliked, and the rest.

    Attributes:
        options: Float[N, K, d], features in screen order.
        best: Long[N], the favourite, or -1 for "none of these".
        liked: Bool[N, K], the options beside the favourite that are marked as liked.
        disliked: Bool[N, K], the options that are marked as disliked. One of them alone is the worst option.
    """

    options: Tensor
    best: Tensor
    liked: Tensor
    disliked: Tensor

    def __post_init__(self) -> None:
        """Check that every answer fits its question.

        Raises:
            ShapeError: the axes disagree, an index is outside 0..K-1, or one option has two marks. Also, a
                "none" row has a mark.
        """
        if self.options.dim() != 3 or self.options.shape[1] < 2:
            raise ShapeError(
                f"Expected options Float[N, K, d] with K at least 2, found {list(self.options.shape)}. "
                "Give one row of features an option."
            )
        N, K, _ = self.options.shape
        for name, column, shape in (
            ("best", self.best, (N,)),
            ("liked", self.liked, (N, K)),
            ("disliked", self.disliked, (N, K)),
        ):
            if column.shape != shape:
                raise ShapeError(
                    f"Expected {name} to have the shape {list(shape)}, found {list(column.shape)}. "
                    "Give one row a question."
                )
        inside = (self.best >= -1) & (self.best < K)
        favourite = torch.zeros_like(self.liked)
        favourite.scatter_(1, self.best.clamp(0, K - 1)[:, None], (self.best >= 0)[:, None])
        marks = self.liked.int() + self.disliked.int() + favourite.int()
        consistent = (marks <= 1).all(dim=1) & (~self.none | (marks == 0).all(dim=1))
        bad = torch.nonzero(~(inside & consistent))[:, 0]
        if len(bad):
            row = int(bad[0])
            raise ShapeError(
                f"Expected a favourite from 0 to {K - 1} and marks of other options, or none, found best "
                f"{int(self.best[row])}, liked {_places(self.liked[row])}, disliked "
                f"{_places(self.disliked[row])} in row {row}. Correct the answer."
            )

    @property
    def none(self) -> Tensor:
        """Bool[N]: whether the answer was "none of these"."""
        return self.best == -1

    @classmethod
    def empty(cls, K: int, d: int) -> "Comparisons":
        """No answers, for K options with d features; with d = 0 the first answer sets d."""
        marks = torch.empty(0, K, dtype=torch.bool)
        options = torch.empty(0, K, d, dtype=torch.float64)
        return cls(options, torch.empty(0, dtype=torch.long), marks, marks)

    def append(
        self,
        features: Tensor,
        *,
        best: int = -1,
        liked: Sequence[int] = (),
        disliked: Sequence[int] = (),
    ) -> "Comparisons":
        """These comparisons with one more row.

        Args:
            features: Float[K, d], features of the question's options.
            best: the favourite, or -1 for "none of these".
            liked: the options beside the favourite that are liked.
            disliked: the options that are disliked.

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
        chosen = torch.tensor([best], dtype=torch.long, device=device)
        marks = []
        for before, places in ((self.liked, liked), (self.disliked, disliked)):
            if any(not 0 <= place < K for place in places):
                raise ShapeError(
                    f"Expected marks of options from 0 to {K - 1}, found {list(places)}. Correct the answer."
                )
            mark = torch.tensor([[k in places for k in range(K)]], device=device)
            marks.append(torch.cat((before.to(device), mark)))
        return Comparisons(options, torch.cat((self.best.to(device), chosen)), *marks)

    def __len__(self) -> int:
        """N, the number of answered questions, including "none" answers."""
        return len(self.options)


def _places(marks: Tensor) -> list[int]:
    return [int(place) for place in torch.nonzero(marks)[:, 0]]
