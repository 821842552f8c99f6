"""Take every screen of the shipped app at desk and phone width, side by side: ``make pictures``.

One session at a desk and one on a phone, on the mini models; nothing is asserted here beyond that each screen
comes, since the tests do that. Writes assets/pictures/every-*.webp.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.apps import ROOT, start_app, stop_app
from tests.browser import walk
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.test_real_models import PAIRS_MS, PREPARED_S, favourite

Scheme = Literal["light", "dark"]
Take = Callable[[Page, str], None]
PIN, SEED = "204618", 12
DESK, PHONE = (1280, 800), (390, 844)
TALLEST = 1.25
"""Of a screenshot at a desk, as a share of its width; what is below is left out."""

HEIGHT = 760
"""Pixels of both screenshots side by side."""

GAP, WALL = 24, "#c9d3c8"
ROUNDS = 9


def main() -> None:
    """Play it, and write one picture for each screen."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        flags = ["--data", str(Path(folder) / "data"), "--seed", str(SEED), "--staff-pin", PIN]
        process, url = start_app(["app.py", "--port", "0", *flags], log, PREPARED_S)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
                desk, phone = _play(browser, url, DESK, "light"), _play(browser, url, PHONE, "dark")
                browser.close()
        finally:
            stop_app(process)
    for number, name in enumerate(desk, 1):
        _side_by_side(desk[name], phone[name]).save(
            ROOT / "assets" / "pictures" / f"every-{number:02}-{name}.webp", quality=80, method=6
        )


def _play(browser: Browser, url: str, size: tuple[int, int], scheme: Scheme) -> dict[str, Image.Image]:
    """The screens by name, in the order in which a visitor meets them."""
    taken: dict[str, Image.Image] = {}

    def visitor() -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PAIRS_MS)
        return context.new_page()

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(900)
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            page.screenshot(path=file.name, full_page=True)
            taken[name] = Image.open(file.name).convert("RGB")

    friend = _other_taste(visitor(), url)
    card = _one_session(visitor(), url, take, scheme, friend)
    other = visitor()
    other.goto(f"{url}/settings")
    other.locator("#pin").wait_for()
    take(other, "staff-door")
    other.locator("#pin").fill(PIN)
    other.keyboard.press("Enter")
    other.locator(".judged img").first.wait_for()
    take(other, "staff")
    other.get_by_role("button", name="Show: ").first.click()
    other.get_by_role("button", name="Take off: ").first.wait_for()
    other.goto(f"{url}/wall")
    other.locator(".hung img").first.wait_for()
    take(other, "wall")
    other.goto(f"{url}/settings")
    take(other, "settings")
    walk.open_page(other, url)
    _bring(other, "#bring", card)
    other.locator(".arrival h2, .arrival .sentence").first.wait_for()
    take(other, "bring-a-taste")
    return taken


def _other_taste(page: Page, url: str) -> bytes:
    """The card of somebody who picks by place, not by looks."""
    walk.begin(page, url, "a castle")
    for number in range(1, 6):
        walk.press(page, str(1 + number % 4), then=number + 1)
    walk.go(page, "taste")
    return _saved_card(page)


def _saved_card(page: Page) -> bytes:
    with page.expect_download() as saved:
        page.locator("#save-card").click()
    return saved.value.path().read_bytes()


def _bring(page: Page, button: str, card: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(button).click()
    chooser.value.set_files({"name": "card.png", "mimeType": "image/png", "buffer": card})


def _one_session(
    page: Page, url: str, take: Callable[[Page, str], None], scheme: str, friend: bytes
) -> bytes:
    """From the first screen to the wall; the taste card that was saved."""
    walk.open_page(page, url)
    take(page, "start")
    walk.begin(page, url, "a lantern" if scheme == "light" else "a fox")
    take(page, "first-round")
    for number in range(1, ROUNDS + 1):
        walk.press(page, favourite(page), then=number + 1)
    take(page, "later-round")
    page.locator(".menu summary").click()
    take(page, "menu")
    page.locator("[data-act='audience']").click()
    address = page.locator("section.audience .address")
    expect(address).to_contain_text("/vote/")
    take(page, "audience")
    vote = page.context.new_page()
    vote.goto("http://" + address.inner_text())
    expect(vote.locator(".cards img")).to_have_count(4)
    take(vote, "vote")
    vote.close()
    page.locator("[data-end]").click()
    walk.go(page, "taste")
    page.locator("[data-wall]").click()
    expect(page.locator(".wallrow [data-up='waiting']")).to_be_visible()
    take(page, "taste")
    card = _saved_card(page)
    page.locator(".taste [data-go='friends']").click()
    _bring(page, "#friend", friend)
    expect(page.locator(".friends .sentence")).to_be_visible()
    page.locator("#mix").click()
    expect(page.locator(".blends figure img")).to_have_count(6, timeout=PAIRS_MS)
    take(page, "friends")
    walk.go(page, "pictures")
    walk.draw(page, "a castle", "7")
    expect(page.locator("#screen-pictures .yours img")).to_have_count(4, timeout=PAIRS_MS)
    take(page, "pictures")
    page.locator(".pairs [data-go='blind_test']").click()
    expect(page.locator(".blind-test[data-trial='1'] [data-side]")).to_have_count(2, timeout=PAIRS_MS)
    take(page, "blind-test")
    return card


def _side_by_side(desk: Image.Image, phone: Image.Image) -> Image.Image:
    """Both at one height, what is far down left out."""
    desk = desk.crop((0, 0, desk.width, min(desk.height, round(TALLEST * desk.width))))
    phone = phone.crop((0, 0, phone.width, min(phone.height, round(2.6 * phone.width))))
    small = [
        part.resize((round(part.width * HEIGHT / part.height), HEIGHT), Image.Resampling.LANCZOS)
        for part in (desk, phone)
    ]
    whole = Image.new("RGB", (sum(part.width for part in small) + 3 * GAP, HEIGHT + 2 * GAP), WALL)
    whole.paste(small[0], (GAP, GAP))
    whole.paste(small[1], (2 * GAP + small[0].width, GAP))
    return whole


if __name__ == "__main__":
    main()
