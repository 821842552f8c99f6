"""The prior from earlier sessions: off by default, only with enough sessions, and informative."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from personalize.errors import StoreError
from personalize.preference.estimate import POPULATION
from personalize.preparation.population import FEWEST_ANSWERS, earlier_tastes, with_population
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

RENDERER, EMBEDDER = FakeRenderer(), FakeEmbedder()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), candidates=200, population=3)


@pytest.fixture(scope="module")
def preparation(settings: Settings) -> Preparation:
    return prepare(fake_vocabulary(), RENDERER, EMBEDDER, settings)


def played(preparation: Preparation, settings: Settings, people: int, answers: int) -> MemoryStore:
    store = MemoryStore()
    loop = Personalizer(preparation, store, RENDERER, EMBEDDER, settings)
    for seed in range(people):
        token = loop.start("a fox", seed=seed).token
        for _ in range(answers):
            round_ = loop.propose(token)
            loop.render(token, round_.number)
            liked = [sum(word in prompt for word in ("red", "night")) for prompt in round_.prompts]
            loop.answer(token, round_.number, best=liked.index(max(liked)))
    return store


def test_it_is_off_unless_asked_for(preparation: Preparation, settings: Settings) -> None:
    store = played(preparation, settings, people=1, answers=1)
    off = replace(settings, population=0)
    assert Settings().population == 0
    assert (
        with_population(preparation, store, RENDERER, EMBEDDER, fewest=off.population, lapse=off.lapse)
        is preparation
    )


def test_few_sessions_or_short_ones_make_no_prior(preparation: Preparation, settings: Settings) -> None:
    for people, answers in ((2, FEWEST_ANSWERS), (3, FEWEST_ANSWERS - 1)):
        store = played(preparation, settings, people, answers)
        assert (
            with_population(
                preparation, store, RENDERER, EMBEDDER, fewest=settings.population, lapse=settings.lapse
            )
            is preparation
        )


def test_what_earlier_people_share_is_expected_of_the_next(
    preparation: Preparation, settings: Settings
) -> None:
    store = played(preparation, settings, people=6, answers=8)
    changed = with_population(
        preparation, store, RENDERER, EMBEDDER, fewest=settings.population, lapse=settings.lapse
    )
    assert changed.prior.shapes[-1] == POPULATION and preparation.prior.population is None
    tastes = earlier_tastes(preparation, store, RENDERER, EMBEDDER, settings.lapse)
    assert len(tastes) == 6
    shared = torch.stack([taste.theta for taste in tastes]).mean(dim=0)
    shared = shared / shared.norm()
    by_features, by_people = (
        float(shared @ matrix @ shared / matrix.trace())
        for matrix in (preparation.prior.matrix(1.0, 1.0), changed.prior.matrix(POPULATION, 1.0))
    )
    assert by_people > 1.2 * by_features
    loop = Personalizer(changed, store, RENDERER, EMBEDDER, settings)
    assert loop.propose(loop.start("a fox", seed=1).token).number == 1


def test_a_session_whose_pictures_are_lost_is_left_out(
    preparation: Preparation, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = played(preparation, settings, people=2, answers=FEWEST_ANSWERS)

    def lost(embedder: str, picture: str) -> None:
        raise StoreError("lost")

    monkeypatch.setattr(store, "embeddings", lost)
    assert earlier_tastes(preparation, store, RENDERER, EMBEDDER, settings.lapse) == []
