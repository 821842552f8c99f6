"""What a design is compared with: uniform exploration, and K copies of one mixture."""

import torch

from personalize.mdp.policy import Policies, merge_paths
from personalize.mdp.prompt_mdp import PromptMDP


def uniform_policies(mdp: PromptMDP, options: int, count: int, generator: torch.Generator) -> Policies:
    """K equal policies, uniform over `count` random paths: random exploration, as the paper compares with."""
    paths = mdp.random_paths(count, generator)
    weights = torch.full((options, count), 1.0 / count, dtype=mdp.features.dtype, device=paths.device)
    return Policies(*merge_paths(paths, weights))


def identical_policies(policies: Policies) -> Policies:
    """K copies of the mean mixture: the same surrogate, and the exact information is 1 - 1/K of it."""
    return Policies(policies.paths, policies.mean_weights.expand(policies.options, -1))
