"""Decomposes a measure on tokens into a mixture of few paths with exactly the same visitation.

Many mixtures share one visitation. They differ in the joint distribution of tokens in different slots.
Without successor rules, the slots are coupled at random several times, which makes them nearly independent.
The information of whole pictures is then close to the sum over single slots. With successor rules, the
paths are subtracted from the flow one by one.
"""

import torch
from torch import Tensor

from personalize.mdp.policy import merge_paths
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.soft_value_iteration import MarkovMeasure

NEGLIGIBLE = 1e-12
"""Smallest probability that gets a path of its own."""


def decompose(
    mdp: PromptMDP, measure: MarkovMeasure, generator: torch.Generator, couplings: int = 1
) -> tuple[Tensor, Tensor]:
    """Paths Long[N, H] and weights Float[N] with the visitation of `measure`; the weights sum to one.

    Args:
        mdp: the MDP of the paths.
        measure: the measure to decompose.
        generator: source of randomness for the couplings.
        couplings: number of random couplings to average. N is at most this number times the support.
    """
    if mdp.successors is None:
        return couple(measure.tokens, generator, couplings)
    return _peeled(mdp, measure)


def couple(marginals: Tensor, generator: torch.Generator, couplings: int) -> tuple[Tensor, Tensor]:
    """Paths Long[N, H] and weights Float[N] with the slot marginals Float[H, S], coupled at random.

    One coupling partitions [0, 1) for each slot into one interval for each token. The intervals stand in
    random order, and their lengths are the probabilities. Each non-empty intersection of intervals of all
    slots gives one path, so there are at most sum_h (support_h - 1) + 1 paths.
    """
    paths, weights = [], []
    for _ in range(couplings):
        orders, ends = [], []
        for row in marginals:
            support = torch.nonzero(row > NEGLIGIBLE)[:, 0]
            shuffle = torch.randperm(len(support), generator=generator, device=generator.device)
            order = support[shuffle.to(row.device)]
            end = row[order].cumsum(dim=0)
            orders.append(order)
            ends.append(end / end[-1])
        cuts = torch.cat([torch.zeros_like(ends[0][:1]), *ends]).sort().values
        lengths = cuts[1:] - cuts[:-1]
        middles = 0.5 * (cuts[1:] + cuts[:-1])
        positive = lengths > NEGLIGIBLE
        columns = [
            order[torch.searchsorted(end, middles[positive]).clamp(max=len(order) - 1)]
            for order, end in zip(orders, ends, strict=True)
        ]
        paths.append(torch.stack(columns, dim=1))
        weights.append(lengths[positive] / lengths[positive].sum())
    return merge_paths(torch.cat(paths), torch.cat(weights) / couplings)


def _peeled(mdp: PromptMDP, measure: MarkovMeasure) -> tuple[Tensor, Tensor]:
    """Subtract the widest path until no mass is left.

    Each path uses up at least one token or one flow, which bounds the number of paths.
    """
    tokens, flows = measure.tokens.clone(), measure.flows.clone()
    H, S, C = mdp.horizon, mdp.size, len(mdp.follows)
    groups = mdp.groups
    steps = torch.arange(H, device=tokens.device)
    paths, weights = [], []
    for _ in range(H * S + (H - 1) * C * C):
        path, width = _widest(tokens, flows, groups, C)
        if not width > NEGLIGIBLE:
            break
        paths.append(path)
        weights.append(width)
        tokens[steps, path] -= width
        flows[steps[:-1], groups[path[:-1]], groups[path[1:]]] -= width
    mass = tokens.new_tensor(weights)
    return torch.stack(paths), mass / mass.sum()


def _widest(tokens: Tensor, flows: Tensor, groups: Tensor, C: int) -> tuple[Tensor, float]:
    """The path whose smallest token mass or flow is largest, and that smallest value."""
    H = len(tokens)
    width = tokens[H - 1]
    choices: list[tuple[Tensor, Tensor]] = []
    for step in reversed(range(H - 1)):
        of_group, best_token = _group_max(width, groups, C)
        through = torch.minimum(flows[step], of_group[None, :])
        onward, next_group = through.max(dim=1)
        choices.insert(0, (next_group, best_token))
        width = torch.minimum(tokens[step], onward[groups])
    path = [int(width.argmax())]
    for next_group, best_token in choices:
        path.append(int(best_token[next_group[groups[path[-1]]]]))
    return torch.tensor(path, device=tokens.device), float(width.max())


def _group_max(values: Tensor, groups: Tensor, C: int) -> tuple[Tensor, Tensor]:
    """Float[C] and Long[C]: the largest value of each group and its index; -1 for an empty group."""
    by_group = values.expand(C, -1).masked_fill(groups[None, :] != torch.arange(C).to(groups)[:, None], -1.0)
    best = by_group.max(dim=1)
    return best.values, best.indices
