"""Calibration prompts are drawn once, and their fit becomes the features of the prompt MDP."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models import load_embedder, load_renderer
from personalize.preparation.calibration import calibration_prompts
from personalize.preparation.prepare import prepare
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

SETTINGS = Settings(candidates=200, pool=64).with_words()
MINI = Path(__file__).parents[2] / "assets" / "vocabulary" / "mini"


def test_prompts_are_drawn_once_and_read_from_the_cache(tmp_path: Path) -> None:
    settings = replace(SETTINGS, data=tmp_path)
    renderer = FakeRenderer()
    first = prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings)
    again = FakeRenderer()
    second = prepare(fake_vocabulary(), again, FakeEmbedder(), settings)
    assert first.foresight.pictures == 44 and again.rendered == 0 < renderer.rendered
    torch.testing.assert_close(first.mdp.features, second.mdp.features)
    assert first.foresight.explained == second.foresight.explained


@pytest.mark.parametrize("other", [replace(SETTINGS, calibration=0), replace(SETTINGS, max_tokens=1)])
def test_without_prompts_of_several_words_the_effects_stay_as_they_are(
    tmp_path: Path, other: Settings
) -> None:
    settings = replace(other, data=tmp_path)
    prepared = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    assert prepared.foresight.pictures == 0 and prepared.foresight.scale == 1.0
    calibrated = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), replace(SETTINGS, data=tmp_path))
    assert not torch.equal(prepared.mdp.features, calibrated.mdp.features)


def test_prompts_are_of_several_subjects_and_of_as_many_words_as_the_app_uses(tmp_path: Path) -> None:
    prepared = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), replace(SETTINGS, data=tmp_path))
    paths, subjects, prompts = calibration_prompts(prepared.mdp, fake_vocabulary(), SETTINGS)
    assert int((paths > 0).sum(dim=1).max()) == SETTINGS.max_tokens
    assert len(set(subjects.tolist())) == len(fake_vocabulary().subjects)
    assert len(prompts) == len(paths) == len(subjects)


def test_a_damaged_cache_is_measured_again(tmp_path: Path) -> None:
    settings = replace(SETTINGS, data=tmp_path)
    first = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    (file,) = settings.cache.glob("calibration-*.npz")
    file.write_bytes(b"damaged")
    second = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    assert second.foresight.scale == first.foresight.scale


@pytest.mark.models
def test_the_shipped_calibration_fits_the_shipped_models(tmp_path: Path) -> None:
    """No picture is drawn at the first start, and words foresee about half of what varies."""
    vocabulary, renderer, embedder = Vocabulary.load(MINI), load_renderer("mini", 1), load_embedder("mini", 1)
    drawn: list[object] = []
    renderer.render = lambda *inputs: drawn.append(inputs)  # type: ignore[method-assign, assignment]
    found = prepare(vocabulary, renderer, embedder, Settings(data=tmp_path), shipped=MINI).foresight
    assert not drawn and found.pictures == 400
    assert found.explained > 0.48 > 0.40 > found.explained_by_sum
