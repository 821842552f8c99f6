"""Two tastes: a friend's file beside one's own, and pictures in both and between."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import walk

NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]


def bring(page: Page, file: Any) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#friend").click()
    chooser.value.set_files(file)


@pytest.mark.parametrize(("scheme", "width", "button"), [("light", 1280, "card"), ("dark", 390, "taste")])
def test_a_friends_taste_is_compared_and_mixed(
    new_context: NewContext,
    app_url: str,
    tmp_path: Path,
    screenshot: Screenshot,
    scheme: str,
    width: int,
    button: str,
) -> None:
    friend = new_context().new_page()
    walk.begin(friend, app_url, "a castle")
    for number in range(1, 6):
        walk.press(friend, "2", then=number + 1)
    walk.go(friend, "taste")
    with friend.expect_download() as saved:
        friend.locator(f"#save-{button}").click()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)

    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = new_context(**how).new_page()
    walk.begin(page, app_url)
    for number in range(1, 5):
        walk.press(page, "1", then=number + 1)
    walk.go(page, "taste")
    page.locator(".taste [data-go='friends']").click()
    expect(page.get_by_role("heading", name="You and a friend")).to_be_visible()
    expect(page.locator("#mix-row")).to_be_hidden()
    walk.accessible(page)
    bring(page, {"name": "odd.json", "mimeType": "application/json", "buffer": b"{}"})
    walk.notice(page, "not a taste file")
    bring(page, path)
    expect(page.locator(".friends .sentence")).to_contain_text("correlation")
    expect(page.locator(".friends h2")).to_contain_text("a castle")
    expect(page.locator(".notice")).to_have_count(0)
    expect(page.locator(".versus .bars li")).to_have_count(10)
    both = page.get_by_label(re.compile("What shall I draw for you two"))
    expect(both).to_have_value("a fox")  # so that one button is enough
    both.fill("a teapot")
    page.locator("#mix-share input[type=number]").fill("30")
    page.locator("#mix-share input[type=number]").press("Tab")
    page.locator("#mix").click()
    expect(page.locator(".blends figure img")).to_have_count(6)
    expect(page.locator(".blends figcaption b").nth(1)).to_have_text(re.compile("30\\s% your friend"))
    walk.accessible(page)
    screenshot(page, f"friends-{width}-{scheme}")
    walk.go(page, "rounds")
    walk.expect_round(page, 5)
    walk.go(page, "taste")
    page.locator(".taste [data-go='friends']").click()
    expect(page.locator('.mast[data-screen="friends"]')).to_be_visible()
    expect(page.locator(".friends .sentence")).to_be_visible()  # it is still there
    page.reload()
    expect(page.get_by_role("heading", name="You and a friend")).to_be_visible()
    expect(page.locator(".friends .sentence")).to_be_visible()  # the server keeps it for a while
