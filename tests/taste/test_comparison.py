"""Two tastes in one feature space: computed from opinions, compared with uncertainty, and mixed."""

from dataclasses import replace

import pytest
import torch

from personalize.errors import SessionError
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.comparison import blended, compare, compare_tastes, mix, recovered
from personalize.taste.summary import Opinion, opinions_of
from personalize.taste.transfer import check_file, taste_file
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def a_taste(preparation: Preparation, seed: int, doubt: float = 1e-3) -> TasteEstimate:
    d = preparation.mdp.features.shape[1]
    theta = torch.randn(d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    theta = theta.to(preparation.mdp.features)
    return TasteEstimate(theta, doubt * torch.eye(d).to(theta), 1.0, 2.0, 0.0, True, 10, 0.05)


def test_a_taste_is_read_back_from_its_opinions(preparation: Preparation) -> None:
    theirs = a_taste(preparation, 1, 0.04)
    read = recovered(preparation, opinions_of(preparation, theirs), a_taste(preparation, 2))
    effects = preparation.mdp.features[1:] - preparation.mdp.features[0]
    assert torch.allclose(read.estimate.utility(effects), theirs.utility(effects), atol=1e-4)
    assert read.fit > 0.9999
    mean = read.estimate.standard_error(effects).square().mean()
    assert torch.isclose(mean, theirs.standard_error(effects).square().mean(), rtol=1e-4)


def test_opinions_that_contradict_each_other_fit_badly(preparation: Preparation) -> None:
    opinions = opinions_of(preparation, a_taste(preparation, 1))
    opposite = [replace(opinion, utility=-opinion.utility) for opinion in opinions]
    assert recovered(preparation, [*opinions, *opposite], a_taste(preparation, 2)).fit < 0.01


def test_unknown_words_say_nothing(preparation: Preparation) -> None:
    read = recovered(preparation, [Opinion("no such word", "x", 3.0, 0.1)], a_taste(preparation, 2))
    assert read.fit == 0.0 and float(read.estimate.theta.abs().sum()) == 0.0


def test_likeness_is_one_for_the_same_taste_and_less_than_zero_for_its_opposite(
    preparation: Preparation,
) -> None:
    mine = a_taste(preparation, 1)
    same = compare_tastes(preparation, mine, mine)
    assert 0.95 < same.low <= same.likeness <= same.high <= 1.0 and not same.part
    opposite = compare_tastes(preparation, mine, replace(mine, theta=-mine.theta))
    assert opposite.high < -0.9 and not opposite.both_like and opposite.part
    assert all(one.liked == other.disliked for one, other in opposite.part)


def test_less_knowledge_makes_a_wider_interval(preparation: Preparation) -> None:
    sure = compare_tastes(preparation, a_taste(preparation, 1), a_taste(preparation, 1))
    vague = compare_tastes(preparation, a_taste(preparation, 1, 1.0), a_taste(preparation, 1, 1.0))
    assert vague.high - vague.low > sure.high - sure.low


def test_a_blend_runs_from_mine_to_theirs(preparation: Preparation) -> None:
    mine, theirs = a_taste(preparation, 1), a_taste(preparation, 2)
    assert torch.equal(blended(mine, theirs, 0.0).theta, mine.theta)
    assert torch.equal(blended(mine, theirs, 1.0).theta, theirs.theta)
    half = blended(mine, theirs, 0.5)
    assert torch.allclose(half.theta, (mine.theta + theirs.theta) / 2)
    assert torch.allclose(half.covariance, (mine.covariance + theirs.covariance) / 4)


def test_three_tastes_are_drawn_from_one_seed(preparation: Preparation) -> None:
    settings = Settings(candidates=200, pool=64, lookahead_rounds=0)
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    tokens = [loop.start("a fox", seed=seed).token for seed in (1, 2)]
    for token, key in zip(tokens, (0, 3), strict=True):
        for _ in range(5):
            number = loop.propose(token).number
            loop.render(token, number)
            loop.answer(token, number, best=key)
    file = check_file(loop, taste_file(loop, tokens[1], "A sentence.").text().encode())
    found, read = compare(loop, tokens[0], file)
    assert -1.0 <= found.low <= found.likeness <= found.high <= 1.0 and read.fit > 0.99
    mixed = mix(loop, tokens[0], file, "an owl", 0.5, seed=7)
    assert [row.seed for row in mixed] == [7, 8]
    assert all(prompt.startswith("an owl") for row in mixed for prompt in row.prompts)
    assert all(loop.store.owns(tokens[0], picture) for row in mixed for picture in row.pictures)
    with pytest.raises(SessionError, match="found none"):
        compare(loop, loop.start("a boat").token, file)
