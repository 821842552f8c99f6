"""The multinomial logit: its identities, and the one source of information."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize.design.information import picture_information
from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from personalize.preference.logit import (
    choice_information,
    choice_probabilities,
    log_likelihood,
    pick_terms,
)
from personalize.preference.picks import Picks
from personalize.preference.simulated_user import SimulatedUser
from tests.preference.examples import asked, hessian_of, random_options, random_theta


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), K=st.integers(2, 6))
def test_probabilities_sum_to_one_and_ignore_a_common_shift(seed: int, K: int) -> None:
    options, theta = random_options(seed, 3, K), random_theta(seed)
    p = choice_probabilities(theta, options)
    torch.testing.assert_close(p.sum(dim=1), torch.ones(3, dtype=torch.float64))
    shifted = options + random_theta(seed + 1)
    torch.testing.assert_close(choice_probabilities(theta, shifted), p)


def test_two_options_are_the_sigmoid() -> None:
    options, theta = random_options(0, 8, K=2), random_theta(0)
    differences = (options[:, 0] - options[:, 1]) @ theta
    torch.testing.assert_close(choice_probabilities(theta, options)[:, 0], differences.sigmoid())


def test_another_dimension_is_refused() -> None:
    with pytest.raises(ShapeError):
        choice_probabilities(random_theta(0, 4), random_options(0, 1))


def test_the_lapse_is_a_mixture_with_the_uniform_pick() -> None:
    options, theta = random_options(1, 1), random_theta(1)
    for best in range(4):
        comparisons = Comparisons.empty(4, 5).append(options[0], best=best)
        p = float(choice_probabilities(theta, options)[0, best])
        for lapse in (0.0, 0.05, 0.5):
            expected = torch.tensor((1.0 - lapse) * p + lapse / 4.0, dtype=torch.float64).log()
            torch.testing.assert_close(log_likelihood(theta, comparisons, lapse), expected)


def test_a_worst_answer_is_the_pick_of_the_opposite_taste_among_the_rest() -> None:
    options, theta = random_options(2, 1), random_theta(2)
    comparisons = Comparisons.empty(4, 5).append(options[0], best=1, disliked=[3])
    best = choice_probabilities(theta, options[0])[1]
    worst = choice_probabilities(-theta, options[0, [0, 2, 3]])[2]
    torch.testing.assert_close(log_likelihood(theta, comparisons), (best * worst).log())
    # Over all answers the probabilities sum to one.
    total = sum(
        float(
            log_likelihood(theta, Comparisons.empty(4, 5).append(options[0], best=b, disliked=[w]), 0.1).exp()
        )
        for b in range(4)
        for w in range(4)
        if b != w
    )
    assert total == pytest.approx(1.0)


@pytest.mark.parametrize("lapse", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_the_log_likelihood(seed: int, lapse: float) -> None:
    theta = random_theta(seed).requires_grad_()
    user = SimulatedUser(random_theta(seed + 5))
    comparisons = asked(user, random_options(seed, 6), seed, worst=True)
    (expected,) = torch.autograd.grad(log_likelihood(theta, comparisons, lapse), theta)
    picks = Picks.of(comparisons)
    terms = pick_terms((picks.options @ theta.detach())[None], picks, lapse)
    torch.testing.assert_close(torch.einsum("mk,mkd->d", terms.residuals[0], picks.options), expected)


@pytest.mark.parametrize("seed", range(4))
def test_minus_the_hessian_is_the_information_the_design_uses(seed: int) -> None:
    options, theta = random_options(seed, 7), random_theta(seed)
    comparisons = asked(SimulatedUser(theta), options, seed)
    hessian = hessian_of(comparisons, theta)
    torch.testing.assert_close(-hessian, choice_information(options, choice_probabilities(theta, options)))


def test_at_no_taste_it_is_the_information_of_policies_that_show_those_options() -> None:
    options = random_options(5, 1)
    zero = torch.zeros(5, dtype=torch.float64)
    comparisons = asked(SimulatedUser(zero), options, 0)
    hessian = hessian_of(comparisons, zero)
    each_shows_one = torch.eye(4, dtype=torch.float64)
    planned = picture_information(options[0], each_shows_one, rounds=1.0, regularisation=0.0)
    torch.testing.assert_close(-hessian, planned)


def test_information_is_positive_semidefinite_and_blind_to_a_common_shift() -> None:
    options, theta = random_options(6, 9, d=12), random_theta(6, 12)
    p = choice_probabilities(theta, options)
    information = choice_information(options, p)
    assert float(torch.linalg.eigvalsh(information)[0]) > -1e-12
    torch.testing.assert_close(choice_information(options + 3.0, p), information)
