"""English, German and French: by the browser's language and by the switch, on every screen."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from personalize.ui.text.catalogue import FOLDER
from tests.browser import walk

NewContext = Callable[..., BrowserContext]
Screenshot = Callable[[Page, str], None]
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


def english(than: str) -> list[str]:
    """Pieces of the English catalogue that are long enough to be told from the other language's."""
    texts, others = (
        tomllib.loads((FOLDER / f"{code}.toml").read_text("utf-8"))["texts"] for code in ("en", than)
    )
    said = [
        text
        for name, value in texts.items()
        if name != "name"
        for text in (value.values() if isinstance(value, dict) else [value])
    ]
    pieces = {piece.strip(" .,:;") for text in said for piece in re.split(r"\{\w+\}|\n", text)}
    return [piece for piece in pieces if len(piece) > 5 and piece not in str(others)]


def everything_said(page: Page) -> str:
    """All text, and all that assistive technology reads, shown or hidden."""
    return str(
        page.evaluate(
            """() => {
              const said = [document.body.innerText];
              for (const part of document.querySelectorAll('.gradio-container *, dialog, dialog *')) {
                if (part.matches('script, style')) continue;
                for (const name of ['aria-label', 'alt', 'title', 'placeholder'])
                  if (part.getAttribute(name)) said.push(part.getAttribute(name));
                for (const node of part.childNodes)
                  if (node.nodeType === Node.TEXT_NODE) said.push(node.textContent);
              }
              return said.join('\\n');
            }"""
        )
    )


def screens(page: Page, url: str, sentence: str) -> Iterator[str]:
    """Every screen that a person can come to; yields its name."""
    walk.open_page(page, url)
    page.locator("#begin").click()
    walk.notice(page, sentence)
    yield "start"
    page.locator(".chips button").first.click()
    expect(page.locator("#subject input, #subject textarea")).not_to_have_value("")
    page.locator("#begin").click()
    walk.expect_round(page, 1)
    for number in range(1, 6):
        walk.press(page, str(number % 4), then=number + 1)
    yield "round"
    page.locator(".menu summary").click()
    yield "menu"
    page.locator("[data-act='delete']").click()
    yield "delete"
    page.locator("dialog.ask [data-shut]").click()
    page.locator("[data-act='change-answer']").click()
    expect(page.locator("dialog.change-answer fieldset")).to_have_count(5)
    yield "change-answer"
    page.locator("dialog.change-answer [data-shut]").click()
    # About one session in 150 has nothing certain after five such answers, and then there is no blind test.
    walk.answer_rounds(url, walk.token_of(page), range(6, 13), walk.liking("pixel art"))
    walk.go(page, "taste")
    yield "taste"
    walk.go(page, "pictures")
    walk.draw(page, "a teapot", "1")
    expect(page.locator(".yours img")).to_have_count(4)
    yield "pictures"
    page.locator(".pairs [data-go='blind_test']").click()
    expect(page.locator(".blind-test[data-trial='1'] [data-side]")).to_have_count(2, timeout=90_000)
    for number in range(1, 6):
        page.locator(f".blind-test[data-trial='{number}'] [data-side='0']").click()
    expect(page.locator(".blind-test .trials li")).to_have_count(5)
    yield "blind-test"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("locale", "language", "sentence"),
    [("de-DE", "de", "Gib ein paar Wörter ein"), ("fr-CA", "fr", "Tapez quelques mots")],
)
def test_no_english_sentence_is_left_on_any_screen(
    new_context: NewContext,
    app_url: str,
    screenshot: Screenshot,
    size: str,
    locale: str,
    language: str,
    sentence: str,
) -> None:
    page = new_context(locale=locale, viewport=SIZES[size], reduced_motion="reduce").new_page()
    pieces = english(language)
    assert len(pieces) > 150
    for name in screens(page, app_url, sentence):
        assert page.evaluate("document.documentElement.lang") == language
        said = everything_said(page)
        assert [piece for piece in pieces if piece in said] == [], name
        screenshot(page, f"{language}-{size}-{name}")
        walk.accessible(page)


def test_the_switch_says_everything_anew_and_is_remembered(page: Page, app_url: str) -> None:
    walk.begin(page, app_url)
    walk.press(page, "2", then=2)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    before = walk.pictures(page)
    page.locator(".menu summary").click()
    page.locator("[data-speak='fr']").click()
    expect(page.locator(".round h1")).to_have_text(re.compile("Laquelle préférez-vous"))
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert walk.pictures(page) == before and walk.past(page) == 1
    page.reload()
    expect(page.locator(".round h1")).to_have_text(re.compile("Laquelle préférez-vous"))
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    page.locator("[data-act='again']").click()
    expect(page.locator("#begin")).to_have_text("Commencer")
    expect(page.get_by_label(re.compile("De quoi voulez-vous"))).to_be_visible()
    page.locator(".menu summary").click()
    page.locator("[data-speak='en']").click()
    expect(page.locator("#begin")).to_have_text("Start picking")


def test_what_was_typed_stays_when_the_language_changes(page: Page, app_url: str) -> None:
    walk.open_page(page, app_url)
    field = page.locator("#subject input, #subject textarea")
    field.fill("a red kite")
    page.locator(".menu summary").click()
    page.locator("[data-speak='de']").click()
    expect(page.locator("#begin")).to_have_text("Los geht’s")
    expect(field).to_have_value("a red kite")


def test_the_taste_card_speaks_the_language_too(
    new_context: NewContext, app_url: str, tmp_path: Path
) -> None:
    page = new_context(locale="de").new_page()
    walk.begin(page, app_url)
    walk.press(page, "1", then=2)
    walk.go(page, "taste")
    link = str(page.locator("#save-card").get_attribute("href"))
    assert link.endswith("?language=de")
    german = page.request.get(f"{app_url}/{link}").body()
    other = page.request.get(f"{app_url}/{link.replace('=de', '=fr')}").body()
    assert german.startswith(b"\x89PNG") and german != other
