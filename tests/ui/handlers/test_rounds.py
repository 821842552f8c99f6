"""Answers when pages disagree, when the store fails, and when a session asks for too much."""

import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.ui.background import BackgroundRenders
from personalize.ui.browser_state import BrowserState
from personalize.ui.screens import html
from tests.fakes import FakeEmbedder, FakeRenderer
from tests.ui.handlers.visitor import (
    EN,
    SETTINGS,
    App,
    FragileStore,
    event,
    handlers_of,
    limited,
    page_after,
    request,
    seen,
    shows,
)


def test_an_answer_about_other_pictures_of_the_same_round_is_not_counted(app: App) -> None:
    old = app.answered(0)
    here = BrowserState(app.token, "rounds").kept()
    assert shows(page_after(seen(app.handlers.session.open(here, request()))), old)
    app.personalizer.undo(app.token)  # on the other device
    new = app.answered(3)
    assert new.number == old.number and new.pictures != old.pictures
    for index in (1, -1):
        asked = event(index=index, round=old.number, shown=old.fingerprint)
        page = page_after(seen(app.handlers.rounds.pick(here, asked, request())))
        assert "not counted" in page["notice"]
        assert shows(page, new)
        assert len(app.personalizer.session(app.token).answered) == 1
    asked = event(index=1, round=new.number, shown=new.fingerprint)
    page = page_after(seen(app.handlers.rounds.pick(here, asked, request())))
    assert page["notice"] == html.notice(EN)
    assert len(app.personalizer.session(app.token).answered) == 2


def test_marks_are_kept_with_the_pick_and_not_with_none_of_these(app: App) -> None:
    here = BrowserState(app.token, "rounds").kept()
    for number, (index, liked, disliked, kept) in enumerate(
        [(1, [0], [3], (1, (0,), (3,))), (0, [0], [], (0, (), ())), (-1, [1], [2], (None, (), ()))], 1
    ):
        round_ = app.drawn()
        asked = event(index=index, liked=liked, disliked=disliked, round=number, shown=round_.fingerprint)
        assert page_after(seen(app.handlers.rounds.pick(here, asked, request())))["notice"] == html.notice(EN)
        answer = app.personalizer.session(app.token).answered[-1].answer
        assert answer is not None and (answer.best, answer.liked, answer.disliked) == kept


@pytest.mark.parametrize(
    ("disliked", "sentence"),
    [
        ([1], "the favourite disliked"),
        ([9], "no picture 10"),
        ("2", "Something is missing"),
        ([True], "missing"),
    ],
)
def test_marks_that_cannot_be_are_refused_with_a_sentence(app: App, disliked: object, sentence: str) -> None:
    round_ = app.drawn()
    here = BrowserState(app.token, "rounds").kept()
    asked = event(index=1, disliked=disliked, round=1, shown=round_.fingerprint)
    page = page_after(seen(app.handlers.rounds.pick(here, asked, request())))
    assert sentence in page["notice"] and not app.personalizer.session(app.token).answered


@pytest.mark.parametrize("said", [{}, {"shown": ""}, {"shown": 7}])
def test_an_answer_that_does_not_say_what_it_saw_is_not_counted(app: App, said: dict[str, Any]) -> None:
    round_ = app.drawn()
    here = BrowserState(app.token, "rounds").kept()
    page = page_after(seen(app.handlers.rounds.pick(here, event(index=1, round=1, **said), request())))
    assert "not counted" in page["notice"] and shows(page, round_)
    assert not app.personalizer.session(app.token).answered


def test_an_answer_to_a_round_that_was_withdrawn_shows_the_present_one(app: App) -> None:
    old = app.answered(0)
    app.personalizer.undo(app.token)
    asked = event(index=1, round=old.number, shown=old.fingerprint)
    page = page_after(
        seen(app.handlers.rounds.pick(BrowserState(app.token, "rounds").kept(), asked, request()))
    )
    assert "no round 2" in page["notice"] and shows(page, app.drawn())
    assert 'data-act="resume"' not in page["picker"]


@pytest.mark.parametrize("best", [None, 3], ids=["undone", "undone and answered otherwise"])
def test_a_page_whose_round_is_withdrawn_while_it_is_drawn_shows_the_present_one(
    app: App, best: int | None
) -> None:
    first = app.drawn()
    app.personalizer.answer(app.token, 1, best=0, shown=first.fingerprint)
    app.renderer.gate.clear()
    app.renderer.waiting.clear()

    def other_device() -> None:
        assert app.renderer.waiting.wait(30)
        app.personalizer.undo(app.token)
        if best is not None:
            app.personalizer.answer(app.token, 1, best=best, shown=first.fingerprint)
            app.personalizer.propose(app.token)
        app.renderer.gate.set()

    other = threading.Thread(target=other_device)
    other.start()
    page = page_after(seen(app.handlers.session.open(BrowserState(app.token, "rounds").kept(), request())))
    other.join()
    assert shows(page, app.drawn())
    assert page["notice"] == html.notice(EN)


@pytest.mark.parametrize("screen", ["rounds", "taste"])
def test_a_store_that_cannot_be_read_is_said_and_can_be_tried_again(app: App, screen: Any) -> None:
    round_ = app.drawn()
    here = BrowserState(app.token, screen).kept()
    app.store.locked = True
    for updates in (
        seen(app.handlers.session.open(here, request())),
        seen(app.handlers.rounds.pick(here, event(index=1, round=1, shown=round_.fingerprint), request())),
        seen(app.handlers.rounds.resume(here, request())),
    ):
        page = page_after(updates)
        for notice in (updates[0]["notice"], page["notice"]):
            assert "Please try again" in notice and "database locked" not in notice
        assert 'data-act="resume"' in page["picker"] and 'data-screen="opening"' not in page["masthead"]
        assert "browser" not in page
    app.store.locked = False
    page = page_after(seen(app.handlers.rounds.resume(here, request())))
    assert page["notice"] == html.notice(EN) and shows(page, round_)


def test_a_round_says_what_it_asks_about(app: App) -> None:
    page = page_after(seen(app.handlers.session.open(BrowserState(app.token, "rounds").kept(), request())))
    why = app.personalizer.why(app.token)
    assert why is not None and why.tokens
    for token in why.tokens:
        assert f"<b>{token}</b>" in page["picker"]
    assert f"settle about {round(100 * why.settled)}\N{NO-BREAK SPACE}%" in page["picker"]


def test_a_session_that_asks_for_too_much_at_once_is_told_to_wait_and_loses_nothing(app: App) -> None:
    handlers, place = (
        limited(app, replace(SETTINGS, draws_a_minute=2)),
        BrowserState(app.token, "rounds").kept(),
    )
    for _ in range(2):
        round_ = app.drawn()
        said = event(round=round_.number, index=0, shown=round_.fingerprint)
        seen(handlers.rounds.pick(place, said, request()))
    round_ = app.drawn()
    said = event(round=round_.number, index=0, shown=round_.fingerprint)
    page = page_after(seen(handlers.rounds.pick(place, said, request())))
    assert (
        re.search(r"please wait \d+ s", page["notice"]) and f'data-round="{round_.number}"' in page["picker"]
    )
    assert len(app.personalizer.session(app.token).answered) == 2
    page = page_after(seen(handlers.pictures.make(place, "a boat", 1.0, "3", request())))
    assert "please wait" in page["notice"]


LARGEST_REPLY = 24_000
"""Bytes of the HTML that a pick may send in the early rounds, before many earlier pictures are listed."""


def test_a_pick_whose_next_round_is_drawn_sends_one_small_update(preparation: Preparation) -> None:
    settings = replace(SETTINGS, lookahead_rounds=1)
    loop = Personalizer(preparation, FragileStore(), FakeRenderer(), FakeEmbedder(), settings)
    handlers = handlers_of(loop, settings, BackgroundRenders())
    token = loop.start("a fox", seed=5).token
    here = BrowserState(token, "rounds").kept()
    for number in range(1, 5):
        round_ = loop.render(token, loop.propose(token).number)
        assert loop.render_ahead(token)
        asked = event(index=1, round=number, shown=round_.fingerprint)
        (update,) = seen(handlers.rounds.pick(here, asked, request()))
        current = loop.session(token).current
        assert current is not None and current.number == number + 1 and shows(update, current)
        assert "taste" not in update  # it is sent when its screen is opened
        assert sum(len(str(value).encode()) for value in update.values()) < LARGEST_REPLY
