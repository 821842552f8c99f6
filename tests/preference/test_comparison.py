"""Comparisons: growth by one answer, and refused answers."""

import pytest
import torch

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from tests.preference.examples import random_options


def test_no_answers_adopt_the_features_of_the_first() -> None:
    features = random_options(0, 2)
    comparisons = Comparisons.empty(4, 0)
    assert len(comparisons) == 0
    comparisons = comparisons.append(features[0], best=2).append(features[1], none=True)
    assert torch.equal(comparisons.options, features)
    assert comparisons.best.tolist() == [2, -1]
    assert comparisons.worst.tolist() == [-1, -1]
    assert comparisons.none.tolist() == [False, True]


def test_appending_leaves_the_original_as_it_was() -> None:
    comparisons = Comparisons.empty(4, 5)
    longer = comparisons.append(random_options(0, 1)[0], best=1, worst=3)
    assert (len(comparisons), len(longer)) == (0, 1)


@pytest.mark.parametrize(
    "answer",
    [
        {"best": 4},
        {"best": -2},
        {"best": 0, "worst": 0},
        {"best": 0, "worst": 4},
        {"best": 0, "none": True},
        {"worst": 1, "none": True},
        {},
    ],
)
def test_answers_that_do_not_fit_are_refused(answer: dict[str, int]) -> None:
    with pytest.raises(ShapeError, match="row 0"):
        Comparisons.empty(4, 5).append(random_options(0, 1)[0], **answer)  # type: ignore[arg-type]


def test_other_numbers_of_options_or_features_are_refused() -> None:
    comparisons = Comparisons.empty(4, 5)
    for K, d in ((3, 5), (4, 6)):
        with pytest.raises(ShapeError):
            comparisons.append(random_options(0, 1, K, d)[0], best=0)
    with pytest.raises(ShapeError):
        Comparisons.empty(1, 5)
    with pytest.raises(ShapeError):
        Comparisons(random_options(0, 2), torch.zeros(3).long(), torch.zeros(2).long(), torch.zeros(2).bool())
