"""Sessions and tastes with nasty texts, and a reader of tags."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from personalize.session.record import Answer, Round, Session
from personalize.taste.summary import Opinion, Taste
from personalize.ui.text.catalogue import catalogue

NASTY = "<img src=x onerror=alert(1)> \" ' & \\x3c ${1} {{2}} `"
EN = catalogue("en")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Tags(HTMLParser):
    """Every tag and attribute of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def a_round(number: int, answer: Answer | None = None, drawn: bool = True) -> Round:
    pictures = tuple(f"{number}{k}" * 32 for k in range(4)) if drawn else ()
    prompts = tuple(f"{NASTY}, {k}" for k in range(4))
    return Round(number, NASTY, ((0,),) * 4, prompts, (1,) * 4, pictures, "adaptive", answer)


def a_session(*rounds: Round) -> Session:
    return Session("t0", 1, NASTY, "adaptive", 4, "v", "r", "e", NOW, rounds)


def a_taste(answered: int = 4, ready: bool = False, to_go: int = 8) -> Taste:
    opinions = (
        Opinion("watercolor", "medium", 1.5, 0.5),
        Opinion(NASTY, "medium", 0.2, 0.5),
        Opinion("night", "light", -1.0, 0.5),
    )
    return Taste(answered, opinions, 0.41, 0.25, 0.5, ready, 0 if ready else to_go)
