"""Token effects and the feature space fitted to them."""

import pytest
import torch

from personalize.errors import DesignError, ShapeError
from personalize.mdp.features import fit_feature_space, token_effects
from tests.mdp.examples import seeded


def effects_of_rank(rank: int, N: int = 12, D: int = 9) -> torch.Tensor:
    generator = seeded(rank)
    left = torch.randn(N, rank, generator=generator, dtype=torch.float64)
    return left @ torch.randn(rank, D, generator=generator, dtype=torch.float64)


def test_effects_are_the_mean_difference_and_the_blank_has_none() -> None:
    with_token = torch.randn(4, 3, 5, generator=seeded(0), dtype=torch.float64)
    without = torch.randn(3, 5, generator=seeded(1), dtype=torch.float64)
    effects = token_effects(with_token, without)
    assert torch.equal(effects[0], torch.zeros(5, dtype=torch.float64))
    for token in range(1, 4):
        by_hand = sum(with_token[token, context] - without[context] for context in range(3)) / 3
        torch.testing.assert_close(effects[token], by_hand)


def test_all_variance_kept_preserves_every_distance() -> None:
    effects = effects_of_rank(4)
    space = fit_feature_space(effects, torch.zeros(9, dtype=torch.float64), 1.0, 64)
    assert space.dimension == 4
    assert space.discarded == pytest.approx(0.0, abs=1e-12)
    projected = space.project_effects(effects)
    torch.testing.assert_close(torch.cdist(projected, projected), torch.cdist(effects, effects))


def test_the_smallest_space_that_keeps_the_variance_is_taken() -> None:
    effects = effects_of_rank(6)
    mean = torch.zeros(9, dtype=torch.float64)
    values = torch.linalg.svdvals(effects).square()
    shares = values.cumsum(0) / values.sum()
    for dimension in range(1, 6):
        space = fit_feature_space(effects, mean, float(shares[dimension - 1]) - 1e-9, 64)
        assert space.dimension == dimension
        assert space.discarded == pytest.approx(1.0 - float(shares[dimension - 1]), abs=1e-9)
    assert fit_feature_space(effects, mean, 1.0, 3).dimension == 3


def test_features_are_not_whitened() -> None:
    effects = effects_of_rank(5)
    space = fit_feature_space(effects, torch.zeros(9, dtype=torch.float64), 1.0, 64)
    spreads = space.project_effects(effects).square().sum(0)
    torch.testing.assert_close(spreads, torch.linalg.svdvals(effects)[:5].square())


def test_the_basis_is_orthonormal_and_its_signs_are_fixed() -> None:
    effects, mean = effects_of_rank(5), torch.ones(9, dtype=torch.float64)
    space = fit_feature_space(effects, mean, 1.0, 64)
    torch.testing.assert_close(space.basis.T @ space.basis, torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(fit_feature_space(-effects, mean, 1.0, 64).basis, space.basis)


def test_pictures_lose_the_mean_and_effects_do_not() -> None:
    mean = torch.arange(9, dtype=torch.float64)
    space = fit_feature_space(effects_of_rank(5), mean, 1.0, 64)
    assert float(space.project(mean).norm()) == 0.0
    effect = effects_of_rank(5)[0]
    torch.testing.assert_close(space.project(mean + effect), space.project_effects(effect))
    assert space.project(torch.zeros(2, 3, 9)).shape == (2, 3, 5)


def test_axes_that_do_not_agree_and_tokens_without_effect_are_refused() -> None:
    mean = torch.zeros(9, dtype=torch.float64)
    with pytest.raises(DesignError):
        fit_feature_space(torch.zeros(4, 9), mean, 0.99, 8)
    with pytest.raises(ShapeError):
        fit_feature_space(torch.ones(4, 8), mean, 0.99, 8)
    with pytest.raises(ShapeError):
        token_effects(torch.ones(3, 2, 4), torch.ones(2, 5))
    with pytest.raises(ShapeError):
        fit_feature_space(effects_of_rank(3), mean, 1.0, 8).project(torch.ones(8))
