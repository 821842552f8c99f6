"""The estimate of a taste: stationarity, limits, rates, robustness, evidence."""

import math

import pytest
import torch

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.logit import choice_information, choice_probabilities, log_likelihood
from personalize.preference.simulated_user import SimulatedUser
from tests.preference.examples import asked, hessian_of, random_options, random_theta, seeded


def spectrum(d: int = 5) -> torch.Tensor:
    root = torch.randn(d, d, generator=seeded(42), dtype=torch.float64)
    return root @ root.T / d


def fixed(gamma: float = 1.0, scale: float = 2.0, d: int = 5) -> TastePrior:
    return TastePrior(spectrum(d), (gamma,), (scale,))


def test_no_answers_give_the_prior() -> None:
    prior = TastePrior(spectrum())
    for comparisons in (Comparisons.empty(4, 0), Comparisons.empty(4, 5)):
        estimate = estimate_taste(comparisons, prior)
        assert estimate.converged and estimate.answers == 0
        assert float(estimate.theta.norm()) == 0.0
        torch.testing.assert_close(estimate.covariance, prior.matrix(estimate.gamma, estimate.scale))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_the_scale_is_the_spread_of_utilities_over_prompts(gamma: float) -> None:
    prior = fixed(gamma)
    for scale in (0.5, 2.0):
        spread = (prior.covariance @ prior.matrix(gamma, scale)).trace().sqrt()
        assert float(spread) == pytest.approx(scale)
        product = prior.precision(gamma, scale) @ prior.matrix(gamma, scale)
        torch.testing.assert_close(product, torch.eye(5, dtype=torch.float64))


def test_gamma_one_is_the_covariance_and_gamma_zero_is_ridge() -> None:
    prior, d = fixed(), 5
    ratio = prior.matrix(1.0, 1.0) / prior.covariance
    torch.testing.assert_close(ratio, ratio[0, 0].expand(d, d))
    ridge = prior.matrix(0.0, 1.0)
    torch.testing.assert_close(ridge, ridge[0, 0] * torch.eye(d, dtype=torch.float64))


@pytest.mark.parametrize("lapse", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("seed", range(4))
def test_the_penalised_gradient_vanishes(seed: int, lapse: float) -> None:
    prior = fixed()
    comparisons = asked(SimulatedUser(3.0 * random_theta(seed)), random_options(seed, 15), seed, worst=True)
    estimate = estimate_taste(comparisons, prior, lapse=lapse)
    assert estimate.converged
    theta = estimate.theta.clone().requires_grad_()
    penalty = 0.5 * theta @ prior.precision(1.0, 2.0) @ theta
    (gradient,) = torch.autograd.grad(log_likelihood(theta, comparisons, lapse) - penalty, theta)
    assert float(gradient.norm()) < 1e-6


def test_without_lapse_the_covariance_is_the_inverse_information() -> None:
    prior = fixed()
    options = random_options(1, 20)
    estimate = estimate_taste(asked(SimulatedUser(random_theta(1)), options, 1), prior, lapse=0.0)
    p = choice_probabilities(estimate.theta, options)
    information = choice_information(options, p) + prior.precision(1.0, 2.0)
    torch.testing.assert_close(torch.linalg.inv(information), estimate.covariance)


def test_with_lapse_the_covariance_is_the_inverse_of_minus_the_hessian() -> None:
    prior, lapse = fixed(), 0.05
    comparisons = asked(SimulatedUser(random_theta(1)), random_options(1, 30), 1)
    estimate = estimate_taste(comparisons, prior, lapse=lapse)
    hessian = hessian_of(comparisons, estimate.theta, lapse)
    torch.testing.assert_close(torch.linalg.inv(prior.precision(1.0, 2.0) - hessian), estimate.covariance)


def test_theta_tends_to_zero_as_the_prior_narrows() -> None:
    comparisons = asked(SimulatedUser(random_theta(0)), random_options(0, 30), 0)
    norms = [float(estimate_taste(comparisons, fixed(scale=s)).theta.norm()) for s in (4.0, 0.5, 0.05, 0.005)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 1e-3


def test_the_error_falls_about_as_one_over_the_root_of_the_answers() -> None:
    errors = []
    for N in (100, 1600):
        squares = []
        for seed in range(6):
            theta = random_theta(seed)
            comparisons = asked(SimulatedUser(theta), random_options(seed + 50, N), seed)
            squares.append(
                float((estimate_taste(comparisons, fixed(), lapse=0.0).theta - theta).square().sum())
            )
        errors.append(math.sqrt(sum(squares) / len(squares)))
    assert 2.5 < errors[0] / errors[1] < 6.5  # 16 times the answers should divide the error by 4


def test_the_error_is_about_what_the_covariance_says() -> None:
    prior, ratios = fixed(gamma=1.0, scale=2.0), []
    for seed in range(60):
        theta = prior.root(1.0, 2.0) @ torch.randn(5, generator=seeded(seed), dtype=torch.float64)
        comparisons = asked(SimulatedUser(theta), random_options(seed, 25), seed)
        estimate = estimate_taste(comparisons, prior, lapse=0.0)
        error = estimate.theta - theta
        ratios.append(float(error @ torch.linalg.solve(estimate.covariance, error)) / 5)
    assert 0.6 < sum(ratios) / len(ratios) < 1.6  # 1 for an exactly normal posterior


def decidedness(options: torch.Tensor, best: torch.Tensor, lapse: float) -> float:
    unmarked = torch.zeros(options.shape[:2], dtype=torch.bool)
    comparisons = Comparisons(options, best, unmarked, unmarked)
    return float(estimate_taste(comparisons, fixed(scale=30.0), lapse=lapse).theta.norm())


def test_a_slip_blurs_a_decided_taste_less_when_slips_are_expected() -> None:
    for seed in range(8):
        options = random_options(seed, 40)
        utilities = options @ random_theta(seed)
        right = utilities.argmax(dim=1)
        slipped = right.clone()
        slipped[7] = utilities[7].argmin()
        strict, tolerant = (
            decidedness(options, slipped, lapse) / decidedness(options, right, lapse) for lapse in (0.0, 0.05)
        )
        assert strict < tolerant


def test_worst_answers_sharpen_the_estimate() -> None:
    user, options = SimulatedUser(random_theta(2)), random_options(2, 20)
    both = estimate_taste(asked(user, options, 4, worst=True), fixed())
    only = estimate_taste(asked(user, options, 4), fixed())
    assert float(torch.linalg.slogdet(both.covariance).logabsdet) < float(
        torch.linalg.slogdet(only.covariance).logabsdet
    )
    assert both.answers == only.answers == 20


def test_a_few_picks_of_a_clear_taste_are_learned_from() -> None:
    """After few answers the evidence hardly distinguishes scales; alone it chose an extreme scale."""
    d, extreme = 24, 0
    for seed in range(20):
        prior = TastePrior(spectrum(d))
        theta = prior.root(1.0, 3.0) @ torch.randn(d, generator=seeded(seed), dtype=torch.float64)
        options = random_options(100 + seed, 10, d=d) @ torch.linalg.cholesky(spectrum(d)).T
        extreme += estimate_taste(asked(SimulatedUser(theta), options, seed), prior).scale in (0.5, 8.0)
    assert extreme == 0


def test_the_evidence_finds_the_scale_and_is_close_to_the_exact_one() -> None:
    d, scales = 5, (0.25, 1.0, 4.0, 16.0)
    for scale, nearest in ((0.25, scales[:2]), (16.0, scales[2:])):
        prior = TastePrior(spectrum(d), (1.0,), scales)
        theta = prior.root(1.0, scale) @ torch.randn(d, generator=seeded(9), dtype=torch.float64)
        options = random_options(8, 150, d=d) @ torch.linalg.cholesky(spectrum(d)).T
        assert estimate_taste(asked(SimulatedUser(theta), options, 0), prior).scale in nearest
    one = TastePrior(torch.ones(1, 1, dtype=torch.float64), (1.0,), (1.0,))
    comparisons = asked(SimulatedUser(random_theta(1, 1)), random_options(1, 12, d=1), 1)
    grid = torch.linspace(-8.0, 8.0, 4001, dtype=torch.float64)
    logs = torch.stack([log_likelihood(t[None], comparisons, 0.05) for t in grid])
    logs = logs - 0.5 * grid.square() - 0.5 * math.log(2.0 * math.pi)
    exact = float(logs.logsumexp(0) + math.log(16.0 / 4000))
    assert estimate_taste(comparisons, one).log_evidence == pytest.approx(exact, abs=0.15)


def test_standard_errors_and_utilities_are_those_of_the_normal() -> None:
    estimate = estimate_taste(asked(SimulatedUser(random_theta(0)), random_options(0, 9), 0), fixed())
    features = random_options(4, 2, 3)
    assert estimate.utility(features).shape == estimate.standard_error(features).shape == (2, 3)
    one = features[1, 2]
    assert float(estimate.standard_error(one)) == pytest.approx(
        math.sqrt(float(one @ estimate.covariance @ one))
    )


def test_predicted_accuracy_is_chance_before_and_near_the_truth_after_many_answers() -> None:
    prior, theta = fixed(), random_theta(0)
    user, questions = SimulatedUser(theta), random_options(77, 400)
    assert estimate_taste(Comparisons.empty(4, 0), prior).choice_accuracy(questions) == pytest.approx(
        0.25, abs=0.02
    )
    estimate = estimate_taste(asked(user, random_options(0, 800), 0), prior, lapse=0.0)
    hit = user.probabilities(questions).gather(1, estimate.utility(questions).argmax(1, keepdim=True)).mean()
    assert estimate.choice_accuracy(questions) == pytest.approx(float(hit), abs=0.03)


def test_a_singular_covariance_still_has_an_estimate() -> None:
    flat = torch.diag(torch.tensor([1.0, 0.5, 0.0, 0.0, 0.0], dtype=torch.float64))
    comparisons = asked(SimulatedUser(random_theta(0)), random_options(0, 10), 0)
    estimate = estimate_taste(comparisons, TastePrior(flat))
    assert estimate.converged and bool(torch.isfinite(estimate.covariance).all())


def test_what_is_no_prior_or_no_lapse_is_refused() -> None:
    for covariance in (torch.zeros(3, 3), torch.ones(2, 3), torch.full((2, 2), torch.nan)):
        with pytest.raises(ShapeError):
            TastePrior(covariance)
    with pytest.raises(ShapeError):
        TastePrior(spectrum(), (), (1.0,))
    comparisons = asked(SimulatedUser(random_theta(0)), random_options(0, 3), 0)
    with pytest.raises(ShapeError):
        estimate_taste(comparisons, TastePrior(spectrum(4)))
    with pytest.raises(ShapeError):
        estimate_taste(comparisons, TastePrior(spectrum()), lapse=1.0)
