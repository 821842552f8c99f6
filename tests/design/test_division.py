"""Division of the mean measure: the visitation is kept, and identical policies lose information."""

import pytest
import torch

from personalize.design.baseline import identical_policies
from personalize.design.division import balanced_clusters, divide, realised_ratio
from personalize.errors import DesignError
from personalize.mdp.policy import path_visitation
from personalize.mdp.prompt_mdp import PromptMDP
from tests.design.examples import uniform_policies
from tests.mdp.examples import random_mdp, seeded, slot_mdp


@pytest.mark.parametrize("K", [2, 4, 5])
@pytest.mark.parametrize("seed", range(3))
def test_clusters_have_equal_mass_and_use_up_every_point(seed: int, K: int) -> None:
    points = torch.randn(13, 3, generator=seeded(seed), dtype=torch.float64)
    mass = torch.rand(13, generator=seeded(seed + 9), dtype=torch.float64)
    mass /= mass.sum()
    shares = balanced_clusters(points, mass, K, seeded(0))
    assert float(shares.min()) >= 0.0
    torch.testing.assert_close(shares.sum(dim=0), mass)
    torch.testing.assert_close(shares.sum(dim=1), torch.full((K,), 1.0 / K, dtype=torch.float64))


def test_separate_heaps_become_the_clusters() -> None:
    centres = 10.0 * torch.eye(4, dtype=torch.float64)
    points = (
        centres[:, None] + 0.1 * torch.randn(4, 5, 4, generator=seeded(0), dtype=torch.float64)
    ).flatten(0, 1)
    shares = balanced_clusters(points, torch.full((20,), 0.05, dtype=torch.float64), 4, seeded(0))
    owners = shares.argmax(dim=0).view(4, 5)
    assert bool((owners == owners[:, :1]).all())
    assert len(set(owners[:, 0].tolist())) == 4


@pytest.mark.parametrize("groups", [0, 2])
@pytest.mark.parametrize("K", [2, 4])
def test_the_mean_visitation_is_kept_and_every_path_is_admitted(K: int, groups: int) -> None:
    mdp = random_mdp(1, H=3, S=8, groups=groups)
    start = uniform_policies(mdp, 1, 40, seeded(0))
    policies = divide(mdp, start.paths, start.weights[0], K, generator=seeded(1))
    assert policies.options == K
    torch.testing.assert_close(policies.mean_visitation(8), path_visitation(start.paths, start.weights, 8)[0])
    assert bool(mdp.admits(policies.paths).all())


def test_identical_policies_realise_one_less_one_over_k() -> None:
    mdp = slot_mdp(0)
    for K in (2, 4, 6):
        policies = uniform_policies(mdp, K, 50, seeded(0))
        assert realised_ratio(mdp.features, policies.visitation(mdp.size)) == pytest.approx(1.0 - 1.0 / K)


@pytest.mark.parametrize("groups", [0, 2])
def test_divided_policies_realise_more_than_identical_ones(groups: int) -> None:
    mdp = random_mdp(2, H=3, S=9, groups=groups)
    start = uniform_policies(mdp, 1, 60, seeded(0))
    policies = divide(mdp, start.paths, start.weights[0], 4, generator=seeded(1))
    ratio = realised_ratio(mdp.features, policies.visitation(9))
    copies = realised_ratio(mdp.features, identical_policies(policies).visitation(9))
    assert copies == pytest.approx(0.75)
    assert ratio > 0.8


def test_as_many_policies_as_equal_tokens_realise_everything() -> None:
    features = torch.cat((torch.zeros(1, 3), torch.eye(3))).to(torch.float64)
    mdp = PromptMDP(features, torch.ones(2, 4, dtype=torch.bool))
    paths = torch.cartesian_prod(torch.arange(4), torch.arange(4))
    policies = divide(mdp, paths, torch.full((16,), 1.0 / 16, dtype=torch.float64), 4, generator=seeded(0))
    assert realised_ratio(features, policies.visitation(4)) == pytest.approx(1.0)


def test_one_token_in_a_slot_is_shared() -> None:
    allowed = torch.tensor([[True, False, False], [True, True, True]])
    mdp = PromptMDP(torch.eye(3, dtype=torch.float64), allowed)
    paths = torch.tensor([[0, 0], [0, 1], [0, 2]])
    policies = divide(mdp, paths, torch.full((3,), 1.0 / 3, dtype=torch.float64), 4, generator=seeded(0))
    torch.testing.assert_close(policies.visitation(3)[:, 0, 0], torch.ones(4, dtype=torch.float64))


def test_nothing_that_varies_counts_as_realised() -> None:
    assert realised_ratio(torch.ones(3, 2), torch.full((2, 1, 3), 1 / 3)) == 1.0


def test_one_policy_is_refused() -> None:
    mdp = slot_mdp(0)
    with pytest.raises(DesignError):
        divide(mdp, mdp.random_paths(3, seeded(0)), torch.full((3,), 1 / 3), 1, generator=seeded(0))
