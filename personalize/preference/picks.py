"""From answers with marks to plain picks of one option among several: what an answer means.

- The favourite is the pick among all K options.
- A liked option is the pick between itself and the outside option: no picture at all.
- An unmarked option loses against the outside option, but only in a question where another option is marked
  as liked. Elsewhere the person may simply not use marks.
- A disliked option is the pick of a person with taste -theta among itself and the options that are not
  disliked, without the favourite. One disliked option alone is therefore the worst option of best-worst
  scaling (Marley and Louviere 2005). Where no option is left, it loses against the outside option instead.
- "None of these" is the pick of the outside option among all K options and itself.

The utility of the outside option is a level of its own, fitted together with the taste. It may drift, because
people get used to what they see: the level is a random walk over the questions that ask for it. Every step
is one more coefficient with its own prior. Utilities count from the mean of all options of the session.
Adding one vector to all options therefore changes nothing, with marks or without.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons


@dataclass(frozen=True, eq=False)
class Picks:
    """Answers as M plain picks. A pick of the least liked option has the signs of its features reversed.

    Attributes:
        options: Float[M, K, d + L], features; minus the features where the least liked option is picked. With
            an outside option, it is the last of K + 1 options.
        chosen: Long[M], the chosen option.
        offered: Bool[M, K], the available options.
        answers: number of questions with a favourite behind the picks.
        levels: L, the number of coefficients of the outside option: its level, and one for every change of
            it; 0 if no answer needs an outside option.
    """

    options: Tensor
    chosen: Tensor
    offered: Tensor
    answers: int
    levels: int = 0

    @classmethod
    def of(cls, comparisons: Comparisons) -> "Picks":
        """The picks of all answers."""
        best, options = comparisons.best, comparisons.options
        liked, disliked, none = comparisons.liked, comparisons.disliked, comparisons.none
        K = options.shape[1]
        answered = torch.nonzero(~none)[:, 0]
        favourite = torch.zeros_like(disliked)
        favourite[answered, best[answered]] = True
        # Favourites, then disliked options among the rest.
        rest = ~disliked & ~favourite
        by, marked = torch.nonzero(disliked & rest.any(dim=1, keepdim=True), as_tuple=True)
        among = rest[by].scatter(1, marked[:, None], True)
        picks = cls(
            torch.cat((options[answered], -options[by])),
            torch.cat((best[answered], marked)),
            torch.cat((torch.ones_like(disliked[answered]), among)),
            len(answered),
        )
        # Options that win or lose against the outside option, each by itself, and "none of these".
        wins = liked
        loses = liked.any(dim=1, keepdim=True) & rest & ~liked
        loses = loses | (disliked & ~rest.any(dim=1, keepdim=True))
        alone, place = torch.nonzero(wins | loses, as_tuple=True)
        nones = torch.nonzero(none)[:, 0]
        if len(alone) + len(nones) == 0:
            return picks
        offered = torch.zeros(len(alone), K + 1, dtype=torch.bool, device=options.device)
        offered[:, K] = True
        offered[torch.arange(len(alone)), place] = True
        chosen = torch.where(wins[alone, place], place, torch.full_like(place, K))
        rows = torch.cat((alone, nones))
        return picks._with_outside(
            options,
            rows,
            torch.cat((chosen, torch.full_like(nones, K))),
            torch.cat((offered, offered.new_ones(len(nones), K + 1))),
            torch.cat((answered, by)),
        )

    def _with_outside(
        self, options: Tensor, rows: Tensor, chosen: Tensor, offered: Tensor, earlier: Tensor
    ) -> "Picks":
        """These picks, and picks that the outside option takes part in.

        Args:
            options: Float[N, K, d], of all questions.
            rows: Long[R], the question of each further pick.
            chosen: Long[R], their chosen option; K for the outside option.
            offered: Bool[R, K + 1], their available options.
            earlier: Long[M], the question of each pick of this object.
        """
        _, K, d = options.shape
        mean = options.mean(dim=(0, 1))
        asked, step = torch.unique(rows, return_inverse=True)  # in order of the questions
        L = len(asked)
        mine = self.options.new_zeros(len(earlier), K + 1, d + L)
        mine[:, :K, :d] = self.options
        further = options.new_zeros(len(rows), K + 1, d + L)
        further[:, :K, :d] = options[rows] - mean
        walk = torch.ones(L, L, dtype=options.dtype, device=options.device).tril()
        further[:, K, d:] = walk[step]
        absent = torch.zeros(len(earlier), 1, dtype=torch.bool, device=options.device)
        return Picks(
            torch.cat((mine, further)),
            torch.cat((self.chosen, chosen)),
            torch.cat((torch.cat((self.offered, absent), dim=1), offered)),
            self.answers,
            L,
        )

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
