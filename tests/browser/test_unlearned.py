"""Subjects that small models have not learned: the question before them, and suggestions while one types."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.apps import forked_app
from tests.browser import walk

NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]
DESK = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
}
SUBJECT = "#subject input, #subject textarea"


@pytest.fixture(scope="module")
def known_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an app whose models know the subjects of the shipped models."""
    folder = tmp_path_factory.mktemp("known")
    with forked_app("tests.browser.serve", ["--data", str(folder), "--known"], folder / "log.txt") as url:
        yield url


@pytest.mark.parametrize(("name", "how"), [("desk", DESK), ("phone", PHONE)])
def test_a_visitor_is_asked_before_a_subject_that_was_not_learned(
    name: str, how: dict[str, object], new_context: NewContext, known_url: str, screenshot: Screenshot
) -> None:
    page = new_context(**how).new_page()
    walk.open_page(page, known_url)
    page.locator(SUBJECT).fill("a hungry coyote")
    page.locator("#begin").click()
    asked = page.locator("#subject-unlearned .unlearned")
    expect(asked).to_be_focused()
    expect(asked.locator("h2")).to_contain_text("a hungry coyote")
    expect(asked).to_contain_text("490 subjects")
    expect(asked.locator(".chips button").first).to_have_text("a wolf")
    expect(page.locator('.mast[data-screen="start"]')).to_be_visible()
    walk.accessible(page)
    screenshot(page, f"unlearned-start-{name}")
    asked.locator("summary").click()
    expect(asked.locator(".everything li")).to_have_count(490)
    walk.accessible(page)
    screenshot(page, f"unlearned-all-{name}")
    asked.locator(".chips button").first.click()
    walk.expect_round(page, 1)
    expect(page.locator(".round .of").first).to_contain_text("a wolf")

    walk.go(page, "pictures")
    page.locator("#wish input, #wish textarea").fill("red foxes")
    page.locator("#make").click()
    asked = page.locator("#wish-unlearned .unlearned")
    expect(asked.locator(".chips button")).to_have_text(["a fox"])
    walk.accessible(page)
    screenshot(page, f"unlearned-pictures-{name}")
    asked.locator("[data-anyway]").click()
    expect(page.locator("#pairs .state").first).to_contain_text("red foxes")
    expect(page.locator("#wish-unlearned .unlearned")).to_have_count(0)


def test_a_visitor_goes_on_knowingly_by_keyboard_in_german(new_context: NewContext, known_url: str) -> None:
    page = new_context(**DESK, locale="de-DE").new_page()
    walk.open_page(page, known_url)
    page.locator(SUBJECT).fill("Kojote")
    page.keyboard.press("Enter")
    asked = page.locator("#subject-unlearned .unlearned")
    expect(asked).to_be_focused()
    expect(asked.locator("h2")).to_have_text("„Kojote“ habe ich nicht zu zeichnen gelernt.")
    expect(asked.locator(".chips button").first).to_have_text("a wolf ein Wolf")
    page.keyboard.press("Tab")
    expect(asked.locator(".chips button").first).to_be_focused()
    asked.locator("[data-anyway]").focus()
    page.keyboard.press("Enter")
    walk.expect_round(page, 1)
    expect(page.locator(".round .of").first).to_contain_text("Kojote")


def test_another_try_takes_the_question_away(page: Page, known_url: str) -> None:
    walk.open_page(page, known_url)
    asked = page.locator(".unlearned")
    for text in ("a coyote", "asdfgh"):
        page.locator(SUBJECT).fill(text)
        page.locator("#begin").click()
        expect(asked.locator("h2")).to_contain_text(text)
    expect(asked.locator(".chips button")).to_have_count(6)  # near to nothing: some of all
    page.locator("#chips button").first.click()
    expect(asked).to_have_count(0)
    page.locator("#begin").click()
    walk.expect_round(page, 1)


@pytest.mark.parametrize(
    ("typed", "language", "offered"),
    [
        ("fo", "en", "a fox"),
        ("a FO", "en", "a fox"),
        ("vix", "en", "a fox"),
        ("Füc", "de", "a fox ein Fuchs"),
        ("renar", "fr", "a fox un renard"),
        ("oeuf", "fr", "an egg un œuf"),
        ("a red fox", "en", "a fox"),
    ],
)
def test_known_subjects_are_suggested_by_keyboard(
    new_context: NewContext, known_url: str, typed: str, language: str, offered: str
) -> None:
    page = new_context(**DESK, locale=language).new_page()
    walk.open_page(page, known_url)
    field = page.locator(SUBJECT)
    field.press_sequentially(typed)
    options = page.get_by_role("option")
    expect(options.filter(has_text=offered).first).to_have_text(offered)
    expect(field).to_have_attribute("role", "combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    texts = options.all_inner_texts()
    place = [" ".join(text.split()) for text in texts].index(offered)
    for _ in range(place + 1):
        field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", f"suggested-{place}")
    walk.accessible(page)
    field.press("Enter")  # takes the suggestion, and does not begin yet
    expect(field).to_have_value(offered[: offered.index(" ", 3)] if offered.count(" ") > 1 else offered)
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator('.mast[data-screen="start"]')).to_be_visible()


def test_suggestions_are_taken_by_touch_on_a_phone(
    new_context: NewContext, known_url: str, screenshot: Screenshot
) -> None:
    page = new_context(**PHONE).new_page()
    walk.open_page(page, known_url)
    field = page.locator(SUBJECT)
    field.tap()
    field.press_sequentially("bal")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    assert all((box := option.bounding_box()) and box["height"] >= 44 for option in options.all())
    walk.accessible(page)
    expect(options).to_have_count(6)
    expect(options.first).to_have_text("a balloon")  # before the whale, which is a baleine
    screenshot(page, "suggestions-phone")
    options.first.tap()
    expect(field).to_have_value("a balloon")
    expect(options).to_have_count(0)
    page.locator("#begin").tap()
    walk.expect_round(page, 1)
    expect(page.locator(".round .of").first).to_contain_text("a balloon")


def test_a_whole_subject_leaves_the_button_free_on_a_phone(new_context: NewContext, known_url: str) -> None:
    page = new_context(**PHONE).new_page()
    walk.open_page(page, known_url)
    field = page.locator(SUBJECT)
    field.tap()
    field.press_sequentially("a fo")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press_sequentially("x")
    expect(page.get_by_role("option")).to_have_count(0)  # although a bat is called a flying fox too
    page.locator("#begin").tap()
    walk.expect_round(page, 1)
    expect(page.locator(".round .of").first).to_contain_text("a fox")


def test_the_whole_list_opens_by_an_arrow_and_closes_by_escape(
    page: Page, known_url: str, screenshot: Screenshot
) -> None:
    walk.open_page(page, known_url)
    field = page.locator(SUBJECT)
    field.focus()
    field.press("ArrowDown")
    expect(page.get_by_role("option")).to_have_count(490)
    field.press("ArrowUp")
    expect(field).to_have_attribute("aria-activedescendant", "suggested-489")
    expect(page.get_by_role("option").last).to_be_in_viewport()
    screenshot(page, "suggestions-desk")
    field.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    field.press_sequentially("a tig")
    expect(page.get_by_role("option")).to_have_text(["a tiger"])
    page.locator("#begin").focus()
    expect(page.get_by_role("option")).to_have_count(0)
    field.press("End")
    field.press_sequentially("er")
    expect(field).to_have_value("a tiger")
    expect(page.get_by_role("option")).to_have_count(0)  # it is typed in full


def test_a_full_size_model_shows_nothing_of_it(page: Page, app_url: str) -> None:
    walk.open_page(page, app_url)
    field = page.locator(SUBJECT)
    field.press_sequentially("a fo")
    field.press("ArrowDown")
    expect(page.locator("#suggested")).to_have_count(0)
    assert field.get_attribute("role") is None
    field.fill("a hungry coyote")
    field.press("Enter")
    walk.expect_round(page, 1)
    expect(page.locator(".unlearned")).to_have_count(0)
