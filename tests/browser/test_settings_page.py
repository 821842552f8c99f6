"""How this Palate is set up, on a page of its own that the menu leads to."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from personalize.settings import Settings
from personalize.ui.http.settings import SECRET
from tests.browser import walk

NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]


@pytest.mark.parametrize(("scheme", "width", "locale"), [("light", 1280, "en-GB"), ("dark", 390, "de-DE")])
def test_the_menu_leads_to_the_settings_that_are_no_secret(
    new_context: NewContext, app_url: str, screenshot: Screenshot, scheme: str, width: int, locale: str
) -> None:
    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "locale": locale}
    context = new_context(**how)
    page = context.new_page()
    walk.open_page(page, app_url)
    page.locator(".menu summary").click()
    with context.expect_page() as opened:
        page.locator(".menu a[href='settings']").click()
    table = opened.value
    expect(table.get_by_role("heading", level=1)).to_have_text(
        "Settings of this Palate" if locale == "en-GB" else "Einstellungen dieses Palate"
    )
    said = table.locator("tbody").inner_text()
    for row in Settings.table():
        assert (row.environment in said) == (row.name not in SECRET), row.name
    assert "PALATE_DATABASE_URL" not in said and "palate.sqlite3" not in said
    expect(table.locator("tr.changed", has_text="PALATE_POOL")).to_contain_text("64")
    walk.accessible(table)
    screenshot(table, f"settings-{width}")
