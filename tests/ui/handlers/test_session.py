"""The page when it is opened with or without a link, and when a session is left."""

from dataclasses import replace

from personalize.ui.browser_state import BrowserState
from tests.ui.handlers.visitor import SETTINGS, App, limited, page_after, request, seen, shows


def test_a_link_that_opens_nothing_leaves_the_visitor_where_they_were(app: App) -> None:
    round_ = app.drawn()
    page = page_after(
        seen(app.handlers.session.open(BrowserState(app.token, "rounds").kept(), request("mistyped")))
    )
    assert "Start a new session" in page["notice"]
    assert page["browser"]["token"] == app.token
    assert shows(page, round_)


def test_a_link_that_opens_nothing_and_no_session_of_ones_own_is_the_start(app: App) -> None:
    page = page_after(seen(app.handlers.session.open(BrowserState().kept(), request("mistyped"))))
    assert "Start a new session" in page["notice"]
    assert 'data-screen="start"' in page["masthead"]


def test_a_link_opens_its_session(app: App) -> None:
    own = app.personalizer.start("a boat").token
    page = page_after(seen(app.handlers.session.open(BrowserState(own, "taste").kept(), request(app.token))))
    assert page["browser"]["token"] == app.token and shows(page, app.drawn())


def test_at_a_booth_the_next_visitor_begins_in_the_browsers_language(app: App) -> None:
    here = replace(BrowserState(app.token, "rounds"), language="fr").kept()
    page = page_after(seen(app.handlers.session.again(here, request())))
    assert page["browser"]["language"] == "fr" and 'data-lang="fr"' in page["masthead"]
    page = page_after(seen(limited(app, replace(SETTINGS, kiosk=60)).session.again(here, request())))
    assert page["browser"]["language"] == "" and 'data-lang="en"' in page["masthead"]
