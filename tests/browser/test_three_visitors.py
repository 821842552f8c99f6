"""Three people use the page at once: nobody waits for ever, and nobody sees another's pictures."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser import walk

ROUNDS = 4


def test_three_visitors_pick_at_once_and_keep_their_own_pictures(
    new_context: Callable[..., BrowserContext], app_url: str
) -> None:
    subjects = ("a fox", "a castle", "a boat")
    pages = [new_context().new_page() for _ in subjects]
    for page, subject in zip(pages, subjects, strict=True):
        walk.open_page(page, app_url)
        page.locator("#subject input, #subject textarea").fill(subject)
    for page in pages:  # the second and the third begin while the first round of the first is drawn
        page.locator("#begin").click()
    for number in range(1, ROUNDS + 1):
        for page in pages:
            walk.expect_round(page, number)
        for place, page in enumerate(pages):
            page.keyboard.press(str(1 + (number + place) % 4))
    for page, subject in zip(pages, subjects, strict=True):
        walk.expect_round(page, ROUNDS + 1)
        assert walk.past(page) == ROUNDS
        expect(page.locator(".round .of")).to_have_text(subject)
        labels = [card.get_attribute("aria-label") or "" for card in page.locator(".round [data-pick]").all()]
        assert labels and all(subject in label for label in labels)
    tokens = {walk.token_of(page) for page in pages}
    assert len(tokens) == len(pages)
