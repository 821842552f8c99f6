"""The prompt MDP: at step h the policy appends one token of slot h, so a path is a prompt.

Two structural rules restrict the paths: the allowed tokens of each slot, and the allowed successors of each
group of tokens. Memory is S + C^2 for C groups, never S x S.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from personalize.errors import DesignError, ShapeError

BLANK = 0
"""Index of the blank token in every vocabulary and prompt MDP: it adds nothing to a prompt."""


@dataclass(frozen=True, eq=False)
class GroupSuccessors:
    """Successor rules by groups: token b may follow token a if `allowed[groups[a], groups[b]]`.

    Attributes:
        groups: Long[S], the group of each token, 0..C-1.
        allowed: Bool[C, C].
    """

    groups: Tensor
    allowed: Tensor

    def __post_init__(self) -> None:
        """Check that every group has a row and a column in `allowed`.

        Raises:
            ShapeError: `allowed` is not Bool[C, C], or a group is outside 0..C-1.
        """
        C = len(self.allowed)
        square = self.allowed.shape == (C, C) and self.allowed.dtype == torch.bool
        if not square or self.groups.dim() != 1 or not bool(((self.groups >= 0) & (self.groups < C)).all()):
            raise ShapeError(
                "Expected groups Long[S] below C and allowed Bool[C, C], found "
                f"{list(self.groups.shape)} and {list(self.allowed.shape)}. Give one row and column a group."
            )


@dataclass(frozen=True, eq=False)
class PromptMDP:
    """Features of the tokens, and the rules that define the paths.

    Attributes:
        features: Float[S, d]; row 0 belongs to the blank.
        allowed: Bool[H, S], the allowed tokens of each slot.
        successors: rules between neighbouring slots; None if any allowed token may follow any other.
    """

    features: Tensor
    allowed: Tensor
    successors: GroupSuccessors | None = None

    def __post_init__(self) -> None:
        """Check the shapes, and that at least one path exists.

        Raises:
            ShapeError: the axes do not agree, or a feature is not finite.
            DesignError: no path exists. The error names the first slot without a way to the end.
        """
        if self.features.dim() != 2 or self.allowed.dim() != 2 or len(self.features) != self.allowed.shape[1]:
            raise ShapeError(
                "Expected features Float[S, d] and allowed Bool[H, S], found "
                f"{list(self.features.shape)} and {list(self.allowed.shape)}. Use one vocabulary for both."
            )
        if self.allowed.dtype != torch.bool or not bool(torch.isfinite(self.features).all()):
            raise ShapeError(
                f"Expected finite features and allowed Bool[H, S], found allowed {self.allowed.dtype} and "
                f"{int((~torch.isfinite(self.features)).sum())} features that are not finite. Repair them."
            )
        if self.successors is not None and len(self.successors.groups) != self.size:
            raise ShapeError(
                f"Expected a group for each of {self.size} tokens, found {len(self.successors.groups)}. "
                "Group every token, the blank too."
            )
        for step in range(self.horizon):
            if not bool(torch.isfinite(self._log_completions[step]).any()):
                raise DesignError(
                    f"Expected at least one path, found that no token of slot {step} leads to the end. "
                    "Allow a token there, or loosen the successors."
                )

    @property
    def horizon(self) -> int:
        """H, the number of slots."""
        return len(self.allowed)

    @property
    def size(self) -> int:
        """S, the number of tokens."""
        return len(self.features)

    @property
    def dimension(self) -> int:
        """The number of features, d."""
        return self.features.shape[1]

    @cached_property
    def groups(self) -> Tensor:
        """Long[S]: the group of each token; all 0 without successor rules."""
        if self.successors is None:
            return torch.zeros(self.size, dtype=torch.long, device=self.features.device)
        return self.successors.groups

    @cached_property
    def follows(self) -> Tensor:
        """Bool[C, C]: which group may follow which; [[True]] without successor rules."""
        if self.successors is None:
            return torch.ones(1, 1, dtype=torch.bool, device=self.features.device)
        return self.successors.allowed

    @property
    def log_path_count(self) -> float:
        """The natural logarithm of the number of paths."""
        return float(self._log_completions[0].logsumexp(dim=0))

    def path_features(self, paths: Tensor) -> Tensor:
        """Float[..., d]: for paths Long[..., H], the sum of the features of their tokens."""
        return self.features[paths].sum(dim=-2)

    def path_rewards(self, paths: Tensor, reward: Tensor) -> Tensor:
        """Float[N]: for paths Long[N, H], the sum of the reward Float[H, S] along each path."""
        return reward.gather(1, paths.T).sum(dim=0)

    def admits(self, paths: Tensor) -> Tensor:
        """Bool[N]: which rows of Long[N, H] are paths of this MDP."""
        fits = self.allowed.gather(1, paths.T).all(dim=0)
        groups = self.groups[paths]
        return fits & self.follows[groups[:, :-1], groups[:, 1:]].all(dim=1)

    def random_paths(self, count: int, generator: torch.Generator) -> Tensor:
        """Long[n, H]: n = `count` independent paths, uniform over all paths of the MDP.

        Without successor rules, each slot is uniform over its allowed tokens. With rules, the probability of
        a token is proportional to the number of ways to complete the path from it. A backward pass counts
        those completions once.
        """
        columns: list[Tensor] = []
        for step in range(self.horizon):
            if self.successors is None:
                probability = self.allowed[step].to(torch.float64)
                token = torch.multinomial(probability, count, replacement=True, generator=generator)
            else:
                logits = self._log_completions[step].expand(count, -1)
                if columns:
                    may = self.follows[self.groups[columns[-1]]][:, self.groups]
                    logits = logits.masked_fill(~may, -torch.inf)
                token = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
            columns.append(token)
        return torch.stack(columns, dim=1)

    def shortened(self, paths: Tensor, max_tokens: int | None, generator: torch.Generator) -> Tensor:
        """The paths with at most `max_tokens` tokens each; the other tokens, chosen at random, become blank.

        A design uses every slot, because every token carries information. But a picture of many words is
        hard to draw and hard to judge. Shortening treats all slots alike, so every token still occurs.

        Args:
            paths: Long[..., H]. A path stays whole if the successor rules forbid its shortened form.
            max_tokens: largest number of tokens that are not blank; None for no bound.
            generator: source of randomness for the choice of tokens.
        """
        if max_tokens is None or max_tokens >= paths.shape[-1]:
            return paths
        flat = paths.reshape(-1, paths.shape[-1])
        rank = torch.rand(flat.shape, generator=generator, device=generator.device).to(flat.device)
        rank = torch.where(flat == BLANK, 2.0, rank).argsort(dim=1).argsort(dim=1)
        short = torch.where(rank < max_tokens, flat, BLANK)
        return torch.where(self.admits(short)[:, None], short, flat).reshape(paths.shape)

    @cached_property
    def _log_completions(self) -> Tensor:
        """Float[H, S]: log of the number of path suffixes that begin with token s in slot h."""
        H, S, C = self.horizon, self.size, len(self.follows)
        logs = torch.full((H, S), -torch.inf, dtype=torch.float64, device=self.features.device)
        after = torch.zeros(C, dtype=torch.float64, device=self.features.device)
        for step in reversed(range(H)):
            logs[step] = torch.where(self.allowed[step], after[self.groups], logs[step])
            of_group = torch.stack([logs[step][self.groups == group].logsumexp(dim=0) for group in range(C)])
            after = of_group.expand(C, C).masked_fill(~self.follows, -torch.inf).logsumexp(dim=1)
        return logs
