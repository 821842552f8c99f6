"""A whole session, and everything that may interrupt one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import BrowserContext, Page, Response, Route, expect

from tests.browser import walk

Screenshot = Callable[[Page, str], None]
NewContext = Callable[..., BrowserContext]

VISITORS = {
    "desk-light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.mark.parametrize("visitor", VISITORS)
def test_a_whole_session_by_keyboard(
    visitor: str, new_context: NewContext, app_url: str, screenshot: Screenshot
) -> None:
    page = new_context(**VISITORS[visitor]).new_page()
    walk.open_page(page, app_url)
    screenshot(page, f"{visitor}-1-start")
    page.locator("#subject input, #subject textarea").focus()
    page.keyboard.type("an owl")
    page.keyboard.press("Enter")
    walk.expect_round(page, 1)
    screenshot(page, f"{visitor}-2-first-round")
    page.keyboard.press("1")
    walk.expect_round(page, 2)
    expect(page.locator(".learned .bars:not(.ghost) li").first).to_be_visible()
    page.locator(".round [data-pick='2']").focus()
    walk.press(page, "Enter", then=3)
    expect(page.locator(".round [data-pick='2']")).to_be_focused()
    for number, key in enumerate("0413", start=3):
        walk.press(page, key, then=number + 1)
    assert walk.past(page) == 6
    screenshot(page, f"{visitor}-3-later-round")
    walk.press_button(page, ".learned [data-go='taste']", then="taste")
    expect(page.locator(".taste .sentence")).to_be_visible()
    screenshot(page, f"{visitor}-4-taste")
    walk.press_button(page, ".taste [data-go='pictures']", then="pictures")
    expect(page.locator("#wish input, #wish textarea")).to_have_value("an owl")
    page.locator("#wish input, #wish textarea").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("a lighthouse")
    page.keyboard.press("Enter")
    expect(page.locator(".pair")).to_have_count(4)
    expect(page.locator(".yours img").first).to_be_visible()
    screenshot(page, f"{visitor}-5-pictures")


def test_the_planned_rounds_end_at_the_taste_and_go_on(page: Page, app_url: str) -> None:
    walk.begin_at(page, app_url, 11, lambda number, _: number % 4 + 1)
    walk.press(page, "4", then=12)
    page.keyboard.press("1")
    expect(page.locator(".taste .sentence")).to_be_visible()
    page.locator(".taste [data-go='rounds']").click()
    walk.expect_round(page, 13)
    expect(page.locator(".eyebrow").first).to_contain_text("Round 13")


def test_reload_returns_to_the_same_round_and_pictures(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "2", then=2)
    before = walk.pictures(page)
    page.reload()
    walk.expect_round(page, 2)
    assert walk.pictures(page) == before
    assert walk.past(page) == 1


def test_reload_returns_to_the_personal_pictures(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    walk.go(page, "pictures")
    walk.draw(page, "a teapot", "7")
    expect(page.locator(".yours img")).to_have_count(4)
    before = [image.get_attribute("src") for image in page.locator(".pair img").all()]
    page.reload()
    expect(page.locator(".yours img")).to_have_count(4)
    assert [image.get_attribute("src") for image in page.locator(".pair img").all()] == before
    expect(page.locator("#wish input, #wish textarea")).to_have_value("a teapot")


def test_the_link_continues_elsewhere(page: Page, new_context: NewContext, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "3", then=2)
    page.locator(".menu summary").click()
    link = page.locator(".link").input_value()
    assert re.fullmatch(re.escape(app_url) + r"/\?s=\S{16,}", link)
    other = new_context().new_page()
    other.goto(link)
    walk.expect_round(other, 2)
    assert walk.pictures(other) == walk.pictures(page)
    expect(other).to_have_url(app_url + "/")
    other.reload()
    walk.expect_round(other, 2)


def test_a_link_that_opens_nothing_says_so(page: Page, app_url: str) -> None:
    page.goto(app_url + "/?s=00000000000000000000000000000000")
    walk.notice(page, "Start a new session")
    expect(page.locator("#subject")).to_be_visible()


def test_two_visitors_never_meet(page: Page, new_context: NewContext, app_url: str) -> None:
    walk.begin(page, app_url, "a fox")
    other = new_context().new_page()
    walk.begin(other, app_url, "a secret garden")
    walk.press(page, "1", then=2)
    expect(other.locator(".round")).to_have_attribute("data-round", "1")
    assert "secret garden" not in page.content()
    mine, theirs = walk.pictures(page), walk.pictures(other)
    token = theirs[0].split("/")[1]
    stolen = mine[0].replace(mine[0].split("/")[1], token)
    assert other.request.get(f"{app_url}/{theirs[0]}").status == 200
    assert other.request.get(f"{app_url}/{stolen}").status == 404


def test_pictures_are_served_privately(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    answer = page.request.get(f"{app_url}/{walk.pictures(page)[0]}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    assert page.request.get(f"{app_url}/picture/unknown/{'0' * 64}.png").status == 404
    assert page.request.get(f"{app_url}/picture/unknown/nonsense.png").status == 404


def test_undo_goes_back_any_number_of_rounds(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    first = walk.pictures(page)
    walk.press(page, "1", then=2)
    second = walk.pictures(page)
    walk.press(page, "2", then=3)
    walk.press(page, "u", then=2)
    assert walk.pictures(page) == second
    page.locator(".actions [data-act='undo']").click()
    walk.expect_round(page, 1)
    assert walk.pictures(page) == first
    assert walk.past(page) == 0
    expect(page.locator(".actions [data-act='undo']")).to_be_disabled()
    walk.press(page, "4", then=2)
    assert walk.past(page) == 1


def test_undo_while_the_next_round_is_drawn(page: Page, app_url: str, release: Path) -> None:
    walk.begin(page, app_url, "a held brush")
    first = walk.pictures(page)
    page.keyboard.press("1")
    expect(page.locator(".skeleton")).to_have_count(4)
    page.keyboard.press("u")
    walk.expect_round(page, 1)
    release.touch()
    page.wait_for_timeout(3000)  # the drawing that was left goes on and must not come back
    expect(page.locator(".round")).to_have_attribute("data-round", "1")
    assert walk.pictures(page) == first
    walk.press(page, "2", then=2)
    assert walk.past(page) == 1


def test_an_undo_in_the_moment_of_a_pick_takes_back_no_earlier_answer(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    second = walk.pictures(page)
    page.evaluate(
        """() => { for (const key of ["2", "u"])
            document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})); }"""
    )
    page.wait_for_timeout(3000)  # both are done, in whatever order
    number = page.locator(".round").get_attribute("data-round")
    assert number in ("2", "3")  # the pick was taken back, or it came second and stands
    walk.expect_round(page, int(number))
    assert walk.past(page) == int(number) - 1
    if number == "2":
        assert walk.pictures(page) == second


def begin_and_load_ahead(page: Page, app_url: str) -> list[str]:
    """Begin, and wait until all that is drawn ahead is loaded; the pictures after a pick of picture 2."""
    walk.open_page(page, app_url)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if "/ahead/" in answer.url else None)
    walk.begin(page, app_url)
    expect(page.locator(".round[data-loaded='all']")).to_be_visible()
    rounds = answers[-1].json()["rounds"]
    assert set(rounds) == {"0", "1", "2", "3", "-1"}
    coming = [str(card["url"]) for card in rounds["1"]["cards"]]
    assert len(coming) == 4
    return coming


def test_a_pick_shows_the_next_pictures_before_the_server_replies(page: Page, seen_url: str) -> None:
    coming = begin_and_load_ahead(page, seen_url)
    held: list[Route] = []
    page.route("**/queue/join*", lambda route: held.append(route))  # the pick is on its way
    page.keyboard.press("2")
    expect(page.locator(".round[data-ahead]")).to_be_visible()
    assert walk.pictures(page) == coming
    expect(page.locator(".round")).to_have_attribute("data-round", "1")
    page.keyboard.press("3")  # counts for nothing until the server has replied
    for route in held:
        route.continue_()
    walk.expect_round(page, 2)
    assert len(held) == 1
    assert walk.pictures(page) == coming
    assert walk.past(page) == 1


def test_a_pick_asks_for_no_picture_that_was_loaded_ahead(page: Page, seen_url: str) -> None:
    coming = begin_and_load_ahead(page, seen_url)
    asked: list[str] = []  # without `page.route`, which switches the browser's cache off
    page.on("request", lambda request: asked.append(request.url))
    walk.press(page, "2", then=2)
    assert walk.pictures(page) == coming
    assert not [one for one in asked if any(one.endswith(url) for url in coming)]


def test_reload_while_a_round_is_drawn(page: Page, app_url: str, release: Path) -> None:
    walk.begin(page, app_url, "a second held brush")
    page.keyboard.press("1")
    expect(page.locator(".skeleton")).to_have_count(4)
    serial = page.locator(".round").get_attribute("data-serial")
    expect(page.locator(".round .left")).to_contain_text("about")
    expect(page.locator(".grown").first).to_have_attribute("style", re.compile(r"width: *[1-9]"))
    expect(page.locator(".round")).to_have_attribute("data-serial", serial or "")  # it was sent once
    page.reload()
    expect(page.locator(".skeleton")).to_have_count(4)
    release.touch()
    walk.expect_round(page, 2)
    assert walk.past(page) == 1


def test_none_of_these_is_an_answer(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    page.locator(".actions [data-act='none']").click()
    walk.expect_round(page, 2)
    expect(page.locator(".past .nothing")).to_have_count(1)


def test_pictures_are_marked_before_the_pick_by_mouse_and_keys(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    pressed = page.locator('.round [data-mark][aria-pressed="true"]')
    for key in ("l", "2", "d", "3"):
        page.keyboard.press(key)
    expect(pressed).to_have_count(2)
    expect(page.locator('[data-mark="liked"][data-card="1"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator('[data-mark="disliked"][data-card="2"]')).to_have_attribute("aria-pressed", "true")
    page.locator('[data-mark="disliked"][data-card="1"]').click()  # one mark on a picture
    expect(page.locator('[data-mark="liked"][data-card="1"]')).to_have_attribute("aria-pressed", "false")
    page.locator('[data-mark="disliked"][data-card="1"]').click()
    expect(pressed).to_have_count(1)
    page.keyboard.press("l")
    page.keyboard.press("Escape")  # the number after it picks
    walk.press(page, "1", then=2)
    assert walk.past(page) == 1
    expect(pressed).to_have_count(0)
    assert walk.marks(page, app_url) == [((), (2,))]


def test_a_double_click_counts_once(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    page.locator(".round [data-pick='1']").dblclick()
    walk.expect_round(page, 2)
    page.wait_for_timeout(500)
    expect(page.locator(".round")).to_have_attribute("data-round", "2")
    assert walk.past(page) == 1


def test_two_tabs_make_one_answer(context: BrowserContext, page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    second = context.new_page()
    walk.open_page(second, app_url)
    walk.expect_round(second, 1)
    walk.press(page, "1", then=2)
    second.keyboard.press("2")
    walk.notice(second, "not counted")
    walk.expect_round(second, 2)
    assert walk.past(second) == 1


def test_an_answer_about_pictures_that_were_withdrawn_is_not_counted(
    page: Page, new_context: NewContext, app_url: str
) -> None:
    """Round 3 follows from the answer to round 1: it was chosen while round 2 was shown."""
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    walk.press(page, "1", then=3)
    old = walk.pictures(page)
    page.locator(".menu summary").click()
    other = new_context().new_page()
    other.goto(page.locator(".link").input_value())
    page.keyboard.press("Escape")
    walk.expect_round(other, 3)
    walk.press(other, "u", then=2)
    walk.press(other, "u", then=1)
    walk.press(other, "4", then=2)
    walk.press(other, "4", then=3)
    assert walk.pictures(page) == old != walk.pictures(other)
    page.keyboard.press("2")
    walk.notice(page, "not counted")
    walk.expect_round(page, 3)
    assert walk.pictures(page) == walk.pictures(other)
    assert walk.past(page) == 2
    walk.press(page, "2", then=4)
    expect(page.locator(".notice")).to_have_count(0)


def test_a_link_that_opens_nothing_leaves_the_visitor_where_they_were(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    before = walk.pictures(page)
    page.goto(app_url + "/?s=00000000000000000000000000000000")
    walk.notice(page, "Start a new session")
    walk.expect_round(page, 2)
    assert walk.pictures(page) == before
    page.reload()
    walk.expect_round(page, 2)


def test_keys_are_left_alone_while_typing_and_with_modifiers(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    for keys in ("Control+1", "Alt+1", "Meta+1", "5", "9"):
        page.keyboard.press(keys)
    page.locator(".menu summary").click()
    page.locator(".link").focus()
    page.keyboard.press("1")
    page.wait_for_timeout(500)
    assert walk.past(page) == 0
    page.keyboard.press("Escape")
    page.keyboard.down("1")
    page.keyboard.down("1")  # held: the browser repeats it
    walk.expect_round(page, 2)
    page.keyboard.down("1")
    page.keyboard.up("1")
    page.wait_for_timeout(500)
    assert walk.past(page) == 1


def test_a_picture_can_be_enlarged_and_picked(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    page.locator(".round .zoom").nth(1).click()
    large = page.locator("dialog.large")
    expect(large.locator("img")).to_have_attribute("src", walk.pictures(page)[1])
    page.keyboard.press("ArrowRight")
    expect(large.locator("img")).to_have_attribute("src", walk.pictures(page)[2])
    page.keyboard.press("z")
    expect(large).to_be_hidden()
    page.keyboard.press("z")
    expect(large).to_be_visible()
    large.locator("[data-choose]").click()
    walk.expect_round(page, 2)
    assert walk.past(page) == 1


def test_personal_pictures_can_be_saved(page: Page, app_url: str, tmp_path: Path) -> None:
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    walk.go(page, "pictures")
    walk.draw(page, "Ein Käfer & Co", "42")
    with page.expect_download() as saved:
        page.locator(".yours a").first.click()
    assert re.fullmatch(r"palate-ein-kafer-co-yours-\d+\.png", saved.value.suggested_filename)
    saved.value.save_as(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG\r\n")
    expect(page.locator(".plain .prompt").first).to_have_text("Ein Käfer & Co")


def test_a_failed_drawing_can_be_tried_again(page: Page, app_url: str) -> None:
    walk.open_page(page, app_url)
    page.locator("#subject input, #subject textarea").fill("a broken brush")
    page.locator("#begin").click()
    walk.notice(page, "Something went wrong here")
    page.locator("[data-act='resume']").click()
    walk.expect_round(page, 1)
    expect(page.locator(".notice")).to_have_count(0)


def test_delete_forgets_everything_and_start_again_keeps_it(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    picture = walk.pictures(page)[0]
    page.locator(".menu summary").click()
    page.locator("[data-act='again']").click()
    expect(page.locator("#subject")).to_be_visible()
    assert page.request.get(f"{app_url}/{picture}").status == 200
    walk.begin(page, app_url, "a boat")
    picture = walk.pictures(page)[0]
    page.locator(".menu summary").click()
    link = page.locator(".link").input_value()
    page.locator("[data-act='delete']").click()
    page.locator("dialog.ask [data-yes]").click()
    walk.notice(page, "Deleted:")
    assert page.request.get(f"{app_url}/{picture}").status == 404
    page.goto(link)
    walk.notice(page, "Start a new session")


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("", "Type a few words"),
        ("x" * 10_000, "shorten it"),
        ("a\x07fox", "control character"),
        ("<script>alert(1)</script>", "Plain words only"),
    ],
)
def test_a_bad_subject_gets_a_sentence(page: Page, app_url: str, subject: str, sentence: str) -> None:
    walk.open_page(page, app_url)
    page.locator("#subject input, #subject textarea").fill(subject)
    page.locator("#begin").click()
    walk.notice(page, sentence)
    expect(page.locator("#subject")).to_be_visible()


@pytest.mark.parametrize("subject", [r"\x3cimg src\x3dx onerror\x3dalert(1)\x3e", "`$`&\"'\\", "a \\u fox"])
def test_odd_words_stay_words(page: Page, app_url: str, subject: str) -> None:
    walk.begin(page, app_url, subject)
    expect(page.locator(".eyebrow .of").first).to_have_text(subject)
    assert page.locator("img[src='x']").count() == 0


def test_a_bad_wish_or_seed_gets_a_sentence(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.go(page, "pictures")
    walk.draw(page, "")
    walk.notice(page, "Type a few words")
    walk.draw(page, "a fox", "many")
    walk.notice(page, "whole number")


@pytest.mark.parametrize(("button", "name"), [("taste", "taste.json"), ("card", "card.png")])
def test_a_taste_is_saved_and_gone_on_from_elsewhere(
    page: Page,
    new_context: NewContext,
    app_url: str,
    tmp_path: Path,
    screenshot: Screenshot,
    button: str,
    name: str,
) -> None:
    walk.begin(page, app_url, "an owl")
    for number, key in enumerate("213", start=1):
        walk.press(page, key, then=number + 1)
    walk.go(page, "taste")
    with page.expect_download() as begun:
        page.locator(f"#save-{button}").click()
    file = tmp_path / name
    begun.value.save_as(file)
    assert begun.value.suggested_filename == f"palate-{name}"
    other = new_context().new_page()
    walk.open_page(other, app_url)
    with other.expect_file_chooser() as chooser:
        other.locator("#bring").click()
    chooser.value.set_files(file)
    expect(other.locator(".arrival h2")).to_contain_text("A taste of 3 picks")
    screenshot(other, "arrival")
    other.locator(".arrival [data-act='adopt']").click()
    expect(other.locator(".taste .sentence")).to_be_visible()
    expect(other.locator(".taste .mosaic li")).to_have_count(3)
    other.locator(".taste [data-go='rounds']").click()
    walk.expect_round(other, 4)


def test_drawing_can_be_stopped_and_done_again(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    for number, key in enumerate("213", start=1):
        walk.press(page, key, then=number + 1)
    walk.go(page, "pictures")
    page.locator("#wish input, #wish textarea").fill("a slow brush")
    page.locator("#make").click()
    page.locator(".pairs [data-stop]").click()
    walk.notice(page, "Stopped")
    expect(page.locator(".pairs[aria-busy='false']")).to_be_visible()
    expect(page.locator(".pair")).to_have_count(0)
    walk.draw(page, "a lighthouse", "3")


def test_a_saved_picture_brings_its_settings_back(page: Page, app_url: str, tmp_path: Path) -> None:
    walk.begin(page, app_url)
    for number, key in enumerate("213", start=1):
        walk.press(page, key, then=number + 1)
    walk.go(page, "pictures")
    file, kept = tmp_path / "saved.png", PngInfo()
    kept.add_itxt("palate", '{"prompt": "a lighthouse, night", "seed": 5, "model": "fake-renderer"}')
    Image.new("RGB", (64, 64)).save(file, pnginfo=kept)
    with page.expect_file_chooser() as chooser:
        page.locator("#recall").click()
    chooser.value.set_files(file)
    expect(page.locator("#wish input, #wish textarea")).to_have_value("a lighthouse, night")
    expect(page.locator("#seed input, #seed textarea")).to_have_value("5")
    walk.notice(page, "settings of that picture")
    page.locator("#make").click()
    expect(page.locator(".pair").first).to_contain_text("a lighthouse, night")


def test_a_file_that_is_no_taste_is_refused_and_picking_goes_on(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"format": "<img src=x onerror=alert(1)>"}')
    walk.open_page(page, app_url)
    with page.expect_file_chooser() as chooser:
        page.locator("#bring").click()
    chooser.value.set_files(file)
    walk.notice(page, "not a taste file")
    expect(page.locator(".arrival")).to_have_count(0)
    walk.begin(page, app_url)


def test_before_and_after_lie_over_each_other_under_a_slider(
    page: Page, app_url: str, screenshot: Screenshot
) -> None:
    walk.begin(page, app_url)
    for number, key in enumerate("213", start=1):
        walk.press(page, key, then=number + 1)
    walk.go(page, "pictures")
    walk.draw(page, "a lighthouse", seed="4")
    pair = page.locator(".pair").first
    expect(pair.locator(".yours img")).to_be_visible()
    expect(pair.locator("input[type=range]")).to_be_hidden()
    pair.locator("[data-compare]").click()
    plain, yours = (pair.locator(f".{side} .card").bounding_box() for side in ("plain", "yours"))
    assert plain is not None and plain == yours
    expect(pair.locator("[data-compare]")).to_have_attribute("aria-pressed", "true")
    expect(pair.locator("input[type=range]")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(pair.locator(".yours .card")).to_have_css("clip-path", "inset(0px 0px 0px 30%)")
    screenshot(page, "slider")
    pair.locator("[data-compare]").click()
    expect(pair.locator("input[type=range]")).to_be_hidden()
    left, right = (pair.locator(f".{side} .card").bounding_box() for side in ("plain", "yours"))
    assert left is not None and right is not None and left["x"] + left["width"] <= right["x"]


def test_a_word_can_be_left_out_of_the_pictures_and_used_again(page: Page, app_url: str) -> None:
    walk.begin_at(page, app_url, 12, walk.liking("pixel art"))
    walk.go(page, "pictures")
    walk.draw(page, "a lighthouse", seed="4")
    chip = page.locator(".pair button.chip").first
    expect(chip).to_be_visible()
    word = str(chip.get_attribute("data-word"))
    chip.click()
    out = page.locator("button.chip.out")
    expect(out).to_have_text(word)
    expect(page.locator(".yours .prompt").first).to_be_visible()
    assert all(word not in text for text in page.locator(".yours .prompt").all_inner_texts())
    page.reload()
    expect(out).to_have_text(word)
    out.click()
    expect(out).to_have_count(0)
    expect(page.locator(f".pair button.chip[data-word='{word}']").first).to_be_visible()


def test_a_blind_test_is_counted_and_told_at_the_end(
    page: Page, app_url: str, screenshot: Screenshot
) -> None:
    walk.begin_at(page, app_url, 12, walk.liking("pixel art"))
    walk.go(page, "pictures")
    page.locator(".pairs [data-go='blind_test']").click()
    for number in range(1, 6):
        expect(page.locator(f".blind-test[data-trial='{number}'] [data-side]")).to_have_count(2)
        assert "taste" not in " ".join(page.locator(".blind-test .cards").all_inner_texts()).lower()
        if number == 1:
            screenshot(page, "blind-test-trial")
            page.reload()
            expect(page.locator(".blind-test[data-trial='1'] [data-side]")).to_have_count(2)
        if number % 2:
            page.keyboard.press("2")
        else:
            page.locator(".blind-test [data-side='0']").dblclick()
    expect(page.locator(".blind-test .sentence")).to_contain_text("of 5 times")
    expect(page.locator(".blind-test .trials li")).to_have_count(5)
    screenshot(page, "blind-test-result")
    page.locator(".blind-test [data-more]").click()
    expect(page.locator(".blind-test[data-trial='6'] [data-side]")).to_have_count(2)


def test_an_earlier_pick_can_be_changed_and_later_ones_stay(
    page: Page, app_url: str, screenshot: Screenshot
) -> None:
    walk.begin(page, app_url)
    for number, key in enumerate("123", start=1):
        walk.press(page, key, then=number + 1)
    shown = walk.pictures(page)
    bars = page.locator(".learned .bars").text_content() or ""
    page.locator("[data-act='change-answer']").click()
    dialog = page.locator("dialog.change-answer")
    expect(dialog.locator("fieldset")).to_have_count(3)
    expect(dialog.locator("[data-change='1'][data-index='0']")).to_have_attribute("aria-pressed", "true")
    screenshot(page, "change-answer")
    dialog.locator("[data-change='1'][data-index='3']").click()
    expect(page.locator(".learned .bars")).not_to_have_text(bars)
    walk.expect_round(page, 4)
    assert walk.pictures(page) == shown and walk.past(page) == 3
    page.locator("[data-act='change-answer']").click()
    expect(dialog.locator("[data-change='1'][data-index='3']")).to_have_attribute("aria-pressed", "true")
    dialog.locator("[data-shut]").click()
    walk.press(page, "2", then=5)


def test_a_question_comes_again_and_the_taste_says_how_steady(
    page: Page, app_url: str, screenshot: Screenshot
) -> None:
    walk.begin(page, app_url)
    first = walk.pictures(page)
    for number in range(1, 8):
        walk.press(page, "2", then=number + 1)
    again = walk.pictures(page)
    assert again != first and set(again) == set(first)
    page.locator(".menu summary").click()
    expect(page.locator(".sheet")).to_contain_text("a question comes again")
    page.keyboard.press("Escape")
    walk.press(page, str(again.index(first[1]) + 1), then=9)
    walk.go(page, "taste")
    expect(page.locator(".steady")).to_contain_text("the same picture in 1 of 1 repeated round")
    expect(page.locator(".steady")).to_contain_text("would foresee between")
    screenshot(page, "steady")
