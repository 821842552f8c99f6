"""Information of visitation measures: formulas, invariances, and the loss of identical policies."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from personalize.design.criterion import Criterion
from personalize.design.information import (
    exact_information,
    feature_covariance,
    picture_information,
    surrogate_information,
)
from personalize.errors import ShapeError
from personalize.preference.logit import choice_information
from tests.design.examples import criteria, objective_of, random_measure
from tests.mdp.examples import all_paths, random_mdp, seeded, slot_mdp

seeds = st.integers(0, 10_000)


def random_visitation(seed: int, K: int = 3, H: int = 2, S: int = 6) -> Tensor:
    return torch.randn(K, H, S, generator=seeded(seed), dtype=torch.float64).mul(2.0).softmax(dim=2)


def random_features(seed: int, S: int = 6, d: int = 4) -> Tensor:
    return torch.randn(S, d, generator=seeded(seed), dtype=torch.float64)


@settings(deadline=None, max_examples=40)
@given(seed=seeds)
def test_symmetric_positive_semidefinite_and_blind_to_a_shift(seed: int) -> None:
    features, visitation = random_features(seed), random_visitation(seed)
    shift = random_features(seed + 1, 1)
    for information in (
        surrogate_information(features, visitation.mean(0), rounds=5.0, regularisation=0.0),
        exact_information(features, visitation, rounds=5.0, regularisation=0.0),
    ):
        torch.testing.assert_close(information, information.T)
        assert float(torch.linalg.eigvalsh(information)[0]) > -1e-10
    torch.testing.assert_close(
        exact_information(features + shift, visitation, rounds=5.0, regularisation=0.0),
        exact_information(features, visitation, rounds=5.0, regularisation=0.0),
    )


@settings(deadline=None, max_examples=20)
@given(seed=seeds, c=st.floats(0.1, 10.0))
def test_it_scales_with_the_square_of_the_features_before_the_regularisation(seed: int, c: float) -> None:
    features, visitation = random_features(seed), random_visitation(seed)
    data = exact_information(features, visitation, rounds=3.0, regularisation=0.0)
    scaled = exact_information(c * features, visitation, rounds=3.0, regularisation=0.7)
    torch.testing.assert_close(scaled, c**2 * data + 0.7 * torch.eye(4, dtype=torch.float64))


def test_permuting_the_policies_changes_nothing() -> None:
    features, visitation = random_features(0), random_visitation(0, K=4)
    order = torch.tensor([2, 0, 3, 1])
    for permuted in (visitation[order],):
        torch.testing.assert_close(
            exact_information(features, permuted, rounds=1.0, regularisation=0.0),
            exact_information(features, visitation, rounds=1.0, regularisation=0.0),
        )


@pytest.mark.parametrize("K", [2, 4, 7])
def test_identical_policies_lose_one_over_k(K: int) -> None:
    features, one = random_features(1), random_visitation(1, K=1)
    surrogate = surrogate_information(features, one[0], rounds=2.0, regularisation=0.0)
    exact = exact_information(features, one.expand(K, -1, -1), rounds=2.0, regularisation=0.0)
    torch.testing.assert_close(exact, (1.0 - 1.0 / K) * surrogate)


def test_policies_that_each_say_one_thing_lose_nothing() -> None:
    visitation = torch.zeros(3, 2, 6, dtype=torch.float64)
    for policy, tokens in enumerate(((0, 1), (2, 5), (4, 4))):
        visitation[policy, [0, 1], list(tokens)] = 1.0
    features = random_features(2)
    torch.testing.assert_close(
        exact_information(features, visitation, rounds=1.0, regularisation=0.0),
        surrogate_information(features, visitation.mean(0), rounds=1.0, regularisation=0.0),
    )


def test_the_exact_information_is_the_mean_over_draws_of_what_a_uniform_pick_tells() -> None:
    features, visitation = random_features(3), random_visitation(3, K=2, H=1, S=4)
    expected = torch.zeros(4, 4, dtype=torch.float64)
    for a in range(4):
        for b in range(4):
            options = features[[a, b]]
            of_answer = choice_information(options, torch.full((2,), 0.5, dtype=torch.float64))
            expected += visitation[0, 0, a] * visitation[1, 0, b] * of_answer
    exact = exact_information(features[:4], visitation, rounds=1.0, regularisation=0.0)
    torch.testing.assert_close(exact, expected)


def test_picture_information_equals_the_sum_over_slots_when_slots_are_independent() -> None:
    mdp = random_mdp(0, H=3, S=4)
    measure = random_measure(mdp, 1)
    paths = all_paths(mdp)
    weights = torch.stack([measure[step, paths[:, step]] for step in range(3)]).prod(dim=0)
    picture = picture_information(
        mdp.path_features(paths), weights[None].expand(4, -1), rounds=2.0, regularisation=0.1
    )
    slots = exact_information(mdp.features, measure.expand(4, -1, -1), rounds=2.0, regularisation=0.1)
    torch.testing.assert_close(picture, slots)


def test_covariance_is_that_of_the_definition() -> None:
    features, measure = random_features(4), random_visitation(4)[0]
    expected = sum(features.T @ (torch.diag(row) - row[:, None] * row[None, :]) @ features for row in measure)
    torch.testing.assert_close(feature_covariance(features, measure), expected)


@pytest.mark.parametrize("criterion", criteria(3), ids=lambda c: c.name)
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_in_the_measure_equals_finite_differences(criterion: Criterion, seed: int) -> None:
    mdp = random_mdp(seed)
    objective = objective_of(mdp, criterion)
    measure, other = random_measure(mdp, seed), random_measure(mdp, seed + 1)
    slope = float((objective.gradient(measure) * (other - measure)).sum())

    def value(step: float) -> float:
        return objective.value(measure + step * (other - measure))

    assert slope == pytest.approx((value(1e-5) - value(-1e-5)) / 2e-5, rel=1e-5, abs=1e-8)
    derivative = objective.along(measure, other - measure)
    assert derivative(0.0) == pytest.approx(slope, rel=1e-9, abs=1e-12)
    assert derivative(0.6) == pytest.approx((value(0.60001) - value(0.59999)) / 2e-5, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("criterion", criteria(8), ids=lambda c: c.name)
def test_the_value_is_concave_in_the_measure(criterion: Criterion) -> None:
    mdp = slot_mdp(0)
    objective = objective_of(mdp, criterion)
    for seed in range(10):
        one, other = random_measure(mdp, seed), random_measure(mdp, seed + 100)
        middle = objective.value(0.5 * (one + other))
        assert middle >= 0.5 * (objective.value(one) + objective.value(other)) - 1e-9


def test_the_surrogate_cannot_tell_policies_apart() -> None:
    features, visitation = random_features(5), random_visitation(5, K=4)
    mean = visitation.mean(dim=0)
    surrogate = surrogate_information(features, mean, rounds=1.0, regularisation=0.0)
    between = exact_information(features, visitation, rounds=1.0, regularisation=0.0)
    within = sum(feature_covariance(features, policy) for policy in visitation)
    torch.testing.assert_close(between + within / 16, surrogate)


def test_a_regularisation_of_another_dimension_is_refused() -> None:
    with pytest.raises(ShapeError):
        surrogate_information(
            random_features(0), random_visitation(0)[0], rounds=1.0, regularisation=torch.eye(3)
        )
