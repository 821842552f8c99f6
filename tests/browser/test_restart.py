"""The app ends when told to, and what was answered is there when it starts again."""

from pathlib import Path

from playwright.sync_api import Page

from tests.apps import start_app, stop_app
from tests.browser import walk


def test_a_session_survives_a_restart(page: Page, tmp_path: Path) -> None:
    command = ["-m", "tests.browser.serve", "--data", str(tmp_path / "data")]
    process, url = start_app(command, tmp_path / "first.txt")
    walk.begin(page, url)
    walk.press(page, "1", then=2)
    before = walk.pictures(page)
    token = page.locator(".mast").get_attribute("data-token")
    context = page.context
    page.close()  # one that is only left may listen for a moment more, and says that nobody is there
    stop_app(process)
    assert process.returncode == 0
    assert "Traceback" not in (tmp_path / "first.txt").read_text(encoding="utf-8")
    process, url = start_app(command, tmp_path / "second.txt")
    try:
        page = context.new_page()
        page.goto(f"{url}/?s={token}")
        walk.expect_round(page, 2)
        assert walk.pictures(page) == before
        assert walk.past(page) == 1
        page.close()  # again before the server ends, which an open page would rightly complain about
    finally:
        stop_app(process)
