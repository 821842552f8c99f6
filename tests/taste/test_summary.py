"""The summary of a taste for the page."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preference.known_share import known_share
from personalize.preparation.prepare import Preparation, prepare
from personalize.settings import Settings
from personalize.taste.readiness import FEWEST_ANSWERS
from personalize.taste.summary import (
    Opinion,
    opinions_of,
    preferences_of,
    taste_of,
)
from personalize.ui.text.sentences import in_english
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def estimate_after(preparation: Preparation, answers: int, theta: torch.Tensor) -> TasteEstimate:
    """The estimate after random questions to a person who always picks the best option."""
    generator = torch.Generator().manual_seed(4)
    comparisons = Comparisons.empty(4, preparation.mdp.dimension)
    for _ in range(answers):
        options = preparation.mdp.path_features(preparation.mdp.random_paths(4, generator))
        comparisons = comparisons.append(options, best=int((options @ theta).argmax()))
    return estimate_taste(comparisons, preparation.prior)


def test_nothing_is_claimed_before_the_first_answer(preparation: Preparation) -> None:
    taste = taste_of(preparation, estimate_after(preparation, 0, torch.zeros(1)), 4, 0)
    assert taste.accuracy == taste.chance == 0.25 and taste.progress == 0.0 and not taste.ready
    assert not any(opinion.liked or opinion.disliked for opinion in taste.opinions)
    assert in_english(taste).startswith("Nothing learned yet")


def test_more_answers_are_more_certain(preparation: Preparation) -> None:
    theta = 20 * preparation.mdp.features[3]
    few, many = (taste_of(preparation, estimate_after(preparation, n, theta), 4, n) for n in (2, 30))
    assert many.progress > few.progress and many.accuracy > few.accuracy and many.ready
    token = preparation.vocabulary.tokens[3]
    assert many.opinions[0].token == token and many.opinions[0].liked and token in in_english(many)


def test_opinions_cover_every_token_once_and_are_sorted(preparation: Preparation) -> None:
    opinions = opinions_of(preparation, estimate_after(preparation, 5, preparation.mdp.features[1]))
    assert sorted(opinion.token for opinion in opinions) == sorted(preparation.vocabulary.tokens[1:])
    utilities = [opinion.utility for opinion in opinions]
    assert utilities == sorted(utilities, reverse=True)
    for opinion in opinions:
        assert opinion.slot in preparation.vocabulary.slots and opinion.error > 0


def test_an_opinion_is_liked_disliked_or_neither() -> None:
    assert Opinion("a", "b", 1.0, 0.5).liked and not Opinion("a", "b", 1.0, 0.5).disliked
    assert Opinion("a", "b", -1.0, 0.5).disliked and not Opinion("a", "b", -1.0, 0.5).liked
    unsure = Opinion("a", "b", 0.3, 0.5)
    assert not unsure.liked and not unsure.disliked


def test_the_known_share_is_signal_over_signal_and_noise(preparation: Preparation) -> None:
    features = preparation.mdp.path_features(preparation.samples)
    estimate = estimate_after(preparation, 10, 20 * preparation.mdp.features[2])
    share = known_share(estimate, features)
    assert 0.0 < share < 1.0
    assert known_share(replace(estimate, theta=0 * estimate.theta), features) == 0.0
    assert known_share(replace(estimate, covariance=1e-12 * estimate.covariance), features) > 0.999
    assert known_share(replace(estimate, covariance=4 * estimate.covariance), features) < share


def test_the_blank_is_nobodys_opinion(preparation: Preparation) -> None:
    assert preparation.vocabulary.tokens[BLANK] == ""
    opinions = opinions_of(preparation, estimate_after(preparation, 3, preparation.mdp.features[1]))
    assert all(opinion.token for opinion in opinions)


def test_a_folder_is_made_for_the_cache(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "folder", candidates=200)
    prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    assert settings.cache.is_dir()


def test_preferences_are_contrasts_of_the_taste_against_the_slot(preparation: Preparation) -> None:
    vocabulary, features = preparation.vocabulary, preparation.mdp.features
    estimate = estimate_after(preparation, 5, preparation.mdp.features[1])
    found = {opinion.token: opinion for opinion in preferences_of(preparation, estimate)}
    assert found.keys() == set(vocabulary.tokens[1:])
    for number, token in enumerate(vocabulary.tokens[1:], start=1):
        slot = vocabulary.slot_of(token)
        group = [
            n for n, other in enumerate(vocabulary.tokens) if not other or vocabulary.slot_of(other) == slot
        ]
        assert group[0] == BLANK
        contrast = features[number] - features[group].mean(dim=0)
        assert found[token].utility == pytest.approx(float(contrast @ estimate.theta))
        assert found[token].error ** 2 == pytest.approx(float(contrast @ estimate.covariance @ contrast))


def test_a_taste_has_something_liked_and_something_avoided(preparation: Preparation) -> None:
    """Also for a person who likes the plain picture best, so that every token is below the blank."""
    effects = (preparation.mdp.features - preparation.mdp.features[BLANK])[1:]
    theta = torch.linalg.pinv(effects) @ -torch.arange(1.0, len(effects) + 1).to(effects)
    estimate = replace(estimate_after(preparation, 4, theta), theta=theta)
    assert all(opinion.utility < 0 for opinion in opinions_of(preparation, estimate))
    taste = taste_of(preparation, estimate, 4, 4)
    assert {opinion.utility > 0 for opinion in taste.opinions} == {True, False}
    utilities = [opinion.utility for opinion in taste.opinions]
    assert utilities == sorted(utilities, reverse=True)


def test_decided_picks_are_noted_only_where_questions_do_not_adapt(preparation: Preparation) -> None:
    theta = torch.randn(preparation.mdp.dimension, generator=torch.Generator().manual_seed(0)).double()
    features = preparation.mdp.path_features(preparation.samples)
    decided = 20.0 * theta / (features @ theta).std()
    estimate = replace(estimate_after(preparation, 5, decided), theta=decided)
    assert taste_of(preparation, estimate, 4, 5, adapts=False).should_adapt
    assert not taste_of(preparation, estimate, 4, 5).should_adapt
    assert not taste_of(preparation, estimate, 4, FEWEST_ANSWERS - 1, adapts=False).should_adapt
    unmoved = replace(estimate, theta=0.0 * theta)
    assert not taste_of(preparation, unmoved, 4, 5, adapts=False).should_adapt
