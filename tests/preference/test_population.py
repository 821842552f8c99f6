"""The population prior: close to the features' prior with few people, to their tastes with many."""

import pytest
import torch

from personalize.errors import ShapeError
from personalize.preference.estimate import POPULATION, TasteEstimate, TastePrior, estimate_taste
from personalize.preference.population import population_covariance
from personalize.preference.simulated_user import SimulatedUser
from tests.preference.examples import asked, random_options, seeded

D = 12


def style_tastes(count: int, seed: int) -> torch.Tensor:
    """Float[count, D]: tastes along two common directions in which the features hardly vary."""
    directions = torch.zeros(2, D, dtype=torch.float64)
    directions[0, -1] = directions[1, -2] = 4.0
    return torch.randn(count, 2, generator=seeded(seed), dtype=torch.float64) @ directions


def certain(theta: torch.Tensor) -> TasteEstimate:
    return TasteEstimate(theta, 0.01 * torch.eye(D, dtype=torch.float64), 1.0, 2.0, 0.0, True, 50, 0.0)


def features_prior() -> TastePrior:
    return TastePrior(torch.diag(1.0 / torch.arange(1, D + 1, dtype=torch.float64)))


def test_few_people_change_little_and_many_make_it_theirs() -> None:
    prior = features_prior()
    tastes = style_tastes(2000, 0)
    one = population_covariance([certain(tastes[0])], prior)
    many = population_covariance([certain(theta) for theta in tastes], prior)
    truth = tastes.T @ tastes / len(tastes)
    torch.testing.assert_close(many, truth, atol=0.6, rtol=0.1)
    spread = float((prior.covariance @ (torch.outer(tastes[0], tastes[0]))).trace().sqrt())
    own = prior.matrix(1.0, spread)
    assert float((one - own).norm()) < float((one - torch.outer(tastes[0], tastes[0])).norm())


def test_what_was_hardly_learned_does_not_make_people_alike() -> None:
    prior = features_prior()
    blank = [estimate_taste(asked(SimulatedUser(torch.zeros(D)), random_options(0, 1, d=D)[:0], 0), prior)]
    torch.testing.assert_close(
        population_covariance(blank, prior, 1e-9), blank[0].covariance, atol=1e-6, rtol=1e-4
    )


def test_a_fitting_population_is_likeliest_and_lowers_the_error() -> None:
    prior = features_prior()
    learned = population_covariance([certain(theta) for theta in style_tastes(80, 1)], prior)
    informed = TastePrior(prior.covariance, population=learned)
    errors, chosen = [], 0
    for seed, theta in enumerate(style_tastes(12, 2)):
        answers = asked(SimulatedUser(theta), random_options(seed, 15, d=D) * 0.5, seed)
        plain, better = estimate_taste(answers, prior), estimate_taste(answers, informed)
        errors.append(((plain.theta - theta).norm(), (better.theta - theta).norm()))
        chosen += better.gamma == POPULATION
    assert chosen >= 8
    assert float(sum(b for _, b in errors)) < 0.6 * float(sum(a for a, _ in errors))


def test_the_root_of_a_population_has_the_scale_asked_for() -> None:
    prior = TastePrior(features_prior().covariance, population=torch.eye(D, dtype=torch.float64))
    spread = (prior.covariance @ prior.matrix(POPULATION, 3.0)).trace().sqrt()
    assert float(spread) == pytest.approx(3.0)


def test_bad_populations_are_refused() -> None:
    with pytest.raises(ShapeError):
        population_covariance([], features_prior())
    with pytest.raises(ShapeError, match="12 numbers"):
        small = TasteEstimate(torch.zeros(3), torch.eye(3), 1.0, 2.0, 0.0, True, 1, 0.0)
        population_covariance([small], features_prior())
