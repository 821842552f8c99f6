"""Small design problems with known answers."""

import torch
from torch import Tensor

from personalize.design.criterion import ACriterion, Criterion, DCriterion, ECriterion, VCriterion
from personalize.design.information import SurrogateObjective
from personalize.mdp.policy import Policies, merge_paths
from personalize.mdp.prompt_mdp import PromptMDP
from tests.mdp.examples import seeded


def random_information(seed: int, d: int = 4) -> Tensor:
    """Float[d, d]: a random positive definite matrix."""
    root = torch.randn(d, d + 2, generator=seeded(seed), dtype=torch.float64)
    return root @ root.T + 0.1 * torch.eye(d, dtype=torch.float64)


def criteria(d: int = 4) -> tuple[Criterion, ...]:
    return (VCriterion(random_information(99, d)), DCriterion(), ACriterion(), ECriterion(beta=2.0))


def objective_of(
    mdp: PromptMDP, criterion: Criterion | None = None, ridge: float = 0.5
) -> SurrogateObjective:
    return SurrogateObjective(mdp.features, criterion or DCriterion(), 12.0, ridge)


def uniform_policies(mdp: PromptMDP, options: int, count: int, generator: torch.Generator) -> Policies:
    """K equal policies, uniform over `count` random paths."""
    paths = mdp.random_paths(count, generator)
    weights = torch.full((options, count), 1.0 / count, dtype=mdp.features.dtype)
    return Policies(*merge_paths(paths, weights))


def random_measure(mdp: PromptMDP, seed: int) -> Tensor:
    """Float[H, S]: a random measure, positive on the allowed tokens."""
    raw = torch.rand(mdp.allowed.shape, generator=seeded(seed), dtype=torch.float64) * mdp.allowed
    return raw / raw.sum(dim=1, keepdim=True)
