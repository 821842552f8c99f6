"""The app as it is shipped, with the mini models: from the first start to personal pictures."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.apps import start_app, stop_app
from tests.browser import walk

PREPARED_S = 1800
"""Seconds that the first start may take: it looks at what every token does."""

PAIRS_MS = 180_000
SEED = 11
"""Of the session, so that the same pictures are judged in every run."""


@pytest.fixture(scope="module")
def shipped_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shipped")
    process, url = start_app(
        ["app.py", "--port", "0", "--data", str(folder / "data"), "--seed", str(SEED)],
        folder / "log.txt",
        PREPARED_S,
    )
    yield url
    stop_app(process)


WEIGHTS = {
    "watercolor": 2.0, "oil painting": 1.5, "paper cutout": 0.5, "embroidery": 1.0,
    "warm colors": 2.0, "earth colors": 1.0, "sepia tones": 1.0, "orange and navy": 1.0, "rose pink": 0.5,
    "sunset sky": 2.0, "desert dunes": 1.0, "flower field": 1.0, "sandy beach": 1.0,
    "golden hour": 2.0, "candlelight": 1.5, "light beams": 0.5,
    "cozy": 2.0, "nostalgic": 1.0, "romantic": 1.0, "cheerful": 0.5, "falling leaves": 1.0,
    "neon sign": -2.0, "pixel art": -1.5, "blueprint": -1.5, "low poly": -1.0, "chalk drawing": -1.0,
    "cool colors": -1.5, "ice blue": -1.5, "inverted colors": -2.0, "black and white": -1.0,
    "checkerboard": -1.5, "zigzag pattern": -1.0, "starry night": -1.0, "ocean waves": -0.5,
    "moonlight": -1.0, "green uplight": -1.5, "misty fog": -1.0,
    "spooky": -2.0, "futuristic": -1.5, "melancholic": -1.5, "mysterious": -1.0,
    "film grain": -1.0, "scanlines": -1.5, "cracked paint": -1.0, "lightning bolts": -1.0, "rain": -1.0,
}  # fmt: skip
"""What the person in this test likes and dislikes."""

ROUNDS = 10


def favourite(page: Page) -> str:
    """The key of the picture whose prompt the person of WEIGHTS likes best, or of "none of these"."""
    labels = [str(card.get_attribute("aria-label")) for card in page.locator(".round .pick").all()]
    worth = [sum(weight for words, weight in WEIGHTS.items() if words in label) for label in labels]
    return str(1 + worth.index(max(worth))) if max(worth) > 0 else "0"


@pytest.mark.slow
def test_a_session_with_the_shipped_models(
    shipped_url: str, new_context: Callable[..., BrowserContext], screenshot: Callable[[Page, str], None]
) -> None:
    """Ten rounds by keyboard, then pictures that lean to what was picked; the same session on a phone."""
    page = new_context(viewport={"width": 1280, "height": 800}, color_scheme="light").new_page()
    page.set_default_timeout(PAIRS_MS)
    walk.open_page(page, shipped_url)
    screenshot(page, "real-1-start")
    walk.begin(page, shipped_url, "a fox")
    screenshot(page, "real-2-first-round")
    for number in range(1, ROUNDS + 1):
        walk.press(page, favourite(page), then=number + 1)
    screenshot(page, "real-3-later-round")
    walk.go(page, "taste")
    screenshot(page, "real-4-taste")
    walk.go(page, "pictures")
    walk.draw(page, "a castle", "7")
    expect(page.locator(".yours img")).to_have_count(4, timeout=PAIRS_MS)
    screenshot(page, "real-5-pictures")
    prompts = page.locator(".yours").all_inner_texts()
    leaning = sum(weight for said in prompts for words, weight in WEIGHTS.items() if words in said)
    assert leaning > 0.0, prompts
    phone = new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    page.locator(".menu summary").click()
    phone.goto(page.locator(".link").input_value())
    walk.expect_round(phone, ROUNDS + 1)
    screenshot(phone, "real-6-phone")
    walk.go(phone, "taste")
    screenshot(phone, "real-7-phone-taste")
