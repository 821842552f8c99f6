"""The linear oracle: the path of largest reward, or the k best paths, by dynamic programming over groups.

One backward pass costs O(H (S + C^2)) for one path, and about k log k times as much for k paths. Ties go to
the lowest token index, so the same reward always gives the same path.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.errors import ShapeError
from personalize.mdp.policy import path_visitation
from personalize.mdp.prompt_mdp import PromptMDP


def best_path(mdp: PromptMDP, reward: Tensor) -> tuple[Tensor, float]:
    r"""The path with the largest sum of token rewards, and that sum.

    .. math:: V_h(s) = r_h(s) + \max_{s' \text{ may follow } s} V_{h+1}(s')

    Args:
        mdp: H slots of S tokens.
        reward: Float[H, S].

    Returns:
        Long[H], the path, and its reward.

    Raises:
        ShapeError: `reward` is not Float[H, S].
    """
    _check(mdp, reward)
    allowed_reward = reward.masked_fill(~mdp.allowed, -torch.inf)
    if mdp.successors is None:
        values, path = allowed_reward.max(dim=1)
        return path, float(values.sum())
    H, C, groups = mdp.horizon, len(mdp.follows), mdp.groups
    value = torch.zeros(C, dtype=reward.dtype, device=reward.device)
    values_by_step: list[Tensor] = []
    for step in reversed(range(H)):
        tokens = allowed_reward[step] + value[groups]
        values_by_step.insert(0, tokens)
        of_group = torch.full_like(value, -torch.inf).scatter_reduce(0, groups, tokens, "amax")
        value = of_group.expand(C, C).masked_fill(~mdp.follows, -torch.inf).amax(dim=1)
    chosen = [int(values_by_step[0].argmax())]
    for tokens in values_by_step[1:]:
        may = mdp.follows[groups[chosen[-1]]][groups]
        chosen.append(int(tokens.masked_fill(~may, -torch.inf).argmax()))
    return torch.tensor(chosen, device=reward.device), float(values_by_step[0].max())


def best_paths(mdp: PromptMDP, reward: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k paths of largest reward, best first, and their rewards.

    The backward pass keeps the k best suffixes of each group. Only the k best tokens of a group can be part
    of them.

    Args:
        mdp: H slots of S tokens.
        reward: Float[H, S].
        k: number of paths, at least 1.

    Returns:
        Long[n, H], distinct paths, and Float[n], their rewards. n is k, or the number of paths if smaller.

    Raises:
        ShapeError: `reward` is not Float[H, S], or k is below 1.
    """
    _check(mdp, reward)
    if k < 1:
        raise ShapeError(f"Expected k of at least 1, found {k}. Ask for one path or more.")
    C = len(mdp.follows)
    none = torch.empty(0, dtype=torch.long, device=reward.device)
    rest: list[tuple[Tensor, Tensor]] = [(reward.new_zeros(1), none.new_empty(1, 0))] * C
    of_group: list[tuple[Tensor, Tensor]] = []
    for step in reversed(range(mdp.horizon)):
        of_group = []
        for group in range(C):
            tokens = torch.nonzero(mdp.allowed[step] & (mdp.groups == group))[:, 0]
            tokens = tokens[_first(reward[step, tokens], k)]
            values, tails = rest[group]
            totals = (reward[step, tokens][:, None] + values[None, :]).flatten()
            heads = tokens[:, None, None].expand(-1, len(values), 1)
            paths = torch.cat((heads, tails.expand(len(tokens), -1, -1)), dim=2).flatten(0, 1)
            kept = _first(totals, k)
            of_group.append((totals[kept], paths[kept]))
        rest = [_merge([of_group[next_] for next_ in _after(mdp, group)], k, reward) for group in range(C)]
    totals, paths = _merge(of_group, k, reward)
    return paths, totals


def _after(mdp: PromptMDP, group: int) -> list[int]:
    return [int(index) for index in torch.nonzero(mdp.follows[group])[:, 0]]


def _merge(lists: list[tuple[Tensor, Tensor]], k: int, reward: Tensor) -> tuple[Tensor, Tensor]:
    """The k best entries of several lists of (rewards, paths)."""
    filled = [(totals, paths) for totals, paths in lists if len(totals)]
    if not filled:
        return reward.new_empty(0), torch.empty(0, 0, dtype=torch.long, device=reward.device)
    totals = torch.cat([totals for totals, _ in filled])
    paths = torch.cat([paths for _, paths in filled])
    kept = _first(totals, k)
    return totals[kept], paths[kept]


def _first(values: Tensor, k: int) -> Tensor:
    """Indices of the k largest values, in falling order; ties in order of index, unlike `topk`."""
    return values.sort(descending=True, stable=True).indices[:k]


def _check(mdp: PromptMDP, reward: Tensor) -> None:
    if reward.shape != mdp.allowed.shape:
        raise ShapeError(
            f"Expected a reward for each of {list(mdp.allowed.shape)} slots and tokens, found "
            f"{list(reward.shape)}. Give Float[H, S]."
        )


@dataclass(frozen=True, eq=False)
class PathOracle:
    """The linear oracle of a prompt MDP, whose vertices are paths Long[H]."""

    mdp: PromptMDP

    def best(self, reward: Tensor) -> tuple[Tensor, float]:
        """The path of largest reward Float[H, S], and its reward."""
        return best_path(self.mdp, reward)

    def rewards(self, vertices: Tensor, reward: Tensor) -> Tensor:
        """Float[N]: the reward of each of the paths Long[N, H]."""
        return self.mdp.path_rewards(vertices, reward)

    def visitation(self, vertices: Tensor, weights: Tensor) -> Tensor:
        """Float[H, S]: the visitation of paths Long[N, H] mixed with weights Float[N]."""
        return path_visitation(vertices, weights[None], self.mdp.size)[0]
