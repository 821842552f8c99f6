"""Six pictures a round: chosen on the first screen, three columns at a desk, two on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walk

COLUMNS = "at => new Set([...document.querySelectorAll('.cards .card')].map(one => one.offsetLeft)).size"
Screenshot = Callable[[Page, str], None]


def begin_with_six(page: Page, url: str) -> None:
    walk.open_page(page, url)
    page.get_by_label("6", exact=True).check()
    page.locator("#subject input, #subject textarea").fill("a fox")
    page.locator("#begin").click()
    walk.expect_round(page, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_six_pictures_are_chosen_and_answered_by_keys(
    new_context: Callable[..., BrowserContext], app_url: str, screenshot: Screenshot, scheme: str
) -> None:
    context = new_context(
        viewport={"width": 1280, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    walk.open_page(page, app_url)
    expect(page.locator("#size")).to_be_visible()
    screenshot(page, f"start-six-{scheme}")
    walk.accessible(page)
    begin_with_six(page, app_url)
    assert len(walk.pictures(page)) == 6 and page.evaluate(COLUMNS) == 3
    walk.accessible(page)
    bottom = page.evaluate("document.querySelector('.cards').getBoundingClientRect().bottom")
    assert bottom <= 800, "all six are seen without scrolling"
    expect(page.locator(".keys").first).to_contain_text("1 to 6 to pick")
    screenshot(page, f"six-desk-{scheme}")
    shown = walk.pictures(page)
    page.keyboard.press("l")
    page.keyboard.press("5")
    expect(page.locator('.mark.up[data-card="4"]')).to_have_attribute("aria-pressed", "true")
    walk.press(page, "6", then=2)
    assert walk.marks(page, app_url) == [((4,), ())]
    picked = page.locator(".past ol img").first.get_attribute("src")
    assert picked == shown[5]
    walk.press(page, "5", then=3)
    page.keyboard.press("7")
    walk.press(page, "0", then=4)
    assert walk.past(page) == 3


def test_a_phone_keeps_two_columns(
    new_context: Callable[..., BrowserContext], app_url: str, screenshot: Screenshot
) -> None:
    desk = new_context(viewport={"width": 1280, "height": 800}).new_page()
    begin_with_six(desk, app_url)
    phone = new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce").new_page()
    walk.open_page(phone, app_url)
    expect(phone.locator("#size")).to_be_hidden()
    expect(phone.get_by_text("Pick your favourite of 4 pictures")).to_be_visible()
    expect(phone.locator(".lead.elsewhere")).to_be_hidden()
    phone.goto(f"{app_url}/?s={walk.token_of(desk)}")
    walk.expect_round(phone, 1)
    assert len(walk.pictures(phone)) == 6 and phone.evaluate(COLUMNS) == 2
    walk.accessible(phone)
    screenshot(phone, "six-phone")


def test_four_pictures_stay_the_usual_ones(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    assert len(walk.pictures(page)) == 4 and page.evaluate(COLUMNS) == 2


@pytest.mark.parametrize(
    ("language", "label", "lead"),
    [("de-DE", "Bilder je Runde", "4 oder 6"), ("fr-FR", "Images par tour", "4 ou 6")],
)
def test_the_choice_is_written_in_the_visitors_language(
    new_context: Callable[..., BrowserContext], app_url: str, language: str, label: str, lead: str
) -> None:
    page = new_context(viewport={"width": 1280, "height": 800}, locale=language).new_page()
    walk.open_page(page, app_url)
    expect(page.locator("#size")).to_contain_text(label)
    expect(page.locator("#hero")).to_contain_text(lead)
    expect(page.locator(".lead.on-phones")).to_be_hidden()
