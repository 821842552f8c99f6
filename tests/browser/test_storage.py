"""Browsers that keep nothing: storage is blocked, or it is full. The page works and says so."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import walk
from tests.browser.conftest import CHROMIUM, FLAGS

BLOCKED = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {configurable: true, get() {
    throw new DOMException('Access is denied for this document.', 'SecurityError'); }});"""
FILLED = """() => {
  const put = (size, part) => localStorage.setItem(`filled-${size}-${part}`, 'x'.repeat(size));
  for (let size = 2 ** 22; size >= 1; size = Math.floor(size / 2))
    try { for (let part = 0; ; part += 1) put(size, part); } catch {}
}"""


def continues_without_storage(page: Page, url: str, number: int) -> None:
    """The page says that nothing is kept, and a reload continues at round `number` by the address."""
    expect(page.locator(".keepsake")).to_contain_text("keeps nothing")
    expect(page).to_have_url(re.compile(re.escape(url) + r"/\?s=\S{16,}"))
    page.reload()
    walk.expect_round(page, number)
    expect(page.locator(".keepsake")).to_be_visible()


def test_the_page_works_where_storage_is_blocked(page: Page, app_url: str) -> None:
    page.add_init_script(BLOCKED)
    walk.begin(page, app_url)
    walk.press(page, "2", then=2)
    continues_without_storage(page, app_url, 2)
    page.locator(".menu summary").click()
    page.locator('.menu [data-act="again"]').click()
    expect(page.locator("#subject")).to_be_visible()
    expect(page).to_have_url(app_url + "/")


def test_the_page_works_in_a_chromium_that_blocks_all_site_data(
    browser: Browser, app_url: str, tmp_path: Path
) -> None:
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings), encoding="utf-8")
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=CHROMIUM, args=list(FLAGS)
    )
    try:
        page = context.new_page()
        page.goto(f"{app_url}/healthz")
        with pytest.raises(Exception, match="denied"):
            page.evaluate("window.localStorage")
        walk.begin(page, app_url)
        walk.press(page, "2", then=2)
        continues_without_storage(page, app_url, 2)
    finally:
        context.close()


def test_the_page_comes_up_in_a_sandboxed_frame(context: BrowserContext, page: Page, app_url: str) -> None:
    # Gradio answers pages of no origin only where its own name is not this machine's.
    frame = app_url.replace("127.0.0.1", "palate.localhost")
    page.goto(f"{app_url}/healthz")
    page.set_content(f'<iframe sandbox="allow-scripts" src="{frame}" width="1200" height="900"></iframe>')
    inside = page.frame_locator("iframe")
    expect(inside.locator("#subject")).to_be_visible()
    expect(inside.locator(".keepsake")).to_contain_text("keeps nothing")


def test_a_full_storage_never_opens_another_session(page: Page, app_url: str) -> None:
    walk.begin(page, app_url, "a castle")
    expect(page.locator(".keepsake")).to_be_hidden()
    page.evaluate(FILLED)
    page.locator(".menu summary").click()
    page.locator('.menu [data-act="again"]').click()
    expect(page.locator("#subject")).to_be_visible()
    page.evaluate(FILLED)
    page.evaluate("localStorage.removeItem('palate')")
    page.evaluate(FILLED)
    page.locator("#subject input, #subject textarea").fill("a fox")
    page.locator("#begin").click()
    walk.expect_round(page, 1)
    continues_without_storage(page, app_url, 1)
    expect(page.locator(".eyebrow .of").first).to_have_text("a fox")
