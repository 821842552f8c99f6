"""The page, the files and the programs' door of a session with a damaged answer, over an SQLite file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from personalize.errors import SessionError
from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.repeats import steadiness_of
from personalize.session.database_store import DatabaseStore
from personalize.session.record import Round
from personalize.taste.recommend import favourites
from personalize.taste.summary import summarise
from personalize.taste.transfer import adopt, check_file, taste_file
from personalize.ui.api import Api
from personalize.ui.background import BackgroundRenders
from personalize.ui.browser_state import BrowserState
from personalize.ui.rate_limit import Limit
from personalize.ui.screens import html
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import LANGUAGES, catalogue
from tests.fakes import FakeEmbedder, FakeRenderer
from tests.session.damage import NOT_ANSWERS, damage
from tests.ui.handlers.visitor import SETTINGS, event, handlers_of, page_after, request, seen, shows

KINDS = ("half a picture", "beyond the last", "no JSON", "a number instead of a list", "a time that is none")
SENTENCE = "I cannot read your answer to round 2"


@dataclass
class Home:
    """A loop over an SQLite file, with a session of three answers."""

    loop: Personalizer
    file: Path
    token: str

    def drawn(self) -> Round:
        return self.loop.render(self.token, self.loop.propose(self.token).number)

    def damage(self, *numbers: int, kind: str = "half a picture") -> None:
        for number in numbers:
            damage(self.file, number, NOT_ANSWERS[kind])


@pytest.fixture
def home(preparation: Preparation, tmp_path: Path) -> Iterator[Home]:
    file = tmp_path / "palate.sqlite3"
    store = DatabaseStore(f"sqlite:///{file}", tmp_path / "pictures")
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), SETTINGS)
    home = Home(loop, file, loop.start("a fox", seed=5).token)
    for best in (0, 1, 3):
        loop.answer(home.token, home.drawn().number, best=best)
    yield home
    store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_opens_says_which_round_is_left_out_and_takes_its_answer(home: Home, kind: str) -> None:
    home.damage(2, kind=kind)
    renders = BackgroundRenders()
    handlers = handlers_of(home.loop, SETTINGS, renders)
    here = BrowserState(home.token, "rounds").kept()
    page = page_after(seen(handlers.session.open(here, request())))
    open_round = home.loop.session(home.token).current
    assert open_round is not None and open_round.number == 4 and shows(page, open_round)
    assert SENTENCE in page["picker"] and page["picker"].count("Round 2: left out") == 1
    old = home.loop.session(home.token).round(2)
    asked = event(round=2, index=2, shown=old.fingerprint)
    mended = page_after(seen(handlers.rounds.change_answer(here, asked, request())))
    assert mended["notice"] == html.notice(catalogue("en"))
    assert SENTENCE not in mended["picker"] and "left out" not in mended["picker"]
    assert not home.loop.session(home.token).left_out
    renders.close()


def test_the_taste_is_that_of_the_other_answers(home: Home) -> None:
    other = home.loop.start("a fox", seed=5).token
    home.damage(3)
    for best in (0, 1):
        round_ = home.loop.render(other, home.loop.propose(other).number)
        home.loop.answer(other, round_.number, best=best)
    torch.testing.assert_close(home.loop.estimate(home.token).theta, home.loop.estimate(other).theta)
    assert summarise(home.loop, home.token).answered == 2
    assert favourites(home.loop, home.token, 9) == favourites(home.loop, other, 9)
    assert steadiness_of(home.loop.session(home.token)).repeated == 0


def test_damage_and_none_of_these_are_two_things(home: Home) -> None:
    home.loop.change_answer(home.token, 2, none=True)
    with_none = home.loop.estimate(home.token).theta
    home.damage(2, kind="beyond the last")
    assert not torch.equal(home.loop.estimate(home.token).theta, with_none)


@pytest.mark.parametrize("numbers", [(1,), (2, 3), (1, 2, 3)])
def test_the_session_goes_on_whichever_answers_are_damaged(home: Home, numbers: tuple[int, ...]) -> None:
    home.damage(*numbers)
    assert home.drawn().number == 4
    after = home.loop.answer(home.token, 4, best=0)
    assert (after.left_out, len(after.counted)) == (numbers, 4 - len(numbers))
    assert torch.isfinite(home.loop.estimate(home.token).theta).all()
    home.loop.undo(home.token)
    assert home.loop.session(home.token).left_out == numbers


def test_a_taste_file_has_the_other_rounds_and_opens_elsewhere(home: Home) -> None:
    home.damage(2)
    content = taste_file(home.loop, home.token, "A sentence.").text().encode()
    adopted = adopt(home.loop, check_file(home.loop, content))
    assert [one.answer.best for one in adopted.counted if one.answer] == [0, 3]


def test_without_one_readable_answer_there_is_no_taste_file(home: Home) -> None:
    home.damage(1, 2, 3)
    with pytest.raises(SessionError, match="Expected a session with answers"):
        taste_file(home.loop, home.token, "A sentence.")
    assert summarise(home.loop, home.token).answered == 0


def test_a_program_sees_the_number_of_answers_that_count(home: Home) -> None:
    home.damage(2)
    api = Api(home.loop, Limit(0, 1.0, "drawings"), Limit(0, 1.0, "sessions"))
    assert api.taste(home.token)["answered"] == 2
    api.undo(home.token)
    assert api.taste(home.token)["answered"] == 1 and home.loop.session(home.token).left_out == (2,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_names_all_rounds_in_every_language(home: Home, language: str) -> None:
    words = catalogue(language)
    assert sentences.left_out(words, home.loop.session(home.token)) == ""
    home.damage(1)
    one = sentences.left_out(words, home.loop.session(home.token))
    home.damage(3)
    two = sentences.left_out(words, home.loop.session(home.token))
    assert "1" in one and words.listed(["1", "3"]) in two and one != two
