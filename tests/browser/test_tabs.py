"""Many tabs of one browser: it opens at most six connections to a host, and all tabs share them."""

from playwright.sync_api import BrowserContext, Page

from tests.browser import walk

TABS = 8


def test_eight_tabs_of_one_browser_all_work(context: BrowserContext, page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    tabs = [page, *(context.new_page() for _ in range(TABS - 1))]
    for tab in tabs[1:]:
        tab.goto(app_url)
        walk.expect_round(tab, 1)
    for number, tab in enumerate((tabs[0], tabs[-1]), start=1):
        tab.reload()
        walk.expect_round(tab, number)
        walk.press(tab, "2", then=number + 1)
    assert walk.past(tabs[-1]) == 2
