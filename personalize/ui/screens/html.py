r"""HTML that all screens share. Every text is escaped here, on the server, and nowhere else.

Gradio's own HTML templates are not used for text. They escape `<`, but then run the result as a JavaScript
template literal, in which a subject such as `\x3cimg ...` becomes a tag again. The components get finished
HTML as their value (`components.py`), and a value is never run.
"""

import re
import unicodedata
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from personalize.ui.browser_state import BrowserState, Screen
from personalize.ui.text.catalogue import LANGUAGES, Catalogue, catalogue

TEMPLATES = Path(__file__).parents[1] / "templates"
STEPS: tuple[Screen, ...] = ("rounds", "taste", "pictures")
"""Screens that the masthead offers as the steps of a session."""

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    auto_reload=False,  # else every update of a page looks at the file on disk
    undefined=StrictUndefined,
    trim_blocks=True,
)


def written(words: Catalogue, template: str, **values: object) -> str:
    """The template of that name, filled with the values and with texts in one language."""
    return _templates.get_template(template + ".html").render(t=words, **values)


def masthead(state: BrowserState, repeats: bool = False) -> str:
    """The top of the page.

    Its `data-screen` names the screen that the style sheet shows.

    Args:
        state: of the browser.
        repeats: whether some questions come again, which the menu then explains.
    """
    languages = [(code, catalogue(code)("name")) for code in LANGUAGES]
    return written(
        state.words,
        "masthead",
        screen=state.screen,
        token=state.token,
        steps=STEPS,
        languages=languages,
        repeats=repeats,
    )


def booth(words: Catalogue, idle_s: int, address: str, cards: int = 0) -> str:
    """The attract loop of a booth, and the values that its script needs.

    Args:
        words: texts in the reader's language.
        idle_s: seconds without a touch until the page starts over; 0 outside of a booth.
        address: URL at which phones reach the page; "" for the URL of the browser.
        cards: number of taste cards that the loop shows.
    """
    return written(words, "booth", idle_s=idle_s, address=address, cards=cards)


def notice(words: Catalogue, text: str = "", kind: str = "trouble") -> str:
    """The message above every screen; an empty text removes it. `kind` is "trouble" or "news"."""
    return written(words, "notice", text=text, kind=kind)


def error_notice(words: Catalogue, error: Exception) -> str:
    """The message for an error, in the reader's language."""
    return notice(words, words.error(error))


def picture_url(token: str, picture: str) -> str:
    """URL of a picture, served by `http/pictures.py`. It is relative, so a proxy may add a path before it."""
    return f"picture/{token}/{picture}.png"


def file_name(subject: str, kind: str, seed: int) -> str:
    """A file name for a saved picture: "palate-a-fox-plain-7.png"."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "picture"
    return f"palate-{words}-{kind}-{seed}.png"
