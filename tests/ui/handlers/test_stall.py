"""The page while the renderer stands still: one sentence, a way to try again, and all that draws nothing."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from personalize.errors import UnknownSessionError
from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.taste.transfer import taste_file
from personalize.ui.background import BackgroundRenders
from personalize.ui.browser_state import BrowserState
from personalize.ui.screens import html
from tests.fakes import FakeEmbedder
from tests.ui.handlers import visitor
from tests.ui.handlers.visitor import EN, App, event, page_after, request, seen, shows

WAIT_S = 30.0
STUCK = "The painter is stuck"


@dataclass
class Stuck(App):
    """An app whose renderer can be made to hang; its clock moves by hand."""

    now: float = 0.0

    def hang(self) -> None:
        """The next drawing blocks, and soon counts as stalled."""
        self.renderer.gate.clear()
        self.renderer.waiting.clear()

        def later() -> None:
            assert self.renderer.waiting.wait(WAIT_S)
            self.now += 10.0

        threading.Thread(target=later, daemon=True).start()

    def go_on(self) -> None:
        self.renderer.gate.set()

    @property
    def here(self) -> dict[str, Any]:
        return BrowserState(self.token, "rounds").kept()

    def file(self) -> bytes:
        return taste_file(self.personalizer, self.token, "A sentence.").text().encode()

    def other_file(self) -> bytes:
        """A taste file whose pictures were never drawn."""
        return self.file().replace(b'"a fox"', b'"a lighthouse"')


@pytest.fixture
def stuck(preparation: Preparation) -> Iterator[Stuck]:
    store, renderer, renders = visitor.FragileStore(), visitor.GatedRenderer(), BackgroundRenders()
    renderer.gate.set()
    settings = replace(visitor.SETTINGS, stall_s=5.0)
    personalizer = Personalizer(preparation, store, renderer, FakeEmbedder(), settings)
    handlers = visitor.handlers_of(personalizer, settings, renders)
    made = Stuck(personalizer, store, renderer, handlers, personalizer.start("a fox", seed=5).token)
    personalizer.queue.clock = lambda: made.now
    made.answered(2)
    yield made
    made.go_on()
    renders.close()


Draws = Callable[[Stuck], list[dict[Any, Any]]]


def resumed(app: Stuck) -> list[dict[Any, Any]]:
    return seen(app.handlers.rounds.resume(app.here, request()))


def pairs(app: Stuck) -> list[dict[Any, Any]]:
    return seen(app.handlers.pictures.make(app.here, "a boat", 1.0, "3", request()))


def trial(app: Stuck) -> list[dict[Any, Any]]:
    return seen(app.handlers.session.go(app.here, event(screen="blind_test"), request()))


def mixed(app: Stuck) -> list[dict[Any, Any]]:
    app.handlers.context.friends.keep(app.token, app.file())
    return seen(app.handlers.friends.mix(app.here, "a boat", 50, request()))


def adopted(app: Stuck) -> list[dict[Any, Any]]:
    app.handlers.context.brought.keep("a page", app.other_file())
    return seen(app.handlers.start.adopt(None, request(page="a page")))


@pytest.mark.parametrize(
    ("draws", "part", "again", "made"),
    [
        (resumed, "picker", 'data-act="resume"', "data-pick"),
        (pairs, "pairs", "", "data-word"),  # its button stands beside the field of the wish
        (trial, "blind_test", 'data-go="blind_test"', "data-side"),
        (mixed, "blends", "", "data-zoom"),
        (adopted, "arrival", 'data-act="adopt"', ""),
    ],
)
def test_a_renderer_that_stands_still_is_said_and_can_be_tried_again(
    stuck: Stuck, draws: Draws, part: str, again: str, made: str
) -> None:
    round_ = stuck.personalizer.session(stuck.token).current
    assert round_ is not None
    stuck.personalizer.answer(stuck.token, round_.number, best=0, shown=round_.fingerprint)
    stuck.hang()
    for _ in range(2):  # the second try begins while the renderer still hangs
        page = page_after(draws(stuck))
        assert STUCK in page["notice"]
        assert again in page[part]
        assert part == "picker" or 'aria-busy="true"' not in page[part]
    stuck.go_on()
    page = page_after(draws(stuck))
    assert page["notice"] == html.notice(EN) and made in page[part]


def test_what_draws_nothing_goes_on_while_the_renderer_stands_still(stuck: Stuck) -> None:
    open_round = stuck.personalizer.session(stuck.token).current
    assert open_round is not None
    other = stuck.personalizer.start("a boat", seed=7).token
    stuck.hang()
    page = page_after(seen(stuck.handlers.session.open(BrowserState(other, "rounds").kept(), request())))
    assert STUCK in page["notice"]
    here = stuck.here
    assert shows(page_after(seen(stuck.handlers.session.open(here, request()))), open_round)
    said = event(index=1, round=open_round.number, shown=open_round.fingerprint)
    page = page_after(seen(stuck.handlers.rounds.pick(here, said, request())))
    assert STUCK in page["notice"]  # the answer counts, and only the next round cannot be drawn
    assert len(stuck.personalizer.session(stuck.token).answered) == 2
    page = page_after(seen(stuck.handlers.rounds.undo(here, event(round=3), request())))
    assert shows(page, open_round)
    page = page_after(seen(stuck.handlers.session.go(here, event(screen="taste"), request())))
    assert page["taste"] and page["notice"] == html.notice(EN)
    assert b"palate-taste" in stuck.file()
    for token in (stuck.token, other):
        page = page_after(seen(stuck.handlers.session.delete(BrowserState(token).kept(), request())))
        assert 'data-screen="start"' in page["masthead"]
        with pytest.raises(UnknownSessionError):
            stuck.personalizer.session(token)
