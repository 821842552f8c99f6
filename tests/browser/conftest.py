"""One app for all browser tests, Debian's Chromium, and a guard: nothing leaves the machine, no error."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.browser.walk import DRAWN_MS

ROOT = Path(__file__).parents[2]
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
READY_S = 120

expect.set_options(timeout=DRAWN_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, quiet."""
    assert CHROMIUM, (
        "Expected a chromium on the path or in CHROMIUM, found none. Run apt-get install chromium."
    )
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(FLAGS)}


def start_app(
    command: list[str], log: Path, ready_s: float = READY_S
) -> tuple["subprocess.Popen[bytes]", str]:
    """Start an app that prints "Palate is ready at <url>"; the process and the URL."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    until = time.monotonic() + ready_s
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"Palate is ready at (\S+)", log.read_text(encoding="utf-8", errors="replace"))
        if found:
            with urllib.request.urlopen(found[1] + "/healthz", timeout=10) as answer:
                assert answer.status == 200
            return process, found[1]
        time.sleep(0.2)
    process.kill()
    raise AssertionError(f"Expected the app to be ready within {ready_s} s, found:\n{log.read_text()}")


def stop_app(process: "subprocess.Popen[bytes]") -> None:
    """End it as a person would, and be sure of it."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def app_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the app writes."""
    return tmp_path_factory.mktemp("palate") / "log.txt"


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, app_log: Path) -> Iterator[str]:
    """Address of an app with the real Personalizer and store, and fakes for the networks."""
    data = tmp_path_factory.mktemp("data")
    process, url = start_app(["-m", "tests.browser.serve", "--data", str(data)], app_log)
    yield url
    stop_app(process)


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts (visitors) that are watched; overrides pytest-playwright's."""
    contexts: list[BrowserContext] = []
    outside: list[str] = []
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on("console", hear)

    def hear(said: ConsoleMessage) -> None:
        # A reload in the middle of a stream: Gradio says so, and the new page goes on.
        left = ("AbortError", "Connection errored out")
        if said.type == "error" and not any(words in said.text for words in left):
            wrong.append(f"console: {said.text}")

    def make(**how: Any) -> BrowserContext:
        context = browser.new_context(**how)
        local = ("http://127.0.0.1:", "data:", "blob:")
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
        page.wait_for_timeout(700)  # the bars come to rest
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take
