"""The explanation of a round: its tokens, and the expected reduction of the posterior variance."""

import pytest
import torch

from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.explanation import NAMED, explain
from personalize.session.record import Round
from personalize.settings import Settings
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def asked(paths: list[tuple[int, ...]]) -> Round:
    prompts = tuple(str(path) for path in paths)
    return Round(1, "a fox", tuple(paths), prompts, (1,) * len(paths), (), "adaptive")


def nothing_known(preparation: Preparation) -> TasteEstimate:
    return estimate_taste(Comparisons.empty(4, preparation.mdp.dimension), preparation.prior)


def test_the_words_are_those_that_the_options_differ_in(preparation: Preparation) -> None:
    H = preparation.mdp.horizon
    firsts = [torch.nonzero(row)[:, 0].tolist() for row in preparation.mdp.allowed]
    common, tested = firsts[0][1], firsts[1][1]
    with_it = (common, tested, *[BLANK] * (H - 2))
    without = (common, BLANK, *[BLANK] * (H - 2))
    why = explain(preparation, nothing_known(preparation), asked([with_it, without]))
    assert why.tokens == (preparation.vocabulary.tokens[tested],)
    assert 0.0 < why.settled < 1.0


def test_options_that_differ_more_settle_more_and_none_nothing(preparation: Preparation) -> None:
    paths = preparation.mdp.random_paths(4, torch.Generator().manual_seed(0))
    same = asked([tuple(paths[0].tolist())] * 4)
    other = asked([tuple(row) for row in paths.tolist()])
    nothing = nothing_known(preparation)
    assert explain(preparation, nothing, same).settled == pytest.approx(0.0, abs=1e-9)
    assert explain(preparation, nothing, same).tokens == ()
    why = explain(preparation, nothing, other)
    assert why.settled > 0.01 and len(why.tokens) == NAMED


def test_what_is_known_already_settles_less(preparation: Preparation) -> None:
    mdp, generator = preparation.mdp, torch.Generator().manual_seed(1)
    comparisons = Comparisons.empty(4, mdp.dimension)
    question = mdp.random_paths(4, generator)
    features = mdp.path_features(question)
    for best in (0, 1, 2, 3) * 5:
        comparisons = comparisons.append(features, best=best)
    round_ = asked([tuple(row) for row in question.tolist()])
    first = explain(preparation, nothing_known(preparation), round_).settled
    assert explain(preparation, estimate_taste(comparisons, preparation.prior), round_).settled < 0.5 * first
