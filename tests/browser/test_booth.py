"""At a booth: the loop that draws people in, starting over when nobody is there, and the code to scan."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.apps import forked_app
from tests.browser import walk

IDLE_S, COUNTDOWN_S = 30, 15
"""Seconds without a touch until the page asks, and until it then starts over. Tests move the page's clock."""

ADDRESS = "http://192.168.1.20:7860"
Screenshot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def booth_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("booth")
    flags = ["--data", str(folder / "data"), "--kiosk", str(IDLE_S), "--address", ADDRESS]
    with forked_app("tests.browser.serve", flags, folder / "log.txt") as url:
        yield url


def test_a_booth_draws_people_in_and_starts_over_when_they_leave(
    page: Page, booth_url: str, screenshot: Screenshot
) -> None:
    page.clock.install()
    walk.open_page(page, booth_url)
    attract = page.locator(".attract")
    expect(attract).to_be_hidden()
    page.clock.fast_forward(1000 * IDLE_S)
    expect(attract).to_be_visible()
    screenshot(page, "attract")
    walk.accessible(page)
    attract.click()
    expect(attract).to_be_hidden()
    page.locator("#subject input, #subject textarea").fill("a fox")
    page.locator("#begin").click()
    walk.expect_round(page, 1)
    walk.press(page, "2", then=2)
    link = str(page.locator(".mast").get_attribute("data-token"))
    still = page.locator("dialog.still")
    expect(still).to_be_hidden()
    page.clock.fast_forward(1000 * IDLE_S)
    expect(still).to_be_visible()
    screenshot(page, "still-there")
    still.get_by_role("button").click()
    expect(still).to_be_hidden()
    walk.press(page, "1", then=3)
    page.clock.fast_forward(1000 * (IDLE_S + COUNTDOWN_S))
    expect(page.locator('.mast[data-screen="start"]')).to_be_visible()
    expect(page.locator(".mast nav")).to_have_count(0)
    walk.open_page(page, f"{booth_url}/?s={link}")  # what was picked stays under its link
    walk.expect_round(page, 3)


def test_the_session_is_taken_along_by_a_code(page: Page, booth_url: str, screenshot: Screenshot) -> None:
    walk.begin(page, booth_url)
    walk.press(page, "2", then=2)
    walk.go(page, "taste")
    code = page.locator(".code.home img")
    expect(code).to_be_visible()
    drawn = page.evaluate("async url => (await fetch(url)).text()", code.get_attribute("src"))
    assert "<svg" in drawn
    screenshot(page, "take-home")
    walk.accessible(page)
    page.locator(".mast .menu summary").click()
    link = page.locator("#palate-link").input_value()
    assert re.fullmatch(re.escape(ADDRESS) + r"/\?s=[A-Za-z0-9_-]{20,}", link)


def test_without_a_booth_nothing_of_it_is_seen(page: Page, app_url: str) -> None:
    page.clock.install()
    walk.begin(page, app_url)
    walk.press(page, "2", then=2)
    walk.go(page, "taste")
    expect(page.locator(".code.home")).to_be_hidden()  # no phone can reach this address
    page.clock.run_for(1000 * (IDLE_S + 1))
    expect(page.locator(".attract")).to_be_hidden()
    expect(page.locator("dialog.still")).to_have_count(0)
