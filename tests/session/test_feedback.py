"""From answers to comparisons: one row for each answer, in order, and none for open rounds."""

from dataclasses import replace

import torch
from torch import Tensor

from personalize.session.feedback import comparisons_of
from personalize.session.record import Round
from tests.session.examples import none_of_these, pick, round_, session


def features_of(round_: Round) -> Tensor:
    return torch.arange(6, dtype=torch.float64).reshape(3, 2) + 10 * round_.number


def test_every_answer_is_one_row_in_order() -> None:
    rounds = (
        replace(round_(1), answer=pick(2)),
        replace(round_(2), answer=pick(0, worst=1)),
        replace(round_(3), answer=none_of_these()),
        round_(4),
    )
    comparisons = comparisons_of(session(rounds=rounds), features_of)
    assert len(comparisons) == 3
    assert torch.equal(comparisons.options, torch.stack([features_of(r) for r in rounds[:3]]))
    assert comparisons.best.tolist() == [2, 0, -1]
    assert comparisons.disliked.tolist() == [[False] * 3, [False, True, False], [False] * 3]
    assert comparisons.none.tolist() == [False, False, True]


def test_no_answer_is_no_row() -> None:
    assert len(comparisons_of(session(), features_of)) == 0
    assert len(comparisons_of(session(rounds=(round_(1),)), features_of)) == 0


def test_features_are_asked_for_answered_rounds_only() -> None:
    asked: list[int] = []

    def asking(round_: Round) -> Tensor:
        asked.append(round_.number)
        return features_of(round_)

    comparisons_of(session(rounds=(replace(round_(1), answer=pick()), round_(2))), asking)
    assert asked == [1]
