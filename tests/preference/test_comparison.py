"""Comparisons: growth by one answer, and refused answers."""

from typing import Any

import pytest
import torch

from personalize.errors import ShapeError
from personalize.preference.comparison import Comparisons
from tests.preference.examples import random_options


def test_no_answers_adopt_the_features_of_the_first() -> None:
    features = random_options(0, 2)
    comparisons = Comparisons.empty(4, 0)
    assert len(comparisons) == 0
    comparisons = comparisons.append(features[0], best=2).append(features[1])
    assert torch.equal(comparisons.options, features)
    assert comparisons.best.tolist() == [2, -1]
    assert not comparisons.liked.any() and not comparisons.disliked.any()
    assert comparisons.none.tolist() == [False, True]


def test_appending_leaves_the_original_as_it_was() -> None:
    comparisons = Comparisons.empty(4, 5)
    longer = comparisons.append(random_options(0, 1)[0], best=1, liked=[0], disliked=[2, 3])
    assert (len(comparisons), len(longer)) == (0, 1)


@pytest.mark.parametrize(
    "answer",
    [
        {"best": 4},
        {"best": -2},
        {"best": 0, "disliked": [0]},
        {"best": 0, "liked": [0]},
        {"best": 0, "disliked": [4]},
        {"best": 0, "liked": [-1]},
        {"best": 0, "liked": [1], "disliked": [1, 2]},
        {"disliked": [1]},
        {"liked": [1]},
    ],
)
def test_answers_that_do_not_fit_are_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ShapeError, match="Correct the answer"):
        Comparisons.empty(4, 5).append(random_options(0, 1)[0], **answer)


def test_other_numbers_of_options_or_features_are_refused() -> None:
    comparisons = Comparisons.empty(4, 5)
    for K, d in ((3, 5), (4, 6)):
        with pytest.raises(ShapeError):
            comparisons.append(random_options(0, 1, K, d)[0], best=0)
    with pytest.raises(ShapeError):
        Comparisons.empty(1, 5)
    with pytest.raises(ShapeError):
        Comparisons(random_options(0, 2), torch.zeros(3).long(), *[torch.zeros(2, 4).bool()] * 2)
    with pytest.raises(ShapeError):
        Comparisons(random_options(0, 2), torch.zeros(2).long(), *[torch.zeros(2, 3).bool()] * 2)
