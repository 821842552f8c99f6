"""BALD, EUBO and Thompson sampling: each maximises its stated quantity."""

import itertools

import pytest
import torch
from torch import Tensor

from personalize.design.acquisition import (
    ACQUISITIONS,
    choose_by_bald,
    choose_by_eubo,
    choose_by_thompson,
)
from personalize.errors import DesignError, ShapeError
from personalize.preference.estimate import draw_tastes
from tests.design.examples import random_information
from tests.mdp.examples import seeded


def random_pool(seed: int, P: int = 9, d: int = 4) -> Tensor:
    return torch.randn(P, d, generator=seeded(seed), dtype=torch.float64)


def mutual_information(options: Tensor, tastes: Tensor) -> float:
    """Mutual information of the answer and the taste, in nats, over samples of the taste."""
    p = (tastes @ options.T).softmax(dim=1)
    mean = p.mean(dim=0)
    return float(-(mean * mean.log()).sum() + (p * p.log()).sum(dim=1).mean())


def expected_best(options: Tensor, tastes: Tensor) -> float:
    return float((tastes @ options.T).amax(dim=1).mean())


def test_samples_have_the_mean_and_covariance_asked_for() -> None:
    covariance = random_information(0)
    theta = torch.arange(4, dtype=torch.float64)
    draws = draw_tastes(theta, covariance, 40_000, seeded(0))
    torch.testing.assert_close(draws.mean(dim=0), theta, atol=0.05, rtol=0.02)
    torch.testing.assert_close(torch.cov(draws.T), covariance, atol=0.1, rtol=0.05)


@pytest.mark.parametrize(
    ("choose", "worth"), [(choose_by_bald, mutual_information), (choose_by_eubo, expected_best)]
)
@pytest.mark.parametrize("seed", range(3))
def test_the_choice_is_close_to_the_best_of_all_sets(choose, worth, seed: int) -> None:  # type: ignore[no-untyped-def]
    pool, covariance = random_pool(seed), random_information(seed)
    theta = torch.randn(4, generator=seeded(seed + 50), dtype=torch.float64)
    found = choose(pool, options=3, theta=theta, covariance=covariance, generator=seeded(1), samples=4000)
    tastes = draw_tastes(theta, covariance, 4000, seeded(99))
    values = [worth(pool[list(rows)], tastes) for rows in itertools.combinations(range(9), 3)]
    assert len(set(found.tolist())) == 3
    assert worth(pool[found], tastes) >= max(values) - 0.05 * (max(values) - min(values))


def test_thompson_shows_the_favourites_when_the_taste_is_certain() -> None:
    pool, theta = random_pool(3), torch.ones(4, dtype=torch.float64)
    none = torch.zeros(4, 4, dtype=torch.float64)
    found = choose_by_thompson(pool, options=4, theta=theta, covariance=none, generator=seeded(0))
    assert found.tolist() == (pool @ theta).argsort(descending=True)[:4].tolist()


@pytest.mark.parametrize("name", list(ACQUISITIONS))
def test_other_axes_and_small_pools_are_refused(name: str) -> None:
    choose, pool = ACQUISITIONS[name], random_pool(0)
    good = {"theta": torch.zeros(4, dtype=torch.float64), "covariance": torch.eye(4, dtype=torch.float64)}
    with pytest.raises(ShapeError):
        choose(pool, options=3, generator=seeded(0), **{**good, "theta": torch.zeros(5)})
    with pytest.raises(DesignError, match="9 candidates"):
        choose(pool, options=10, generator=seeded(0), **good)
