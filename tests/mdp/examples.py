"""Small random MDPs, and the enumeration of all their paths."""

import itertools

import torch
from torch import Tensor

from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
from personalize.mdp.tabular_mdp import TabularMDP


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_mdp(seed: int, *, H: int = 3, S: int = 7, d: int = 3, groups: int = 0) -> PromptMDP:
    """Random features; each slot allows the blank and some tokens; `groups` adds random successor rules."""
    generator = seeded(seed)
    features = torch.randn(S, d, generator=generator, dtype=torch.float64)
    features[0] = 0.0
    allowed = torch.rand(H, S, generator=generator) < 0.7
    allowed[:, 0] = True
    if not groups:
        return PromptMDP(features, allowed)
    follows = torch.rand(groups, groups, generator=generator) < 0.6
    of_token = torch.randint(groups, (S,), generator=generator)
    of_token[0] = 0
    follows[0, 0] = True
    return PromptMDP(features, allowed, GroupSuccessors(of_token, follows))


def slot_mdp(seed: int, *, H: int = 4, per_slot: int = 6, d: int = 8) -> PromptMDP:
    """An MDP like a vocabulary's: the blank in every slot, any other token in one, a falling spectrum."""
    generator = seeded(seed)
    S = 1 + H * per_slot
    scale = torch.arange(1, d + 1, dtype=torch.float64).rsqrt()
    features = torch.randn(S, d, generator=generator, dtype=torch.float64) * scale
    features[0] = 0.0
    allowed = torch.zeros(H, S, dtype=torch.bool)
    allowed[:, 0] = True
    allowed[torch.arange(S - 1) % H, torch.arange(1, S)] = True
    return PromptMDP(features, allowed)


def all_paths(mdp: PromptMDP) -> Tensor:
    """Long[N, H]: every path, found by testing all tuples of tokens."""
    tuples = torch.tensor(list(itertools.product(range(mdp.size), repeat=mdp.horizon)))
    keep = []
    for row in tuples.tolist():
        fits = all(bool(mdp.allowed[step, token]) for step, token in enumerate(row))
        if mdp.successors is not None:
            groups = [int(mdp.successors.groups[token]) for token in row]
            pairs = zip(groups[:-1], groups[1:], strict=True)
            fits &= all(bool(mdp.successors.allowed[a, b]) for a, b in pairs)
        keep.append(fits)
    return tuples[torch.tensor(keep)]


def random_tabular(seed: int, *, S: int = 5, A: int = 2, H: int = 3, d: int = 3) -> TabularMDP:
    """An MDP in which every action leads to one of two random states."""
    generator = seeded(seed)
    state, action = (
        grid.flatten() for grid in torch.meshgrid(torch.arange(S), torch.arange(A), indexing="ij")
    )
    first = torch.randint(S, (S * A,), generator=generator)
    second = (first + 1 + torch.randint(S - 1, (S * A,), generator=generator)) % S
    share = torch.rand(S * A, generator=generator, dtype=torch.float64) * 0.8 + 0.1
    start = torch.zeros(S, dtype=torch.float64)
    start[0] = 1.0
    return TabularMDP(
        features=torch.randn(S, d, generator=generator, dtype=torch.float64),
        start=start,
        horizon=H,
        actions=A,
        state=state.repeat(2),
        action=action.repeat(2),
        successor=torch.cat((first, second)),
        probability=torch.cat((share, 1.0 - share)),
    )
