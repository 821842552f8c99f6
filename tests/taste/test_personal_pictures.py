"""Personal pictures: the best of several that are drawn, and how many are drawn."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.drawing_speed import FEWEST, draws_for_a_picture
from personalize.taste.personal_pictures import _candidates, personal_pictures
from personalize.taste.recommend import recommend
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


@pytest.fixture
def loop(tmp_path: Path) -> Personalizer:
    settings = Settings(data=tmp_path, candidates=200, pool=64, lookahead_rounds=0, best_of_s=0.0)
    renderer, embedder = FakeRenderer(), FakeEmbedder()
    preparation = prepare(fake_vocabulary(), renderer, embedder, settings)
    return Personalizer(preparation, MemoryStore(), renderer, embedder, settings)


@pytest.fixture
def token(loop: Personalizer) -> str:
    """A session of somebody who likes two words."""
    token = loop.start("a fox", seed=3).token
    for _ in range(8):
        round_ = loop.render(token, loop.propose(token).number)
        liked = [n for n, prompt in enumerate(round_.prompts) if "night" in prompt or "pencil" in prompt]
        loop.answer(token, round_.number, best=liked[0] if liked else None, none=not liked)
    return token


def with_settings(loop: Personalizer, **changes: object) -> Personalizer:
    settings = replace(loop.settings, **changes)  # type: ignore[arg-type]
    return Personalizer(loop.preparation, loop.store, FakeRenderer(), FakeEmbedder(), settings)


def test_the_best_of_what_is_seen_is_shown_with_its_own_words(loop: Personalizer, token: str) -> None:
    few = with_settings(loop, best_of=1)
    estimate = loop.estimate(token)

    def worth(made_by: Personalizer) -> list[float]:
        pairs = personal_pictures(made_by, token, "a boat", seed=5).pairs
        plain = loop.render_prompts(token, ["a boat"] * 4, [5, 6, 7, 8])
        effects = loop.features([pair.personal for pair in pairs]) - loop.features(plain)
        for pair in pairs:
            assert pair.prompt.startswith("a boat")
            assert all(opinion.token in pair.prompt for opinion in pair.tokens)
            assert pair.prompt.count(",") == len(pair.tokens)
            again = loop.render_prompts(token, [pair.prompt, pair.plain_prompt], pair.seed)
            assert again == [pair.personal, pair.plain]
        sure = estimate.utility(effects) - loop.settings.caution * estimate.standard_error(effects)
        return list(sure.tolist())

    one, eight = worth(few), worth(loop)
    assert len(one) == len(eight) == 4
    assert sum(eight) > sum(one) and eight[0] >= one[0]


def test_pairs_show_different_good_prompts_and_seeds(loop: Personalizer, token: str) -> None:
    renderer = loop.renderer
    assert isinstance(renderer, FakeRenderer)
    before = renderer.rendered
    personal_pictures(loop, token, "a boat", seed=5, count=2)
    assert 2 + 8 <= renderer.rendered - before <= 2 * (1 + 8) + 2
    paths = recommend(loop, loop.estimate(token), count=16)
    prompts = {loop.preparation.vocabulary.prompt("a boat", path) for path in paths}
    pairs = personal_pictures(loop, token, "a boat", seed=5, count=2).pairs
    assert len(prompts) >= 2 and {pair.prompt for pair in pairs} <= prompts
    assert len({pair.prompt for pair in pairs}) == 2
    assert [(pair.seed - 5) % 2 for pair in pairs] == [0, 1]


def test_the_same_seed_gives_the_same_pictures(loop: Personalizer, token: str) -> None:
    one, two = (personal_pictures(loop, token, "a boat", seed=5) for _ in range(2))
    assert one == two
    assert personal_pictures(loop, token, "a boat", seed=6) != one


@pytest.mark.parametrize(
    ("waited_s", "draws"), [(0.2, 8), (1.2, 8), (2.0, 5), (30.0, FEWEST), (10_000.0, FEWEST)]
)
def test_as_many_are_drawn_as_fit_into_the_time(loop: Personalizer, waited_s: float, draws: int) -> None:
    timed = with_settings(loop, best_of_s=10.0)
    assert draws_for_a_picture(timed, waited_s) == draws
    again = with_settings(loop, best_of_s=10.0)  # as after a restart
    assert [draws_for_a_picture(again, other) for other in (0.0, 0.1, 100.0)] == [draws] * 3


def test_the_settings_bound_the_number(loop: Personalizer) -> None:
    assert draws_for_a_picture(with_settings(loop, best_of=2, best_of_s=10.0), 100.0) == 2
    assert draws_for_a_picture(with_settings(loop, best_of=20, best_of_s=0.0), 100.0) == 20


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"picture_s": "x"}', '{"picture_s": -1}'])
def test_a_damaged_measurement_is_measured_again(loop: Personalizer, content: str) -> None:
    timed = with_settings(loop, best_of_s=10.0)
    file = timed.settings.cache / f"drawing-{timed.renderer.name}.json"
    file.write_text(content)
    assert draws_for_a_picture(timed, 2.0) == 5
    assert json.loads(file.read_text()) == {"picture_s": 2.0}


def test_pictures_that_were_there_measure_nothing(loop: Personalizer) -> None:
    timed = with_settings(loop, best_of_s=10.0)
    assert draws_for_a_picture(timed, 0.0) == 8
    assert not list(timed.settings.cache.glob("drawing-*"))


def test_prompts_are_shared_out_before_further_seeds() -> None:
    paths = [(1, 0), (2, 0), (3, 0), (1, 0), (4, 0)]
    assert _candidates(paths, 0, 2, 3) == [((1, 0), 0), ((3, 0), 0), ((1, 0), 2)]
    assert _candidates(paths, 1, 2, 3) == [((2, 0), 1), ((4, 0), 1), ((2, 0), 3)]
    assert _candidates([(7, 0)], 3, 4, 2) == [((7, 0), 3), ((7, 0), 7)]
