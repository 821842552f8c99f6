"""The preparation is computed once, cached, and computed again only after a change of its inputs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models import load_embedder
from personalize.design.result import DesignStatus
from personalize.errors import StoreError
from personalize.mdp.prompt_mdp import GroupSuccessors
from personalize.preparation.effects import (
    MOST_DRAWN,
    context_prompts,
    effects_key,
    feature_source,
    measured_effects,
)
from personalize.preparation.prepare import prepare, solved_design
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


def quiet(what: str, done: int, of: int) -> None:
    """Ignore the progress."""


def settings_in(folder: Path, **values: object) -> Settings:
    return Settings(data=folder, candidates=200, **values)  # type: ignore[arg-type]


def test_the_second_time_nothing_is_drawn_or_solved(tmp_path: Path) -> None:
    renderer, settings = FakeRenderer(), settings_in(tmp_path)
    first = prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings)
    drawn = renderer.rendered
    assert drawn == first.vocabulary.size * settings.contexts + first.foresight.pictures
    second = prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings)
    assert renderer.rendered == drawn
    torch.testing.assert_close(first.mdp.features, second.mdp.features)
    assert first.design.seconds == second.design.seconds  # the cached design


@pytest.mark.parametrize("change", ["renderer", "embedder", "vocabulary", "contexts", "source"])
def test_the_key_changes_with_what_effects_depend_on(tmp_path: Path, change: str) -> None:
    vocabulary, renderer, embedder, settings = (
        fake_vocabulary(),
        FakeRenderer(),
        FakeEmbedder(),
        settings_in(tmp_path),
    )
    before = effects_key(vocabulary, renderer, embedder, settings)
    if change == "renderer":
        renderer.name = "another"
    if change == "embedder":
        embedder.name = "another"
    if change == "vocabulary":
        vocabulary = replace(vocabulary, subjects=("a shoe",))
    if change == "contexts":
        settings = replace(settings, contexts=2)
    if change == "source":
        settings = replace(settings, feature_source="texts")
    assert effects_key(vocabulary, renderer, embedder, settings) != before


def test_shipped_effects_are_used(tmp_path: Path) -> None:
    renderer, embedder, vocabulary = FakeRenderer(), FakeEmbedder(), fake_vocabulary()
    made = settings_in(tmp_path / "made")
    effects, _ = measured_effects(vocabulary, renderer, embedder, made, quiet)
    fresh = FakeRenderer()
    again, _ = measured_effects(vocabulary, fresh, embedder, settings_in(tmp_path / "new"), quiet, made.cache)
    assert fresh.rendered == 0
    torch.testing.assert_close(effects, again)


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    renderer, settings = FakeRenderer(), settings_in(tmp_path)
    first = prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings)
    for file in settings.cache.iterdir():
        file.write_bytes(file.read_bytes()[:50])
    second = prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings)
    torch.testing.assert_close(first.mdp.features, second.mdp.features)
    assert second.design.value == pytest.approx(first.design.value)


def test_the_blank_does_nothing_and_tokens_do_something(tmp_path: Path) -> None:
    prepared = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings_in(tmp_path))
    norms = prepared.mdp.features.norm(dim=1)
    assert norms[0] == 0 and bool((norms[1:] > 1e-3).all())


def test_texts_need_no_pictures(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    prepare(fake_vocabulary(), renderer, FakeEmbedder(), settings_in(tmp_path, feature_source="texts"))
    assert renderer.rendered == 0


def test_contexts_are_spread_over_the_subjects() -> None:
    prompts = context_prompts(fake_vocabulary(), 3)
    assert prompts[:3] == ["a fox", "a boat", "an owl"]
    assert prompts[3:6] == [f"{subject}, watercolor painting" for subject in prompts[:3]]


def test_progress_is_reported(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    prepare(
        fake_vocabulary(),
        FakeRenderer(),
        FakeEmbedder(),
        settings_in(tmp_path),
        lambda *step: steps.append(step),
    )
    measured = [(done, of) for what, done, of in steps if what.startswith("measuring")]
    assert measured[0] == (0, 44) and measured[-1] == (44, 44)


def test_a_design_for_other_options_is_another(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    prepared = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    other = solved_design(prepared.mdp, prepared.prior, replace(settings, options=3))
    assert other.policies.options == 3 and prepared.design.policies.options == 4


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="Expected to keep"):
        prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings_in(tmp_path))


def test_few_tokens_use_pictures_and_many_use_texts_unless_a_source_is_set(tmp_path: Path) -> None:
    few, settings = fake_vocabulary(), settings_in(tmp_path)
    many = few.with_slot("detail", [f"detail {n}" for n in range(MOST_DRAWN // settings.contexts)], "test")
    assert settings.feature_source == "auto"
    assert (feature_source(few, settings), feature_source(many, settings)) == ("pictures", "texts")
    assert feature_source(few, replace(settings, feature_source="texts")) == "texts"
    assert feature_source(many, replace(settings, feature_source="pictures")) == "pictures"
    steps: list[str] = []
    renderer = FakeRenderer()
    prepare(many, renderer, FakeEmbedder(), settings, lambda what, done, of: steps.append(what))
    assert renderer.rendered == 0
    assert f"embedding the texts of {many.size} tokens; drawing would take {4 * many.size} pictures" in steps


def test_rules_reach_the_design_and_make_it_another(tmp_path: Path) -> None:
    free, settings = fake_vocabulary(), settings_in(tmp_path)
    groups = torch.tensor([0, *(free.slot_of(token) + 1 for token in free.tokens[1:])])
    allowed = torch.ones(4, 4, dtype=torch.bool)
    allowed[1, 2] = False  # no palette directly after a medium
    ruled = replace(free, successors=GroupSuccessors(groups, allowed))
    plain = prepare(free, FakeRenderer(), FakeEmbedder(), settings)
    kept = prepare(ruled, FakeRenderer(), FakeEmbedder(), settings)
    assert not bool(((plain.samples[:, 0] > 0) & (plain.samples[:, 1] > 0)).logical_not().all())
    for paths in (kept.samples, kept.design.policies.paths):
        assert not bool(((paths[:, 0] > 0) & (paths[:, 1] > 0)).any())
    assert kept.design.value != plain.design.value


@pytest.mark.models
@pytest.mark.slow
def test_the_full_vocabulary_reaches_its_gap_with_the_mini_text_tower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary = Vocabulary.load(Path(__file__).parents[2] / "assets" / "vocabulary" / "full")
    embedder, settings = load_embedder("mini"), settings_in(tmp_path, contexts=1)
    settings = replace(settings, feature_source="texts")
    first = prepare(vocabulary, FakeRenderer(), embedder, settings)
    assert first.design.status is DesignStatus.OPTIMAL and first.design.relative_gap <= 1e-3
    assert first.mdp.size == vocabulary.size > 4800 and first.mdp.dimension >= 30
    assert bool(first.mdp.admits(first.design.policies.paths).all())
    assert (first.mdp.features[1:].norm(dim=1) > 0).all()
    (settings.cache / f"effects-{effects_key(vocabulary, FakeRenderer(), embedder, settings)}.npz").unlink()

    def refuse(texts: list[str]) -> torch.Tensor:
        raise AssertionError("the embeddings are cached")

    monkeypatch.setattr(embedder, "embed_texts", refuse)
    second = prepare(vocabulary, FakeRenderer(), embedder, settings)
    assert torch.equal(first.mdp.features, second.mdp.features)
    assert second.design.seconds == first.design.seconds  # the cached design
