"""The linear oracle against enumeration."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize.errors import ShapeError
from personalize.mdp.value_iteration import PathOracle, best_path, best_paths
from tests.mdp.examples import all_paths, random_mdp, seeded

problems = {
    "seed": st.integers(0, 10_000),
    "groups": st.integers(0, 4),
    "H": st.integers(1, 4),
    "S": st.integers(2, 6),
}


@settings(deadline=None, max_examples=60)
@given(**problems)
def test_best_path_equals_enumeration(seed: int, groups: int, H: int, S: int) -> None:
    mdp = random_mdp(seed, H=H, S=S, groups=groups)
    reward = torch.randn(H, S, generator=seeded(seed), dtype=torch.float64)
    path, value = best_path(mdp, reward)
    assert value == pytest.approx(float(mdp.path_rewards(all_paths(mdp), reward).max()))
    assert bool(mdp.admits(path[None]))
    assert float(mdp.path_rewards(path[None], reward)) == pytest.approx(value)


@settings(deadline=None, max_examples=60)
@given(**problems, k=st.integers(1, 40))
def test_best_paths_equal_enumeration(seed: int, groups: int, H: int, S: int, k: int) -> None:
    mdp = random_mdp(seed, H=H, S=S, groups=groups)
    reward = torch.randn(H, S, generator=seeded(seed), dtype=torch.float64)
    paths, values = best_paths(mdp, reward, k)
    enumerated = mdp.path_rewards(all_paths(mdp), reward).sort(descending=True).values
    torch.testing.assert_close(values, enumerated[:k])
    torch.testing.assert_close(mdp.path_rewards(paths, reward), values)
    assert len(torch.unique(paths, dim=0)) == len(paths) == min(k, len(enumerated))
    assert bool(mdp.admits(paths).all())


@pytest.mark.parametrize("groups", [0, 3])
def test_equal_rewards_always_give_the_same_path(groups: int) -> None:
    mdp = random_mdp(4, H=4, S=6, groups=groups)
    reward = torch.zeros(4, 6, dtype=torch.float64)
    lowest = min(all_paths(mdp).tolist())
    assert best_path(mdp, reward)[0].tolist() == lowest
    assert best_paths(mdp, reward, 3)[0][0].tolist() == lowest


def test_the_oracle_is_linear_in_the_vertices() -> None:
    mdp = random_mdp(5, groups=2)
    oracle, paths = PathOracle(mdp), all_paths(mdp)
    weights = torch.rand(len(paths), generator=seeded(0), dtype=torch.float64)
    reward = torch.randn(mdp.horizon, mdp.size, generator=seeded(1), dtype=torch.float64)
    along = (oracle.visitation(paths, weights) * reward).sum()
    torch.testing.assert_close(along, weights @ oracle.rewards(paths, reward))
    path, value = oracle.best(reward)
    assert float((oracle.visitation(path[None], torch.ones(1, dtype=torch.float64)) * reward).sum()) == value


def test_rewards_of_another_shape_and_no_paths_are_refused() -> None:
    mdp = random_mdp(0)
    with pytest.raises(ShapeError):
        best_path(mdp, torch.zeros(2, 7))
    with pytest.raises(ShapeError):
        best_paths(mdp, torch.zeros(3, 7), 0)
