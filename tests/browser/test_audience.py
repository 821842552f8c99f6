"""A presenter and two phones: a hall picks together."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walk

NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]


def present(page: Page, url: str) -> str:
    """Begin a session, let an audience vote; the address of the voting page."""
    walk.begin(page, url)
    page.locator(".menu summary").click()
    page.locator("[data-act='audience']").click()
    expect(page.locator("section.audience .address")).to_contain_text("/vote/")
    return "http://" + page.locator("section.audience .address").inner_text()


def tap(page: Page, option: int) -> None:
    page.locator(f"[data-option='{option}']").tap()
    expect(page.locator(f"[data-option='{option}'][aria-pressed='true']")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_presenter_and_two_phones(
    new_context: NewContext, app_url: str, screenshot: Screenshot, scheme: str
) -> None:
    how = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = new_context(viewport={"width": 1280, "height": 800}, **how).new_page()
    link = present(page, app_url)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, **how}
    one, two = (new_context(**phone, locale=locale).new_page() for locale in ("en-GB", "de-DE"))
    for each in (one, two):
        each.goto(link)
        expect(each.locator(".cards img")).to_have_count(4)
    expect(two.locator("h1")).to_have_text("Welches gefällt dir am besten?")
    page.keyboard.press("1")  # while an audience votes, its presenter does not pick
    page.wait_for_timeout(300)
    expect(page.locator(".round")).to_have_attribute("data-round", "1")
    tap(one, 0)
    tap(one, 2)  # changed
    tap(two, 2)
    expect(page.locator(".counts li").nth(2)).to_have_attribute("aria-label", re.compile("2 votes"))
    expect(page.locator(".counts li").nth(0)).to_have_attribute("aria-label", re.compile("0 votes"))
    screenshot(page, f"audience-{scheme}")
    screenshot(one, f"vote-{scheme}")
    walk.accessible(page)
    walk.accessible(one)
    page.locator("[data-close-vote]").click()
    walk.expect_round(page, 2)
    assert walk.past(page) == 1
    page.locator(".menu summary").click()
    page.locator("[data-act='change-answer']").evaluate("button => button.click()")
    expect(page.locator("dialog.change-answer [data-change='1'][data-index='2']")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator("dialog.change-answer [data-shut]").click()
    for each in (one, two):  # the next round comes by itself, to each in its own moment
        expect(each.locator("[data-option]")).to_have_count(4)
        expect(each.locator("[data-option][aria-pressed='true']")).to_have_count(0)
    tap(one, 1)
    tap(two, 3)  # a tie: the first reached wins
    page.locator("[data-close-vote]").click()
    walk.expect_round(page, 3)
    page.reload()
    walk.expect_round(page, 3)
    expect(page.locator("section.audience")).to_be_visible()
    page.locator("[data-end]").click()
    expect(page.locator("section.audience")).to_be_hidden()
    walk.press(page, "1", then=4)


def test_a_vote_opens_nothing_of_the_session(new_context: NewContext, page: Page, app_url: str) -> None:
    link = present(page, app_url)
    token = str(page.locator(".mast").get_attribute("data-token"))
    pictures = walk.pictures(page)
    phone = new_context().new_page()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    said: list[str] = []
    phone.on("response", lambda answer: said.append(answer.text()) if "state" in answer.url else None)
    phone.goto(link)
    expect(phone.locator(".cards img")).to_have_count(4)
    everything = phone.content() + "".join(asked) + "".join(said)
    assert token not in everything
    assert not [name for name in pictures if name.split("/")[-1].split(".")[0] in everything]
    assert "a fox" not in everything
    image = phone.request.get(str(phone.locator(".cards img").first.evaluate("image => image.src")))
    assert image.status == 200 and b"prompt" not in image.body()
    code = link.rsplit("/", 1)[1]
    shown = page.locator(".round").get_attribute("data-shown")
    ballot = {"shown": shown, "option": 1}
    vote = f"{app_url}/vote/{code}/vote"
    assert new_context().request.post(vote, data=ballot).status == 403  # not a device that opened the page
    assert phone.request.post(vote, data={**ballot, "option": 9}).status == 404
    assert phone.request.post(vote, data={**ballot, "shown": "old"}).status == 409
    assert phone.request.post(vote, data="[]").status == 404
    assert phone.request.post(vote, data="x" * 5000).status == 404
    assert phone.request.post(f"{app_url}/audience/{code}", data={"close": True}).status == 404
    assert phone.request.get(f"{app_url}/vote/000000000000").status == 404
    expect(page.locator(".round")).to_have_attribute("data-round", "1")


def test_a_vote_closes_by_itself(new_context: NewContext, page: Page, app_url: str) -> None:
    link = present(page, app_url)
    phone = new_context(has_touch=True).new_page()
    phone.goto(link)
    tap(phone, 3)
    page.locator("[data-close-in]").evaluate("button => { button.dataset.closeIn = 3; }")
    expect(page.locator("[data-close-in]")).to_be_enabled()
    page.locator("[data-close-in]").click()
    expect(phone.locator(".state")).to_contain_text("s left")
    walk.expect_round(page, 2)
    assert walk.past(page) == 1
