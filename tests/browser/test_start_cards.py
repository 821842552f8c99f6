"""The first look: real taste cards beside the question, in the reader's language."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walk

LOADED = "cards => cards.every(card => card.complete && card.naturalWidth === 360)"


@pytest.mark.parametrize(("name", "width", "scheme"), [("desk", 1280, "light"), ("phone", 390, "dark")])
def test_the_first_screen_shows_three_cards_in_the_readers_language(
    name: str,
    width: int,
    scheme: str,
    new_context: Callable[..., BrowserContext],
    app_url: str,
    screenshot: Callable[[Page, str], None],
) -> None:
    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    page = new_context(**how, locale="fr-FR").new_page()
    walk.open_page(page, app_url)
    cards = page.locator("#wall .taste-card")
    expect(cards).to_have_count(3)
    for language in ("fr", "de"):
        for number in range(3):
            expect(cards.nth(number)).to_be_in_viewport()
            expect(cards.nth(number)).to_have_attribute("src", f"look/cards/{language}-{number + 1}.webp")
        page.wait_for_function(f"({LOADED})([...document.querySelectorAll('#wall .taste-card')])")
        walk.accessible(page)
        screenshot(page, f"start-cards-{name}-{language}")
        if language == "fr":
            page.locator(".menu summary").click()
            page.locator('[data-speak="de"]').click()
            page.keyboard.press("Escape")
