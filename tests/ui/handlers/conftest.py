"""Handlers over fakes, for each test anew."""

from collections.abc import Iterator

import pytest

from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui.background import BackgroundRenders
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary
from tests.ui.handlers.visitor import SETTINGS, App, FragileStore, GatedRenderer, handlers_of


@pytest.fixture(scope="package")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def app(preparation: Preparation) -> Iterator[App]:
    store, renderer, renders = FragileStore(), GatedRenderer(), BackgroundRenders()
    renderer.gate.set()
    personalizer = Personalizer(preparation, store, renderer, FakeEmbedder(), SETTINGS)
    handlers = handlers_of(personalizer, SETTINGS, renders)
    yield App(personalizer, store, renderer, handlers, personalizer.start("a fox", seed=5).token)
    renderer.gate.set()
    renders.close()
