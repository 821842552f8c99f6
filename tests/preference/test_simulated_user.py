"""Simulated people with a known taste."""

import pytest
import torch

from personalize.errors import DesignError
from personalize.preference.logit import choice_probabilities
from personalize.preference.simulated_user import SimulatedUser, calibrate
from tests.preference.examples import random_options, random_theta, seeded


def test_picks_follow_the_softmax_and_the_lapse() -> None:
    options, theta = random_options(0, 1)[0], random_theta(0)
    user = SimulatedUser(theta, lapse=0.2, scale=0.5)
    generator, n = seeded(0), 5000
    picks = torch.tensor([user.pick(options, generator) for _ in range(n)])
    expected = 0.8 * choice_probabilities(0.5 * theta, options) + 0.2 / 4
    assert float((picks.bincount(minlength=4) / n - expected).abs().max()) < 5.0 * 0.5 / n**0.5


def test_a_decided_person_names_the_best_and_the_worst() -> None:
    theta, generator = random_theta(1), seeded(1)
    user = SimulatedUser(theta, scale=1e6)
    for options in random_options(1, 20):
        utilities = options @ theta
        assert user.answer(options, generator) == (int(utilities.argmax()), int(utilities.argmin()))


@pytest.mark.parametrize("accuracy", [0.3, 0.5, 0.75, 0.95])
def test_calibration_reaches_the_stated_oracle_accuracy(accuracy: float) -> None:
    options, theta = random_options(2, 500), random_theta(2)
    scaled = calibrate(theta, options, accuracy)
    assert SimulatedUser(scaled).oracle_accuracy(options) == pytest.approx(accuracy, abs=1e-6)
    torch.testing.assert_close(scaled / scaled.norm(), theta / theta.norm())


@pytest.mark.parametrize("accuracy", [0.25, 1.0, 0.1])
def test_accuracies_that_cannot_be_reached_are_refused(accuracy: float) -> None:
    with pytest.raises(DesignError):
        calibrate(random_theta(3), random_options(3, 10), accuracy)


def test_options_that_do_not_differ_are_refused() -> None:
    with pytest.raises(DesignError):
        calibrate(random_theta(3), torch.ones(10, 4, 5, dtype=torch.float64), 0.7)
