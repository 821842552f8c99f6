"""One app and one Chromium for all browser tests, and a guard: no request leaves the machine, no error."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.apps import ROOT, forked_app
from tests.browser import walk

SCREENSHOTS = ROOT / ".build" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=walk.DRAWN_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. It is closed after the last test of this folder.

    Playwright keeps an event loop running in the main thread, and the tests of other folders want their own.
    """
    assert CHROMIUM, (
        "Expected a chromium on the path or in CHROMIUM, found none. Run apt-get install chromium."
    )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def app_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the app writes."""
    return tmp_path_factory.mktemp("palate") / "log.txt"


@pytest.fixture(scope="package")
def app_url(tmp_path_factory: pytest.TempPathFactory, app_log: Path) -> Iterator[str]:
    """Address of an app with the real Personalizer and store, and fakes for the networks."""
    data = tmp_path_factory.mktemp("data")
    flags = ["--data", str(data), "--release", str(app_log.with_name("release"))]
    with forked_app("tests.browser.serve", flags, app_log) as url:
        yield url


@pytest.fixture
def release(app_log: Path) -> Iterator[Path]:
    """The file that lets the app draw a "held brush" (see `serve.py`). It does not exist yet."""
    file = app_log.with_name("release")
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture(scope="package")
def seen_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of another such app, which chooses its questions among pictures that were seen."""
    folder = tmp_path_factory.mktemp("seen")
    flags = ["--data", str(folder / "data"), "--strategy", "adaptive-seen"]
    with forked_app("tests.browser.serve", flags, folder / "log.txt") as url:
        yield url


@pytest.fixture
def forgiven() -> list[str]:
    """Parts of messages that the browser's console may write in this test. The test adds to them."""
    return []


@pytest.fixture
def new_context(browser: Browser, forgiven: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts (visitors) that are watched."""
    contexts: list[BrowserContext] = []
    outside: list[str] = []
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on("console", hear)

    def hear(said: ConsoleMessage) -> None:
        # A reload in the middle of a stream: Gradio says so, and the new page goes on.
        left = ("AbortError", "Connection errored out", *forgiven)
        if said.type == "error" and not any(words in said.text for words in left):
            wrong.append(f"console: {said.text}")

    def make(**how: Any) -> BrowserContext:
        context = browser.new_context(**how)
        local = ("http://127.0.0.1:", "http://palate.localhost:", "data:", "blob:")
        context.on("request", lambda r: None if r.url.startswith(local) else outside.append(r.url))
        context.on("page", watch)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not outside, f"requests left the machine: {outside}"
    assert not wrong, wrong


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    """The first visitor, at a desk."""
    return new_context(viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The first visitor's page."""
    return context.new_page()


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Write a screenshot of the whole page below .build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        walk.at_rest(page)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take
