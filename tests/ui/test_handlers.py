"""What the page is told when pages disagree, when the store fails, and when a link opens nothing."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace
from typing import Any

import pytest

from personalize.errors import StoreError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Round, Session
from personalize.settings import Settings
from personalize.taste.transfer import taste_file
from personalize.ui.background import Drawing
from personalize.ui.browser_state import Place
from personalize.ui.handlers import Handlers
from personalize.ui.screens import html as views
from personalize.ui.screens.stage import Parts, Stage, Updates
from personalize.ui.text.catalogue import words_of
from tests.fakes import FakeEmbedder, FakeRenderer, Job, fake_vocabulary
from tests.ui.screens.test_card import png

EN = words_of("en")
PARTS = Parts(**{part.name: part.name for part in fields(Parts)})
SETTINGS = Settings(candidates=200, pool=64, lookahead_rounds=0)


class FragileStore(MemoryStore):
    """Cannot be read while it is locked."""

    locked = False

    def load(self, token: str) -> Session:
        if self.locked:
            raise StoreError("Expected to read the session, found the database locked. Try again.")
        return super().load(token)


@dataclass
class GatedRenderer(FakeRenderer):
    """Draws when the gate is open, and tells when it waits there."""

    gate: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        self.waiting.set()
        assert self.gate.wait(30)
        return super().render(jobs, on_step)


@dataclass
class App:
    """Handlers of a page, and what is behind them."""

    personalizer: Personalizer
    store: FragileStore
    renderer: GatedRenderer
    handlers: Handlers

    def answered(self, best: int) -> Round:
        """Answer the open round as another device would; the next round, drawn."""
        round_ = self.drawn()
        self.personalizer.answer(self.token, round_.number, best=best, shown=round_.fingerprint)
        return self.drawn()

    def drawn(self) -> Round:
        return self.personalizer.render(self.token, self.personalizer.propose(self.token).number)

    token: str = ""


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64)
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def app(preparation: Preparation) -> Iterator[App]:
    store, renderer, drawing = FragileStore(), GatedRenderer(), Drawing()
    renderer.gate.set()
    personalizer = Personalizer(preparation, store, renderer, FakeEmbedder(), SETTINGS)
    handlers = Handlers(personalizer, SETTINGS, Stage(personalizer, SETTINGS, drawing, PARTS))
    yield App(personalizer, store, renderer, handlers, personalizer.start("a fox", seed=5).token)
    renderer.gate.set()
    drawing.close()


def request(link: str = "", page: str = "a page") -> Any:
    return SimpleNamespace(query_params={"s": link} if link else {}, session_hash=page)


def event(**said: object) -> Any:
    return SimpleNamespace(_data=said)


def seen(updates: AsyncIterator[Updates]) -> list[Updates]:
    async def all_of_them() -> list[Updates]:
        return [update async for update in updates]

    return asyncio.run(all_of_them())


def page_after(updates: list[Updates]) -> dict[str, Any]:
    """What stands on the page after these updates."""
    return {part: value for update in updates for part, value in update.items()}


def shows(page: dict[str, Any], round_: Round) -> bool:
    found = re.findall(r'src="picture/[^/]+/([0-9a-f]+)\.png" alt="" draggable', page["picker"])
    return tuple(found) == round_.pictures and f'data-shown="{round_.fingerprint}"' in page["picker"]


def test_an_answer_about_other_pictures_of_the_same_round_is_not_counted(app: App) -> None:
    old = app.answered(0)
    here = Place(app.token, "rounds").kept()
    assert shows(page_after(seen(app.handlers.open(here, request()))), old)
    app.personalizer.undo(app.token)  # on the other device
    new = app.answered(3)
    assert new.number == old.number and new.pictures != old.pictures
    for index in (1, -1):
        asked = event(index=index, round=old.number, shown=old.fingerprint)
        page = page_after(seen(app.handlers.pick(here, asked, request())))
        assert "not counted" in page["notice"]
        assert shows(page, new)
        assert len(app.personalizer.session(app.token).answered) == 1
    asked = event(index=1, round=new.number, shown=new.fingerprint)
    page = page_after(seen(app.handlers.pick(here, asked, request())))
    assert page["notice"] == views.notice(EN)
    assert len(app.personalizer.session(app.token).answered) == 2


def test_the_least_liked_is_kept_with_the_pick_and_not_with_none_of_these(app: App) -> None:
    here = Place(app.token, "rounds").kept()
    for number, (index, least, kept) in enumerate(
        [(1, 3, (1, 3)), (0, -1, (0, None)), (-1, 2, (None, None))], 1
    ):
        round_ = app.drawn()
        asked = event(index=index, least=least, round=number, shown=round_.fingerprint)
        assert page_after(seen(app.handlers.pick(here, asked, request())))["notice"] == views.notice(EN)
        answer = app.personalizer.session(app.token).answered[-1].answer
        assert answer is not None and (answer.best, answer.worst) == kept


@pytest.mark.parametrize("least", [1, 9, "2"])
def test_a_least_liked_that_cannot_be_is_refused_with_a_sentence(app: App, least: object) -> None:
    round_ = app.drawn()
    here = Place(app.token, "rounds").kept()
    asked = event(index=1, least=least, round=1, shown=round_.fingerprint)
    page = page_after(seen(app.handlers.pick(here, asked, request())))
    assert "Expected" in page["notice"] and not app.personalizer.session(app.token).answered


@pytest.mark.parametrize("said", [{}, {"shown": ""}, {"shown": 7}])
def test_an_answer_that_does_not_say_what_it_saw_is_not_counted(app: App, said: dict[str, Any]) -> None:
    round_ = app.drawn()
    here = Place(app.token, "rounds").kept()
    page = page_after(seen(app.handlers.pick(here, event(index=1, round=1, **said), request())))
    assert "not counted" in page["notice"] and shows(page, round_)
    assert not app.personalizer.session(app.token).answered


def test_an_answer_to_a_round_that_was_withdrawn_shows_the_present_one(app: App) -> None:
    old = app.answered(0)
    app.personalizer.undo(app.token)
    asked = event(index=1, round=old.number, shown=old.fingerprint)
    page = page_after(seen(app.handlers.pick(Place(app.token, "rounds").kept(), asked, request())))
    assert "Expected" in page["notice"] and shows(page, app.drawn())
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
    page = page_after(seen(app.handlers.open(Place(app.token, "rounds").kept(), request())))
    other.join()
    assert shows(page, app.drawn())
    assert page["notice"] == views.notice(EN)


@pytest.mark.parametrize("screen", ["rounds", "taste"])
def test_a_store_that_cannot_be_read_is_said_and_can_be_tried_again(app: App, screen: Any) -> None:
    round_ = app.drawn()
    here = Place(app.token, screen).kept()
    app.store.locked = True
    for updates in (
        seen(app.handlers.open(here, request())),
        seen(app.handlers.pick(here, event(index=1, round=1, shown=round_.fingerprint), request())),
        seen(app.handlers.resume(here, request())),
    ):
        assert "database locked" in updates[0]["notice"]
        page = page_after(updates)
        assert "database locked" in page["notice"]
        assert 'data-act="resume"' in page["picker"] and 'data-screen="opening"' not in page["masthead"]
        assert "browser" not in page
    app.store.locked = False
    page = page_after(seen(app.handlers.resume(here, request())))
    assert page["notice"] == views.notice(EN) and shows(page, round_)


def test_a_link_that_opens_nothing_leaves_the_visitor_where_they_were(app: App) -> None:
    round_ = app.drawn()
    page = page_after(seen(app.handlers.open(Place(app.token, "rounds").kept(), request("mistyped"))))
    assert "Start a new session" in page["notice"]
    assert page["browser"]["token"] == app.token
    assert shows(page, round_)


def test_a_link_that_opens_nothing_and_no_session_of_ones_own_is_the_start(app: App) -> None:
    page = page_after(seen(app.handlers.open(Place().kept(), request("mistyped"))))
    assert "Start a new session" in page["notice"]
    assert 'data-screen="start"' in page["masthead"]


def test_a_link_opens_its_session(app: App) -> None:
    own = app.personalizer.start("a boat").token
    page = page_after(seen(app.handlers.open(Place(own, "taste").kept(), request(app.token))))
    assert page["browser"]["token"] == app.token and shows(page, app.drawn())


def test_a_taste_file_is_shown_first_and_then_gone_on_from(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()
    page = page_after(seen(app.handlers.offer(None, content, request())))
    assert page["notice"] == views.notice(EN) and page["brought"] == content
    assert "A taste of 1 pick" in page["arrival"] and 'data-act="adopt"' in page["arrival"]
    page = page_after(seen(app.handlers.adopt(None, content, request())))
    place = Place.read(page["browser"])
    assert place.screen == "taste" and place.token not in ("", app.token)
    assert (page["arrival"], page["brought"]) == (views.arrival_none(EN), None)
    first, second = (app.personalizer.session(token).answered for token in (app.token, place.token))
    assert [r.pictures for r in first] == [r.pictures for r in second]
    gone = {"arrival": views.arrival_none(EN), "brought": None}
    assert seen(app.handlers.dismiss(None, request())) == [gone]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"<script>alert(1)</script>"])
def test_another_file_is_refused_in_a_sentence(app: App, content: bytes | None) -> None:
    page = page_after(seen(app.handlers.offer(None, content, request())))
    assert "Expected a taste file" in page["notice"] and page["brought"] is None
    assert "script" not in page["notice"] and page["arrival"] == views.arrival_none(EN)
    page = page_after(seen(app.handlers.adopt(None, content, request())))
    assert "Expected a taste file" in page["notice"]


def test_two_visitors_with_one_file_get_a_session_each(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()

    async def both() -> tuple[str, str]:
        async def one(page: str) -> str:
            updates = [update async for update in app.handlers.adopt(None, content, request(page=page))]
            return Place.read(page_after(updates)["browser"]).token

        return await asyncio.gather(one("a page"), one("another"))

    tokens = asyncio.run(both())
    assert len({*tokens, app.token, ""}) == 4


def test_a_round_says_what_it_asks_about(app: App) -> None:
    page = page_after(seen(app.handlers.open(Place(app.token, "rounds").kept(), request())))
    why = app.personalizer.why(app.token)
    assert why is not None and why.tokens
    for token in why.tokens:
        assert f"<b>{token}</b>" in page["picker"]
    assert f"settle about {round(100 * why.settled)}\N{NO-BREAK SPACE}%" in page["picker"]


def limited(app: App, settings: Settings) -> Handlers:
    return Handlers(app.personalizer, settings, Stage(app.personalizer, settings, Drawing(), PARTS))


def test_a_session_that_asks_for_too_much_at_once_is_told_to_wait_and_loses_nothing(app: App) -> None:
    handlers, place = limited(app, replace(SETTINGS, draws_a_minute=2)), Place(app.token, "rounds").kept()
    for _ in range(2):
        round_ = app.drawn()
        said = event(round=round_.number, index=0, shown=round_.fingerprint)
        seen(handlers.pick(place, said, request()))
    round_ = app.drawn()
    said = event(round=round_.number, index=0, shown=round_.fingerprint)
    page = page_after(seen(handlers.pick(place, said, request())))
    assert (
        re.search(r"please wait \d+ s", page["notice"]) and f'data-round="{round_.number}"' in page["picker"]
    )
    assert len(app.personalizer.session(app.token).answered) == 2
    page = page_after(seen(handlers.make(place, "a boat", 1.0, "3", request())))
    assert "please wait" in page["notice"]


def test_sessions_of_one_address_are_limited_and_of_others_not(app: App) -> None:
    handlers = limited(app, replace(SETTINGS, sessions_an_hour=1))

    def begun(host: str) -> str:
        asked = request()
        asked.client = SimpleNamespace(host=host)
        return str(page_after(seen(handlers.begin(None, "a fox", False, asked)))["notice"])

    assert "wait" not in begun("10.0.0.1")
    assert "Expected at most 1 new sessions" in begun("10.0.0.1")
    assert "wait" not in begun("10.0.0.2")


def test_a_picture_brought_back_fills_the_fields(app: App) -> None:
    kept = {"palate": json.dumps({"prompt": "a boat, ink", "seed": 7, "model": "another"})}
    page = page_after(seen(app.handlers.recall(None, png((1, 2, 3), **kept), request())))
    assert (page["wish"], page["seed"], page["strength"]) == ("a boat, ink", "7", 0.0)
    assert "another model" in page["notice"]
    kept = {"palate": json.dumps({"prompt": "a boat", "seed": 7, "model": app.renderer.name})}
    page = page_after(seen(app.handlers.recall(None, png((1, 2, 3), **kept), request())))
    assert "another model" not in page["notice"]
    for odd in ({"palate": "{}"}, {"palate": '{"prompt": "", "seed": -1, "model": "x"}'}, {}):
        page = page_after(seen(app.handlers.recall(None, png((1, 2, 3), **odd), request())))
        assert "Expected a picture that Palate made" in page["notice"] and "wish" not in page
    kept = {"palate": json.dumps({"prompt": "x" * 1500, "seed": 7, "model": "m"})}
    assert "wish" not in page_after(seen(app.handlers.recall(None, png((1, 2, 3), **kept), request())))


def test_at_a_booth_the_next_visitor_begins_in_the_browsers_language(app: App) -> None:
    here = replace(Place(app.token, "rounds"), language="fr").kept()
    page = page_after(seen(app.handlers.again(here, request())))
    assert page["browser"]["language"] == "fr" and 'data-lang="fr"' in page["masthead"]
    page = page_after(seen(limited(app, replace(SETTINGS, kiosk=60)).again(here, request())))
    assert page["browser"]["language"] == "" and 'data-lang="en"' in page["masthead"]


def test_what_goes_wrong_is_said_in_the_visitors_language(app: App) -> None:
    asked = SimpleNamespace(query_params={}, session_hash="a page", headers={"accept-language": "de-AT"})
    page = page_after(seen(app.handlers.begin(None, "", False, asked)))
    assert "Gib ein paar Wörter ein" in page["notice"] and 'data-lang="de"' in page["masthead"]
