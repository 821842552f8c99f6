"""Measures that are exponential in a reward, and their decomposition into paths."""

import pytest
import torch

from personalize.mdp.decomposition import decompose
from personalize.mdp.policy import path_visitation
from personalize.mdp.soft_value_iteration import soft_visitation
from tests.mdp.examples import all_paths, random_mdp, seeded

CASES = [(seed, groups) for seed in range(6) for groups in (0, 2, 3)]


@pytest.mark.parametrize(("seed", "groups"), CASES)
def test_soft_visitation_equals_enumeration(seed: int, groups: int) -> None:
    mdp = random_mdp(seed, H=4, S=5, groups=groups)
    logits = 2.0 * torch.randn(4, 5, generator=seeded(seed), dtype=torch.float64)
    paths = all_paths(mdp)
    weights = mdp.path_rewards(paths, logits).softmax(dim=0)
    measure = soft_visitation(mdp, logits)
    torch.testing.assert_close(measure.tokens, path_visitation(paths, weights[None], 5)[0])
    of = mdp.groups[paths]
    for step in range(3):
        flow = torch.zeros_like(measure.flows[step])
        flow.index_put_((of[:, step], of[:, step + 1]), weights, accumulate=True)
        torch.testing.assert_close(measure.flows[step], flow)


@pytest.mark.parametrize(("seed", "groups"), CASES)
def test_decomposition_keeps_the_visitation_with_few_paths(seed: int, groups: int) -> None:
    mdp = random_mdp(seed, H=4, S=6, groups=groups)
    logits = torch.randn(4, 6, generator=seeded(seed), dtype=torch.float64)
    measure = soft_visitation(mdp, logits)
    paths, weights = decompose(mdp, measure, seeded(0))
    assert bool(mdp.admits(paths).all())
    assert float(weights.min()) > 0.0
    torch.testing.assert_close(path_visitation(paths, weights[None], 6)[0], measure.tokens)
    support = int((measure.tokens > 0.0).sum()) + int((measure.flows > 0.0).sum())
    assert len(paths) <= support


def test_many_couplings_make_slots_nearly_independent() -> None:
    mdp = random_mdp(1, H=2, S=8)
    measure = soft_visitation(mdp, torch.zeros(2, 8, dtype=torch.float64))
    product = measure.tokens[0][:, None] * measure.tokens[1][None, :]

    def dependence(couplings: int) -> float:
        paths, weights = decompose(mdp, measure, seeded(2), couplings)
        joint = torch.zeros_like(product).index_put_((paths[:, 0], paths[:, 1]), weights, accumulate=True)
        return float((joint - product).abs().sum())

    assert dependence(400) < 0.25 * dependence(1)
