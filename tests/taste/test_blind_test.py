"""The blind test: fair trials, each answer counted once, and a summary that follows the interval."""

from collections import Counter

import pytest
from scipy.stats import binomtest

from personalize.errors import RenderError, SessionError, StaleAnswerError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Trial
from personalize.settings import Settings
from personalize.taste.blind_test import TRIALS, answer_trial, blind_test, count_trials, next_trial
from personalize.ui.text.catalogue import catalogue
from personalize.ui.text.sentences import blind_test_result
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), candidates=200)


@pytest.fixture(scope="module")
def preparation(settings: Settings) -> Preparation:
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def loop(preparation: Preparation, settings: Settings) -> Personalizer:
    return Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)


def picked(loop: Personalizer, seed: int = 3, word: str = "pixel art", rounds: int = 10) -> str:
    token = loop.start("a fox", seed=seed).token
    for number in range(1, rounds + 1):
        prompts = loop.propose(token).prompts
        loop.render(token, number)
        loop.answer(token, number, best=max(range(4), key=lambda k: word in prompts[k]))
    return token


def trial(number: int, chosen: str | None) -> Trial:
    assert chosen in (None, "plain", "personal")
    return Trial(number, "a fox", "a fox", "a fox, ink", "a", "b", True, chosen)  # type: ignore[arg-type]


def test_pictures_of_one_seed_and_another_subject_each_time(loop: Personalizer) -> None:
    token = picked(loop)
    subjects = []
    for number in range(1, TRIALS + 1):
        made = next_trial(loop, token)
        assert next_trial(loop, token) == made  # the same trial until its answer
        seeds = {loop.store.record_of(picture).seed for picture in made.pictures}
        assert len(seeds) == 1 and made.number == number
        assert loop.store.record_of(made.personal).prompt == made.prompt != made.plain_prompt == made.subject
        assert made.prompt.startswith(made.subject + ", ") and made.subject != "a fox"
        assert loop.picture(token, made.plain) and loop.picture(token, made.personal)
        answer_trial(loop, token, number, first=made.personal_first)
        subjects.append(made.subject)
    assert len(set(subjects)) == min(TRIALS, len(loop.preparation.vocabulary.subjects) - 1)
    test = blind_test(loop, token)
    assert test.done and (test.answered, test.wins) == (TRIALS, TRIALS) and test.open is None


def test_which_stands_first_is_drawn_by_lot(loop: Personalizer) -> None:
    firsts = Counter[bool]()
    token = picked(loop)
    for number in range(1, 61):
        firsts[next_trial(loop, token).personal_first] += 1
        answer_trial(loop, token, number, first=True)
    assert binomtest(firsts[True], 60).pvalue > 1e-3
    wins = blind_test(loop, token).wins
    assert wins == firsts[True]  # a person who always picks the first picture wins at random


def test_an_answer_counts_once(loop: Personalizer) -> None:
    token = picked(loop)
    made = next_trial(loop, token)
    answer_trial(loop, token, 1, first=not made.personal_first)
    for number in (1, 2, 99):
        with pytest.raises(StaleAnswerError):
            answer_trial(loop, token, number, first=True)
    assert (blind_test(loop, token).answered, blind_test(loop, token).wins) == (1, 0)


def test_a_taste_that_changes_nothing_is_not_tested(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    with pytest.raises(SessionError, match="Pick a few more"):
        next_trial(loop, token)
    assert loop.store.trials(token) == []


def test_a_failure_counts_nothing_and_can_be_tried_again(
    loop: Personalizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = picked(loop)
    with monkeypatch.context() as broken:
        broken.setattr(FakeRenderer, "render", lambda *_: (_ for _ in ()).throw(RenderError("It broke.")))
        with pytest.raises(RenderError):
            next_trial(loop, token)
    assert next_trial(loop, token).number == 1


@pytest.mark.parametrize(
    ("wins", "of", "said"),
    [(5, 5, "better than chance"), (3, 5, "can be chance"), (0, 5, "worse than chance"), (0, 0, "No trial")],
)
def test_the_words_follow_the_interval(wins: int, of: int, said: str) -> None:
    trials = [trial(n, "personal" if n <= wins else "plain") for n in range(1, of + 1)]
    test = count_trials(trials)
    assert said in blind_test_result(catalogue("en"), test)
    assert 0.0 <= test.low <= (wins / of if of else 0.5) <= test.high <= 1.0
    if of:
        # Wilson's interval, by hand
        z, p = 1.959964, wins / of
        middle, half = p + z * z / (2 * of), z * (p * (1 - p) / of + z * z / (4 * of * of)) ** 0.5
        assert test.low == pytest.approx((middle - half) / (1 + z * z / of), abs=1e-6)
        assert test.high == pytest.approx((middle + half) / (1 + z * z / of), abs=1e-6)


def test_an_open_trial_keeps_the_test_open() -> None:
    trials = [trial(n, "personal") for n in range(1, TRIALS + 1)]
    assert count_trials(trials).done
    assert not count_trials([*trials, trial(TRIALS + 1, None)]).done
    assert not count_trials(trials[:-1]).done
