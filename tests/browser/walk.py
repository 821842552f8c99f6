"""The steps a visitor takes, named once."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from gradio_client import Client
from playwright.sync_api import Page, expect

DRAWN_MS = 30_000
"""Milliseconds that a step may take, pictures included."""


def open_page(page: Page, url: str) -> None:
    """Open the page and wait until it knows where the visitor was."""
    page.goto(url)
    expect(page.locator('.mast:not([data-screen="opening"])')).to_be_visible()


def begin(page: Page, url: str, subject: str = "a fox") -> None:
    """Start a session and wait for its first pictures."""
    open_page(page, url)
    page.locator("#subject input, #subject textarea").fill(subject)
    page.locator("#begin").click()
    expect_round(page, 1)


def expect_round(page: Page, number: int) -> None:
    """The pictures of that round are on the screen."""
    expect(page.locator(f'.round[data-round="{number}"][data-busy="0"]')).to_be_visible()


def press(page: Page, key: str, then: int) -> None:
    """Press a key in the rounds and wait for the pictures of round `then`."""
    page.keyboard.press(key)
    expect_round(page, then)


def press_button(page: Page, selector: str, then: str) -> None:
    """Press a button by the keyboard, once it is on the screen, and wait for the screen `then`.

    A hidden button takes no focus, and the key would go to another one.
    """
    expect(page.locator(selector)).to_be_visible()
    page.locator(selector).focus()
    expect(page.locator(selector)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f'.mast[data-screen="{then}"]')).to_be_visible()


def begin_at(page: Page, url: str, number: int, choose: Callable[[int, list[str]], int]) -> None:
    """Open a session at round `number`. A program answers the rounds before it through the endpoints.

    `choose(round, prompts)` is the number of the best picture from 1, or 0 for none of these.
    """
    token = Client(url, verbose=False).predict("a fox", api_name="/start")["token"]
    answer_rounds(url, token, range(1, number), choose)
    page.goto(f"{url}/?s={token}")
    expect_round(page, number)


def answer_rounds(url: str, token: str, rounds: range, choose: Callable[[int, list[str]], int]) -> None:
    """A program answers these rounds of a session through the endpoints; `choose` as in begin_at."""
    client = Client(url, verbose=False)
    for number in rounds:
        prompts = [one["prompt"] for one in client.predict(token, api_name="/next_round")["pictures"]]
        client.predict(token, number, choose(number, prompts), api_name="/pick")


def marks(page: Page, url: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The liked and the disliked pictures of every answer, from 0, as the session's taste file has them."""
    rounds = page.request.get(f"{url}/taste/{token_of(page)}.json").json()["rounds"]
    return [
        (
            tuple(number - 1 for number in answer.get("liked", ())),
            tuple(
                number - 1
                for number in answer.get("disliked", [answer["worst"]] if "worst" in answer else ())
            ),
        )
        for answer in rounds
    ]


def token_of(page: Page) -> str:
    """The token of the session on the screen, from the address of a picture."""
    return pictures(page)[0].split("/")[-2]


def liking(word: str) -> Callable[[int, list[str]], int]:
    """The choices of a person who likes a word: the first picture that has it, or none of these."""
    return lambda _, prompts: next((at for at, prompt in enumerate(prompts, 1) if word in prompt), 0)


def pictures(page: Page) -> list[str]:
    """The addresses of the pictures of the round on the screen."""
    expect(page.locator(".round .pick img").first).to_be_visible()
    return [str(image.get_attribute("src")) for image in page.locator(".round .pick img").all()]


def past(page: Page) -> int:
    """How many answers the strip shows."""
    return page.locator(".past ol img, .past ol .nothing").count()


def go(page: Page, screen: str) -> None:
    """Go to a screen by the masthead."""
    page.locator(f'.mast nav [data-go="{screen}"]').click()
    expect(page.locator(f'.mast[data-screen="{screen}"]')).to_be_visible()


def draw(page: Page, subject: str, seed: str = "") -> None:
    """Ask for personal pictures on their screen."""
    page.locator("#wish input, #wish textarea").fill(subject)
    page.locator("#seed input, #seed textarea").fill(seed)
    page.locator("#make").click()


def notice(page: Page, text: str) -> None:
    """The page says a sentence with that text."""
    expect(page.locator(".notice p")).to_contain_text(text)


def at_rest(page: Page) -> None:
    """Wait until every bar has its length and every picture is faded in; endless animations may go on."""
    page.wait_for_function(
        "document.getAnimations().every(one => one.playState !== 'running'"
        " || one.effect.getComputedTiming().endTime === Infinity)"
    )


def accessible(page: Page) -> None:
    """Axe finds nothing, and nothing is wider than the screen."""
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
    across, wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert across <= wide
