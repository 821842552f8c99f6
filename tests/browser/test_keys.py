"""Keys on keyboards of many countries: numbers, marks, letters of other scripts."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walk

NUMBER = """([key, code, shiftKey, more]) => {
  const found = palate.number(new KeyboardEvent('keydown', {key, code, shiftKey, ...more}));
  return found && [found.value, found.dislike];
}"""
LETTER = "([key, code]) => palate.letter(new KeyboardEvent('keydown', {key, code}))"
ON = {"modifierNumLock": True}


def press(page: Page, key: str, code: str, *, shift: bool = False) -> None:
    """Press a key of another layout, as the browser gets it from the system."""
    session = page.context.new_cdp_session(page)
    said = {"key": key, "code": code, "text": key, "modifiers": 8 if shift else 0}
    session.send("Input.dispatchKeyEvent", {"type": "keyDown", **said})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **said})


def test_numbers_and_letters_of_many_keyboards(page: Page, app_url: str) -> None:
    walk.open_page(page, app_url)
    cases: dict[str, tuple[list[Any], list[Any] | None]] = {
        "US": (["1", "Digit1", False, {}], [1, False]),
        "US, Shift": (["!", "Digit1", True, {}], [1, True]),
        "French": (["&", "Digit1", False, {}], [1, False]),
        "French, Shift": (["1", "Digit1", True, {}], [1, False]),
        "French, none of these": (["à", "Digit0", False, {}], [0, False]),
        "Czech": (["ě", "Digit2", False, {}], [2, False]),
        "Czech, Shift": (["2", "Digit2", True, {}], [2, False]),
        "Lithuanian": (["č", "Digit2", False, {}], [2, False]),
        "Lithuanian, Shift": (["Č", "Digit2", True, {}], [2, True]),
        "Lithuanian, AltGr": (["2", "Digit2", False, {"modifierAltGraph": True}], [2, False]),
        "German, AltGr": (["²", "Digit2", False, {"modifierAltGraph": True}], None),
        "Dvorak as invented": (["7", "Digit1", False, {}], [7, False]),
        "Dvorak for programmers": (["&", "Digit1", False, {}], [1, False]),
        "Dvorak for programmers, Shift": (["1", "Digit5", True, {}], [1, False]),
        "dead key": (["Dead", "Digit3", False, {}], [3, False]),
        "Persian": (["۳", "Digit3", False, {}], [3, False]),
        "Arabic": (["٤", "Digit4", False, {}], [4, False]),
        "Hindi": (["१", "Digit1", False, {}], [1, False]),
        "pad": (["4", "Numpad4", False, ON], [4, False]),
        "pad, Shift": (["End", "Numpad1", True, ON], [1, True]),
        "pad, Shift on Windows": (["End", "Numpad1", False, ON], [1, True]),
        "pad on a Mac, Shift": (["1", "Numpad1", True, {}], [1, True]),
        "pad for the cursor": (["End", "Numpad1", False, {}], None),
        "on a screen": (["2", "", False, {}], [2, False]),
        "letter": (["q", "KeyQ", False, {}], None),
    }
    found = {name: page.evaluate(NUMBER, asked) for name, (asked, _) in cases.items()}
    assert found == {name: right for name, (_, right) in cases.items()}
    letters = {
        ("z", "KeyY"): "z",
        ("U", "KeyU"): "u",
        ("г", "KeyU"): "u",
        ("ط", "KeyZ"): "z",
        (",", "KeyM"): ",",
        ("Backspace", "Backspace"): "backspace",
    }
    assert {keys: page.evaluate(LETTER, list(keys)) for keys in letters} == letters


def test_a_french_keyboard_picks_with_and_without_shift_and_reads_its_own_keys(
    page: Page, app_url: str
) -> None:
    walk.begin(page, app_url)
    expect(page.locator(".keys:visible")).to_contain_text("Keys: 1")
    press(page, "&", "Digit1")
    walk.expect_round(page, 2)
    expect(page.locator(".keys:visible")).to_contain_text("Keys, with or without Shift")
    press(page, "2", "Digit2", shift=True)
    walk.expect_round(page, 3)
    marked = page.locator('.round [data-mark][aria-pressed="true"]')
    expect(marked).to_have_count(0)
    press(page, "l", "KeyL")
    press(page, '"', "Digit3")
    expect(marked).to_have_count(1)
    expect(page.locator('[data-mark="liked"][data-card="2"]')).to_have_attribute("aria-pressed", "true")
    press(page, "'", "Digit4")
    walk.expect_round(page, 4)
    press(page, "г", "KeyU")
    walk.expect_round(page, 3)
    assert walk.past(page) == 2


@pytest.mark.parametrize(("typed", "sheet"), [("&", "Keys, with or without Shift"), ("1", "Keys: 1")])
def test_the_sheet_of_keys_knows_the_layout_before_any_key(
    page: Page, app_url: str, typed: str, sheet: str
) -> None:
    page.add_init_script(f"Keyboard.prototype.getLayoutMap = async () => new Map([['Digit1', '{typed}']])")
    walk.begin(page, app_url)
    expect(page.locator(".keys:visible")).to_contain_text(sheet)
