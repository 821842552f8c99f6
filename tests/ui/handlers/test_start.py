"""Sessions that begin: about a subject, from a taste file, within limits."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from personalize.taste.transfer import taste_file
from personalize.ui.browser_state import BrowserState
from personalize.ui.screens import html, start
from tests.ui.handlers.visitor import EN, SETTINGS, App, limited, page_after, request, seen


def test_a_taste_file_is_shown_first_and_then_gone_on_from(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()
    page = page_after(seen(app.handlers.start.offer(None, content, request())))
    assert page["notice"] == html.notice(EN)
    assert "A taste of 1 pick" in page["arrival"] and 'data-act="adopt"' in page["arrival"]
    page = page_after(seen(app.handlers.start.adopt(None, request())))
    state = BrowserState.read(page["browser"])
    assert state.screen == "taste" and state.token not in ("", app.token)
    assert page["arrival"] == start.arrival_none(EN)
    first, second = (app.personalizer.session(token).answered for token in (app.token, state.token))
    assert [r.pictures for r in first] == [r.pictures for r in second]
    gone = {"arrival": start.arrival_none(EN)}
    assert seen(app.handlers.start.dismiss(None, request())) == [gone]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"<script>alert(1)</script>"])
def test_another_file_is_refused_in_a_sentence(app: App, content: bytes | None) -> None:
    page = page_after(seen(app.handlers.start.offer(None, content, request())))
    assert "not a taste file" in page["notice"]
    assert "script" not in page["notice"] and page["arrival"] == start.arrival_none(EN)
    page = page_after(seen(app.handlers.start.adopt(None, request())))
    assert "no taste file here" in page["notice"]


def test_a_file_belongs_to_the_page_that_brought_it_and_can_be_put_away(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()
    seen(app.handlers.start.offer(None, content, request(page="a page")))
    page = page_after(seen(app.handlers.start.adopt(None, request(page="another"))))
    assert "no taste file here" in page["notice"]
    seen(app.handlers.start.dismiss(None, request(page="a page")))
    page = page_after(seen(app.handlers.start.adopt(None, request(page="a page"))))
    assert "no taste file here" in page["notice"]


def test_two_visitors_with_one_file_get_a_session_each(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()

    async def both() -> tuple[str, str]:
        async def one(page: str) -> str:
            asked = request(page=page)
            app.handlers.context.brought.keep(page, content)
            updates = [update async for update in app.handlers.start.adopt(None, asked)]
            return BrowserState.read(page_after(updates)["browser"]).token

        return await asyncio.gather(one("a page"), one("another"))

    tokens = asyncio.run(both())
    assert len({*tokens, app.token, ""}) == 4


def test_an_adoption_counts_as_a_drawing(app: App) -> None:
    app.answered(2)
    content = taste_file(app.personalizer, app.token, "A sentence.").text().encode()
    handlers = limited(app, replace(SETTINGS, draws_a_minute=1))
    for page in ("a page", "another"):
        handlers.context.brought.keep(page, content)
    first = page_after(seen(handlers.start.adopt(None, request(page="a page"))))
    assert first["notice"] == html.notice(EN)
    second = page_after(seen(handlers.start.adopt(None, request(page="another"))))
    assert "more than 1 drawings" in second["notice"]


def test_sessions_of_one_address_are_limited_and_of_others_not(app: App) -> None:
    handlers = limited(app, replace(SETTINGS, sessions_an_hour=1))

    def begun(host: str) -> str:
        asked = request()
        asked.client = SimpleNamespace(host=host)
        return str(page_after(seen(handlers.start.begin(None, "a fox", False, 4, asked)))["notice"])

    assert "wait" not in begun("10.0.0.1")
    assert "more than 1 new sessions" in begun("10.0.0.1")
    assert "wait" not in begun("10.0.0.2")


def test_what_goes_wrong_is_said_in_the_visitors_language(app: App) -> None:
    asked = SimpleNamespace(query_params={}, session_hash="a page", headers={"accept-language": "de-AT"})
    page = page_after(seen(app.handlers.start.begin(None, "", False, 4, asked)))
    assert "Gib ein paar Wörter ein" in page["notice"] and 'data-lang="de"' in page["masthead"]


@pytest.mark.parametrize(("size", "options"), [(6, 6), (4, 4), (5, 4), ("6", 4), (None, 4), (9, 4)])
def test_a_session_has_the_chosen_number_of_pictures_if_it_is_offered(
    app: App, size: object, options: int
) -> None:
    page = page_after(seen(app.handlers.start.begin(None, "a fox", False, size, request())))
    token = BrowserState.read(page["browser"]).token
    assert app.personalizer.session(token).options == options
    assert page["picker"].count('data-pick="') == options
