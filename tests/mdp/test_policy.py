"""Mixtures of paths: their visitation measures and samples."""

import pytest
import torch

from personalize.errors import DesignError, ShapeError
from personalize.mdp.policy import Policies, merge_paths
from tests.mdp.examples import all_paths, random_mdp, seeded


def random_policies(seed: int, K: int = 3, groups: int = 2) -> tuple[Policies, int]:
    mdp = random_mdp(seed, groups=groups)
    paths = all_paths(mdp)
    weights = torch.rand(K, len(paths), generator=seeded(seed), dtype=torch.float64).square()
    return Policies(paths, weights / weights.sum(dim=1, keepdim=True)), mdp.size


@pytest.mark.parametrize("seed", range(6))
def test_visitation_is_a_distribution_at_every_step(seed: int) -> None:
    policies, size = random_policies(seed)
    measure = policies.visitation(size)
    assert float(measure.min()) >= 0.0
    torch.testing.assert_close(measure.sum(dim=2), torch.ones(3, policies.horizon, dtype=torch.float64))
    torch.testing.assert_close(measure.mean(dim=0), policies.mean_visitation(size))


def test_a_single_path_is_one_hot() -> None:
    policies = Policies(torch.tensor([[2, 0, 4]]), torch.ones(1, 1, dtype=torch.float64))
    assert torch.nonzero(policies.visitation(5)[0]).tolist() == [[0, 2], [1, 0], [2, 4]]


def test_sampled_frequencies_approach_the_measure() -> None:
    policies, size = random_policies(1)
    generator, n = seeded(7), 4000
    counts = torch.zeros(policies.options, policies.horizon, size)
    for _ in range(n):
        paths = policies.sample(generator)
        counts.scatter_add_(2, paths[:, :, None], torch.ones(*paths.shape, 1))
    assert float((counts / n - policies.visitation(size)).abs().max()) < 5.0 * 0.5 / n**0.5


def test_draws_are_distinct_and_heavy_paths_come_first() -> None:
    policies, _ = random_policies(2)
    paths, weights = merge_paths(policies.paths, policies.mean_weights)
    first = torch.zeros(len(paths))
    for seed in range(2000):
        drawn = policies.draw(5, seeded(seed))
        assert len(torch.unique(drawn, dim=0)) == 5
        first += (paths == drawn[0]).all(dim=1)
    assert float((first / 2000 - weights).abs().max()) < 5.0 * 0.5 / 2000**0.5


def test_everything_can_be_drawn_and_no_more() -> None:
    policies, _ = random_policies(3)
    N = len(policies.paths)
    assert torch.equal(torch.unique(policies.draw(N, seeded(0)), dim=0), torch.unique(policies.paths, dim=0))
    with pytest.raises(DesignError, match=f"found {N}"):
        policies.draw(N + 1, seeded(0))


def test_merging_keeps_the_measure() -> None:
    policies, size = random_policies(4)
    doubled = Policies(policies.paths.repeat(2, 1), policies.weights.repeat(1, 2) / 2)
    merged = Policies(*merge_paths(doubled.paths, doubled.weights))
    assert len(merged.paths) == len(policies.paths)
    torch.testing.assert_close(merged.visitation(size), policies.visitation(size))


def test_weights_that_are_no_mixture_are_refused() -> None:
    paths = torch.zeros(2, 3, dtype=torch.long)
    for weights in ([[0.5, 0.6]], [[1.5, -0.5]], [[1.0]], [[torch.nan, 1.0]]):
        with pytest.raises(ShapeError):
            Policies(paths, torch.tensor(weights))
