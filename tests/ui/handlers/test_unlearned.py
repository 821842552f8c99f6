"""Subjects that the models have not learned: asked about first, and drawn when a visitor says so."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from personalize.preparation.prepare import Preparation
from personalize.rounds.personalizer import Personalizer
from personalize.taste.transfer import taste_file
from personalize.ui.background import BackgroundRenders
from personalize.ui.browser_state import BrowserState
from personalize.ui.screens import unlearned
from personalize.vocabulary.known_subjects import KnownSubject, KnownSubjects
from tests.fakes import FakeEmbedder
from tests.ui.handlers.visitor import (
    EN,
    SETTINGS,
    App,
    FragileStore,
    GatedRenderer,
    handlers_of,
    page_after,
    request,
    seen,
)

KNOWN = KnownSubjects((KnownSubject("a fox", {"de": ("ein Fuchs",)}), KnownSubject("a cat", {})))
STORM = "a <lighthouse in a storm"


@pytest.fixture
def app(preparation: Preparation) -> Iterator[App]:
    store, renderer, renders = FragileStore(), GatedRenderer(), BackgroundRenders()
    renderer.gate.set()
    loop = Personalizer(preparation, store, renderer, FakeEmbedder(), SETTINGS, known=KNOWN)
    yield App(loop, store, renderer, handlers_of(loop, SETTINGS, renders), loop.start("a fox", seed=5).token)
    renders.close()


def kept(app: App, screen: str) -> object:
    return BrowserState(token=app.token, screen=screen).kept()  # type: ignore[arg-type]


def go_on(subject: str) -> SimpleNamespace:
    return SimpleNamespace(subject=subject)


def test_a_start_asks_first_and_goes_on_when_told(app: App) -> None:
    page = page_after(seen(app.handlers.start.begin(None, "red foxes", False, 4, request())))
    assert "red foxes" in page["subject_unlearned"] and 'data-subject="a fox"' in page["subject_unlearned"]
    assert "browser" not in page
    page = page_after(seen(app.handlers.start.begin_knowingly(None, False, 4, go_on("red foxes"), request())))
    state = BrowserState.read(page["browser"])
    assert (state.screen, app.personalizer.session(state.token).subject) == ("rounds", "red foxes")


def test_a_known_subject_is_not_asked_about(app: App) -> None:
    page = page_after(seen(app.handlers.start.begin(None, "the Fox", False, 4, request())))
    assert BrowserState.read(page["browser"]).screen == "rounds" and "subject_unlearned" not in page


def test_personal_pictures_ask_first_and_go_on_when_told(app: App) -> None:
    app.answered(1)
    page = page_after(seen(app.handlers.pictures.make(kept(app, "pictures"), "a wolf", 1.0, "7", request())))
    assert "a wolf" in page["wish_unlearned"] and "pairs" not in page
    event = app.handlers.pictures.make_knowingly(kept(app, "pictures"), 1.0, "7", go_on("a cat"), request())
    page = page_after(seen(event))
    assert page["wish"] == "a cat" and page["wish_unlearned"] == unlearned.NONE
    assert "a cat" in page["pairs"] and "seed 7" in page["pairs"]


def test_a_prompt_of_known_words_is_not_asked_about(app: App) -> None:
    app.answered(1)
    prompt = ", ".join(("a fox", *app.personalizer.preparation.vocabulary.tokens[1:3]))
    page = page_after(seen(app.handlers.pictures.make(kept(app, "pictures"), prompt, 0.0, "7", request())))
    assert page["wish_unlearned"] == unlearned.NONE and "seed 7" in page["pairs"]


def test_pictures_for_two_ask_first_and_go_on_when_told(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()
    seen(app.handlers.friends.befriend(kept(app, "friends"), content, request()))
    page = page_after(seen(app.handlers.friends.mix(kept(app, "friends"), "a wolf", 50, request())))
    assert "a wolf" in page["mix_unlearned"] and "blends" not in page
    event = app.handlers.friends.mix_knowingly(kept(app, "friends"), 50, go_on("a wolf"), request())
    page = page_after(seen(event))
    assert page["mix_subject"] == "a wolf" and page["mix_unlearned"] == unlearned.NONE
    assert "a wolf" in page["blends"]


def test_the_question_is_escaped_and_a_damaged_event_gets_a_sentence(app: App) -> None:
    assert "a &lt;lighthouse" in unlearned.question(EN, KNOWN, STORM)
    for sent in (go_on(""), go_on("<b>"), SimpleNamespace()):
        page = page_after(seen(app.handlers.start.begin_knowingly(None, False, 4, sent, request())))
        assert 'class="notice trouble"' in page["notice"] and "browser" not in page


def test_a_new_start_shows_no_old_question(app: App) -> None:
    page = page_after(seen(app.handlers.session.again(kept(app, "pictures"), request())))
    assert page["subject_unlearned"] == page["wish_unlearned"] == page["mix_unlearned"] == unlearned.NONE
