"""The calibration of token features by drawn pictures."""

import pytest
import torch

from personalize.errors import ShapeError
from personalize.mdp.foresight import Foresight, fit_foresight

S, H, D, SUBJECTS, N = 13, 3, 5, 6, 400


def drawn(scale: float, corrections: torch.Tensor, noise: float) -> tuple[torch.Tensor, ...]:
    """Effects, paths, seen features and subjects of pictures that follow the model with noise."""
    generator = torch.Generator().manual_seed(3)
    effects = torch.randn(S, D, generator=generator, dtype=torch.float64)
    effects[0] = 0.0
    paths = torch.randint(0, S, (N, H), generator=generator)
    subjects = torch.arange(N) % SUBJECTS
    offsets = 10.0 * torch.randn(SUBJECTS, D, generator=generator, dtype=torch.float64)
    seen = offsets[subjects] + (scale * effects + corrections)[paths].sum(dim=1)
    seen = seen + noise * torch.randn(N, D, generator=generator, dtype=torch.float64)
    return effects, paths, seen, subjects


def test_a_scale_is_found_and_explains_what_the_plain_sum_overshoots() -> None:
    effects, paths, seen, subjects = drawn(0.6, torch.zeros(S, D, dtype=torch.float64), 0.1)
    found = fit_foresight(effects, paths, seen, subjects)
    assert found.scale == pytest.approx(0.6, abs=0.02)
    assert found.explained > 0.95 and found.explained_by_sum < 0.65
    torch.testing.assert_close(found.features(effects), 0.6 * effects, atol=0.1, rtol=0.0)


def test_corrections_of_tokens_are_found() -> None:
    corrections = torch.zeros(S, D, dtype=torch.float64)
    corrections[4, 1], corrections[7, 2] = 2.0, -3.0
    effects, paths, seen, subjects = drawn(1.0, corrections, 0.2)
    found = fit_foresight(effects, paths, seen, subjects)
    assert found.explained > found.explained_by_sum + 0.1
    error = (found.features(effects) - effects - corrections).abs().max()
    assert float(error) < 0.6


def test_pictures_that_do_not_follow_their_words_explain_nothing() -> None:
    effects, paths, _, subjects = drawn(1.0, torch.zeros(S, D, dtype=torch.float64), 0.1)
    chance = torch.randn(N, D, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    found = fit_foresight(effects, paths, chance, subjects)
    assert found.explained < 0.05 and abs(found.scale) < 0.1


def test_the_blank_stays_nothing_and_no_fit_changes_nothing() -> None:
    effects, paths, seen, subjects = drawn(0.6, torch.ones(S, D, dtype=torch.float64), 0.1)
    assert not bool(fit_foresight(effects, paths, seen, subjects).features(effects)[0].any())
    torch.testing.assert_close(Foresight.none(effects).features(effects), effects)


def test_one_subject_cannot_be_left_out() -> None:
    effects, paths, seen, subjects = drawn(0.6, torch.zeros(S, D, dtype=torch.float64), 0.1)
    with pytest.raises(ShapeError, match="at least two subjects"):
        fit_foresight(effects, paths, seen, torch.zeros_like(subjects))
