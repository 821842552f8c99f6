"""The people of a booth: the PIN, the wall of taste cards that they look after, and pausing a screen."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.apps import forked_app
from tests.browser import walk

PIN, IDLE_S = "204618", 30
NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def staffed_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an app with a PIN, whose pages start over after that many seconds."""
    folder = tmp_path_factory.mktemp("staffed")
    flags = ["--data", str(folder / "data"), "--kiosk", str(request.param), "--staff-pin", PIN]
    with forked_app("tests.browser.serve", flags, folder / "log.txt") as url:
        yield url


def enter(page: Page, pin: str) -> None:
    page.locator("#pin").fill(pin)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("staffed_url", [600], indirect=True)
def test_a_card_goes_to_the_wall_by_way_of_staff(
    page: Page, new_context: NewContext, staffed_url: str, screenshot: Screenshot
) -> None:
    wall = new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR").new_page()
    wall.goto(f"{staffed_url}/wall")
    expect(wall.locator(".lead")).to_contain_text("Rien n’est encore affiché")
    walk.begin(page, staffed_url)
    walk.press(page, "2", then=2)
    walk.go(page, "taste")
    row = page.locator(".wallrow")
    row.get_by_role("button", name="Put my card on the wall").click()
    expect(row.get_by_role("status")).to_contain_text("as soon as the booth staff")
    expect(row.get_by_role("button")).to_have_text("Take my card off the wall")
    walk.accessible(page)

    staff = new_context(viewport={"width": 390, "height": 844}).new_page()
    staff.goto(f"{staffed_url}/settings")  # with a PIN this leads to the door
    expect(staff.locator("#pin")).to_be_focused()
    walk.accessible(staff)
    screenshot(staff, "staff-door")
    enter(staff, "111111")
    expect(staff.get_by_role("alert")).to_contain_text("PIN. Try again")
    enter(staff, PIN)
    waiting = staff.locator(".judged img")
    expect(waiting).to_have_count(1)
    assert waiting.evaluate("async image => (await image.decode(), image.naturalWidth)") == 1080
    expect(staff.locator(".counts dd").first).to_have_text("1")
    walk.accessible(staff)
    screenshot(staff, "staff")
    staff.get_by_role("button", name="Show: Taste card").click()
    expect(staff.get_by_role("button", name="Take off: Taste card")).to_be_visible()

    card = wall.locator(".hung img")
    expect(card).to_have_count(1, timeout=30_000)  # by itself: nobody touches the second screen
    assert card.evaluate("async image => (await image.decode(), image.naturalWidth)") == 1080
    walk.accessible(wall)
    screenshot(wall, "wall")

    walk.go(page, "rounds")
    walk.go(page, "taste")
    expect(row.get_by_role("status")).to_have_text("It is on the wall.")
    row.get_by_role("button").click()
    expect(row.get_by_role("button")).to_have_text("Put my card on the wall")
    expect(card).to_have_count(0, timeout=30_000)
    staff.get_by_role("button", name="Lock again").click()
    expect(staff.locator("#pin")).to_be_visible()


@pytest.mark.parametrize("staffed_url", [IDLE_S], indirect=True)
def test_staff_pause_a_screen_that_starts_over(page: Page, staffed_url: str) -> None:
    page.clock.install()
    page.goto(f"{staffed_url}/staff")
    enter(page, PIN)
    page.get_by_role("button", name="Pause starting over").click()
    expect(page.get_by_text("It does not start over by itself.")).to_be_visible()
    walk.open_page(page, staffed_url)
    page.clock.run_for(1000 * (IDLE_S + 2))
    expect(page.locator(".attract")).to_be_hidden()
    page.goto(f"{staffed_url}/staff")
    page.get_by_role("button", name="Start over again").click()
    walk.open_page(page, staffed_url)
    page.clock.run_for(1000 * (IDLE_S + 1))
    expect(page.locator(".attract")).to_be_visible()
