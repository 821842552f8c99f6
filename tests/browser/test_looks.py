"""Every screen, on phone and desk, in light and dark: nothing sticks out, nothing is inaccessible."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walk

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}


def screens(page: Page, url: str) -> Iterator[str]:
    """Walk through every screen; yields its name while it is on show."""
    walk.open_page(page, url)
    yield "start"
    page.locator("#begin").click()
    walk.notice(page, "Type a few words")
    yield "notice"
    page.locator(".chips button").first.click()
    expect(page.locator("#subject input, #subject textarea")).not_to_have_value("")
    page.locator("#begin").click()
    walk.expect_round(page, 1)
    yield "first round"
    for number in range(1, 5):
        walk.press(page, str(number % 4), then=number + 1)
    yield "later round"
    page.locator(".menu summary").click()
    yield "menu"
    page.keyboard.press("Escape")
    page.locator(".round .zoom").first.click()
    yield "enlarged"
    page.keyboard.press("Escape")
    walk.go(page, "taste")
    expect(page.locator(".taste .sentence")).to_be_visible()
    yield "taste"
    walk.go(page, "pictures")
    yield "pictures"
    walk.draw(page, "a very long subject with a-word-that-never-ends-and-has-no-place-to-break-anywhere", "1")
    expect(page.locator(".yours img")).to_have_count(4)
    yield "pictures"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_screen_fits_and_is_accessible(
    new_context: Callable[..., BrowserContext], app_url: str, size: str, scheme: str
) -> None:
    context = new_context(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    for _ in screens(page, app_url):
        walk.at_rest(page)
        walk.accessible(page)
