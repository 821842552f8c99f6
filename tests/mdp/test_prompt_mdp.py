"""Rules of the prompt MDP, path features, and uniform random paths."""

import math

import pytest
import torch

from personalize.errors import DesignError, ShapeError
from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
from tests.mdp.examples import all_paths, random_mdp, seeded, slot_mdp


@pytest.mark.parametrize("groups", [0, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_paths_are_counted_and_admitted_as_enumeration_does(seed: int, groups: int) -> None:
    mdp = random_mdp(seed, groups=groups)
    paths = all_paths(mdp)
    assert mdp.log_path_count == pytest.approx(math.log(len(paths)))
    assert bool(mdp.admits(paths).all())
    every = torch.cartesian_prod(*[torch.arange(mdp.size)] * mdp.horizon)
    assert int(mdp.admits(every).sum()) == len(paths)


@pytest.mark.parametrize("groups", [0, 3])
def test_random_paths_are_uniform_over_all_paths(groups: int) -> None:
    mdp = random_mdp(3, H=3, S=5, groups=groups)
    paths = all_paths(mdp)
    drawn = mdp.random_paths(20_000, seeded(0))
    distinct, counts = torch.unique(drawn, dim=0, return_counts=True)
    assert torch.equal(distinct, torch.unique(paths, dim=0))
    expected = 20_000 / len(paths)
    chi_squared = float(((counts - expected) ** 2 / expected).sum())
    freedom = len(paths) - 1
    assert chi_squared < freedom + 5.0 * math.sqrt(2.0 * freedom)


def test_path_features_and_rewards_are_sums_over_slots() -> None:
    mdp = random_mdp(1, groups=2)
    paths = all_paths(mdp)
    reward = torch.randn(mdp.horizon, mdp.size, generator=seeded(2), dtype=torch.float64)
    for path, features, total in zip(
        paths, mdp.path_features(paths), mdp.path_rewards(paths, reward), strict=True
    ):
        torch.testing.assert_close(features, sum(mdp.features[token] for token in path.tolist()))
        assert float(total) == pytest.approx(sum(float(reward[h, s]) for h, s in enumerate(path.tolist())))


def test_an_mdp_without_a_path_names_the_slot() -> None:
    allowed = torch.ones(3, 4, dtype=torch.bool)
    allowed[1] = False
    with pytest.raises(DesignError, match="slot 0"):
        PromptMDP(torch.ones(4, 2), allowed)
    nothing_follows = GroupSuccessors(torch.zeros(4, dtype=torch.long), torch.zeros(1, 1, dtype=torch.bool))
    with pytest.raises(DesignError):
        PromptMDP(torch.ones(4, 2), torch.ones(2, 4, dtype=torch.bool), nothing_follows)


def test_axes_that_do_not_agree_are_refused() -> None:
    allowed = torch.ones(2, 4, dtype=torch.bool)
    for features, rules in (
        (torch.ones(5, 2), None),
        (torch.full((4, 2), torch.nan), None),
        (
            torch.ones(4, 2),
            GroupSuccessors(torch.zeros(3, dtype=torch.long), torch.ones(1, 1, dtype=torch.bool)),
        ),
    ):
        with pytest.raises(ShapeError):
            PromptMDP(features, allowed, rules)
    with pytest.raises(ShapeError):
        GroupSuccessors(torch.tensor([0, 2]), torch.ones(2, 2, dtype=torch.bool))


def test_memory_grows_with_tokens_and_groups_not_with_their_square() -> None:
    mdp = slot_mdp(0, H=6, per_slot=3000, d=4)
    tensors = [mdp.features, mdp.allowed, mdp.groups, mdp.follows, mdp._log_completions]
    assert max(tensor.numel() for tensor in tensors) <= 6 * mdp.size
