"""What an answer means: favourites, marks, rankings and "none of these" as plain picks."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.logit import log_likelihood, pick_terms
from personalize.preference.picks import Picks
from tests.preference.examples import hessian_of, random_options, random_theta, seeded


def answers(options: Tensor) -> Comparisons:
    """An answer of every kind to eight questions of four options."""
    comparisons = Comparisons.empty(4, options.shape[-1])
    for question, (best, liked, disliked) in zip(
        options,
        (
            (0, [], []),
            (1, [0, 3], []),
            (2, [], [1]),
            (2, [3], [0, 1]),
            (-1, [], []),
            (3, [], [0, 1, 2]),
            (0, [1, 2, 3], []),
            (1, [2], [0]),
        ),
        strict=True,
    ):
        comparisons = comparisons.append(question, best=best, liked=liked, disliked=disliked)
    return comparisons


def test_marks_mean_what_the_module_says() -> None:
    options, theta = random_options(1, 2), random_theta(1)
    weights = torch.cat((theta, torch.tensor([0.3, -0.2], dtype=torch.float64)))
    comparisons = (
        Comparisons.empty(4, 5).append(options[0], best=2, liked=[3], disliked=[0]).append(options[1])
    )
    first, second = (options - options.mean(dim=(0, 1))) @ theta
    outside, later = 0.3, 0.3 - 0.2
    expected = (
        first.log_softmax(0)[2]  # the favourite among all
        + (-first[[0, 1, 3]]).log_softmax(0)[0]  # the disliked option is the worst of the others
        + logsigmoid(first[3] - outside)  # the liked option is above the outside option
        + logsigmoid(outside - first[1])  # the unmarked option is not
        + later
        - torch.cat((second, second.new_tensor([later]))).logsumexp(0)  # none of these
    )
    torch.testing.assert_close(log_likelihood(weights, comparisons), expected)


def test_one_disliked_option_is_the_worst_of_the_rest() -> None:
    options, theta = random_options(2, 1), random_theta(2)
    comparisons = Comparisons.empty(4, 5).append(options[0], best=1, disliked=[3])
    expected = (options[0] @ theta).log_softmax(0)[1] + (-options[0, [0, 2, 3]] @ theta).log_softmax(0)[2]
    torch.testing.assert_close(log_likelihood(theta, comparisons), expected)


def test_without_marks_nothing_is_said_of_the_outside_option() -> None:
    comparisons = Comparisons.empty(4, 5).append(random_options(3, 1)[0], best=1)
    picks = Picks.of(comparisons)
    assert picks.levels == 0 and picks.options.shape == (1, 4, 5)


def test_every_favourite_counts_and_none_of_these_does_not() -> None:
    picks = Picks.of(answers(random_options(4, 8)))
    assert picks.answers == 7
    assert picks.levels == 6  # five questions that need the outside option, and none of these
    assert bool(picks.offered.gather(1, picks.chosen[:, None]).all())


def test_a_common_shift_of_all_options_changes_nothing() -> None:
    options, prior = random_options(5, 8), TastePrior(torch.eye(5, dtype=torch.float64))
    one, other = (estimate_taste(answers(given), prior) for given in (options, options + 3.0))
    torch.testing.assert_close(one.theta, other.theta)
    torch.testing.assert_close(one.covariance, other.covariance)


@pytest.mark.parametrize("lapse", [0.0, 0.05])
def test_the_covariance_is_the_inverse_of_minus_the_hessian_with_marks(lapse: float) -> None:
    prior = TastePrior(torch.eye(5, dtype=torch.float64), gammas=(1.0,), scales=(2.0,))
    comparisons = answers(random_options(6, 8))
    picks = Picks.of(comparisons)
    estimate = estimate_taste(comparisons, prior, lapse=lapse)
    root = prior.root_with_levels(1.0, 2.0, picks.levels)
    precision = torch.linalg.inv(root @ root.T)
    weights = torch.zeros(5 + picks.levels, dtype=torch.float64)
    for _ in range(50):  # Newton's method, apart from the code under test
        at = weights.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(log_likelihood(at, comparisons, lapse), at)
        information = precision - hessian_of(comparisons, weights, lapse)
        weights = weights + torch.linalg.solve(information, gradient - precision @ weights)
    torch.testing.assert_close(estimate.theta, weights[:5], rtol=1e-5, atol=1e-7)
    covariance = torch.linalg.inv(precision - hessian_of(comparisons, weights, lapse))
    torch.testing.assert_close(estimate.covariance, covariance[:5, :5], rtol=1e-5, atol=1e-7)


def test_marks_sharpen_the_estimate() -> None:
    options, prior = random_options(7, 8), TastePrior(torch.eye(5, dtype=torch.float64))
    marked = answers(options)
    bare = Comparisons(
        options, marked.best, torch.zeros_like(marked.liked), torch.zeros_like(marked.disliked)
    )
    with_marks, without = estimate_taste(marked, prior), estimate_taste(bare, prior)
    assert with_marks.covariance.trace() < without.covariance.trace()


def test_a_ranking_is_the_best_of_those_that_are_left_again_and_again() -> None:
    options, theta = random_options(3, 6), random_theta(3)
    order = torch.stack([torch.randperm(4, generator=seeded(n)) for n in range(6)])
    picks = Picks.of_rankings(options, order)
    assert len(picks) == 18 and picks.answers == 6
    expected = torch.zeros((), dtype=torch.float64)
    for question, ranked in zip(options, order.tolist(), strict=True):
        for step in range(3):
            left = ranked[step:]
            expected += (question[left] @ theta).log_softmax(dim=0)[0]
    terms = pick_terms((picks.options @ theta)[None], picks, 0.0)
    torch.testing.assert_close(terms.value[0], expected)


def test_rankings_that_leave_an_option_out_are_refused() -> None:
    options = random_options(0, 2)
    with pytest.raises(ShapeError):
        Picks.of_rankings(options, torch.tensor([[0, 1, 2, 2], [0, 1, 2, 3]]))
    with pytest.raises(ShapeError):
        Picks.of_rankings(options, torch.tensor([[0, 1, 2, 3]]))
