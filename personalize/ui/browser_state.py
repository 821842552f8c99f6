"""The state that the browser keeps between visits: the session's token, the screen, and the fields on it.

The state comes back from the browser and may contain anything, so `BrowserState.read` checks every value.
Only the token gives access to data. The other values let a reload show the same screen with the same fields.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from personalize.errors import SessionError
from personalize.seeds import LARGEST_SEED
from personalize.ui.text.catalogue import Catalogue, catalogue, checked_language

Screen = Literal["opening", "start", "rounds", "taste", "pictures", "blind_test", "friends"]
SCREENS: tuple[Screen, ...] = ("start", "rounds", "taste", "pictures", "blind_test", "friends")
"""Screens that a person can open. "opening" is the screen before the browser's state is known."""

FORMER_NAMES: dict[str, Screen] = {"studio": "pictures", "proof": "blind_test"}
"""Names of screens in earlier versions, which browsers may still keep."""

STRENGTH_LOW, STRENGTH_HIGH, STRENGTH_STEP = 0.0, 1.0, 0.1
"""Strength of a taste: 0 leaves the taste out, 1 uses every token that is known to help."""

LONGEST_TOKEN = 128
LONGEST_WORD = 200
MOST_WORDS = 100


@dataclass(frozen=True)
class BrowserState:
    """The state of one browser.

    Attributes:
        token: opens the session; "" before the start.
        screen: the screen on show.
        subject: subject of the last personal pictures; "" before the first.
        strength: strength of the taste in them, 0 to 1.
        seed: seed of the first of them; None before the first.
        without: words that are left out of personal pictures.
        language: language that the person chose; "" for the browser's language.
        browser_language: language that the browser asks for. It comes with every request and is not kept.
    """

    token: str = ""
    screen: Screen = "start"
    subject: str = ""
    strength: float = 1.0
    seed: int | None = None
    without: tuple[str, ...] = ()
    language: str = ""
    browser_language: str = ""

    @classmethod
    def read(cls, kept: object, browser_language: str = "") -> "BrowserState":
        """The state that a browser sent; a value that does not fit is replaced by its default."""
        if not isinstance(kept, dict):
            return cls(browser_language=browser_language)
        subject = kept.get("subject")
        return cls(
            token=checked_token(kept.get("token")),
            screen=checked_screen(kept.get("screen")),
            subject=subject if isinstance(subject, str) else "",
            strength=checked_strength(kept.get("strength")),
            seed=seed_or_none(kept.get("seed")),
            without=checked_words(kept.get("without")),
            language=checked_language(kept.get("language")),
            browser_language=browser_language,
        )

    def to(self, screen: Screen, **changes: Any) -> "BrowserState":
        """The state after a change to another screen."""
        return replace(self, screen=screen, **changes)

    def reset(self, token: str = "", screen: Screen = "start") -> "BrowserState":
        """The state of the same browser in another session, or in none; only the language stays."""
        return BrowserState(token, screen, language=self.language, browser_language=self.browser_language)

    @property
    def words(self) -> Catalogue:
        """The texts in this person's language."""
        return catalogue(self.language or self.browser_language)

    def kept(self) -> dict[str, object]:
        """The values that the browser keeps."""
        kept = asdict(self)
        del kept["browser_language"]
        return kept


def seed_from(text: str) -> int | None:
    """The seed that a person typed; None for an empty field, which asks for a random seed.

    Raises:
        SessionError: not a whole number from 0 to LARGEST_SEED.
    """
    typed = text.strip()
    if not typed:
        return None
    if typed.isascii() and typed.isdigit() and len(typed) <= 10 and int(typed) <= LARGEST_SEED:
        return int(typed)
    raise SessionError(
        "Expected a whole number from 0 to {high} as the seed, found something else. Correct it, "
        "or leave the field empty for a random one.",
        high=LARGEST_SEED,
    )


def checked_screen(value: object) -> Screen:
    """The screen of that name, which may be a former one; "start" for an unknown name."""
    if isinstance(value, str):
        value = FORMER_NAMES.get(value, value)
    return next((name for name in SCREENS if name == value), "start")


def checked_token(value: object) -> str:
    """A token as text; "" for a value that cannot be a token."""
    return value if isinstance(value, str) and len(value) <= LONGEST_TOKEN else ""


def checked_strength(value: object) -> float:
    """A strength within its range; 1 for a value that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 1.0
    return float(min(max(value, STRENGTH_LOW), STRENGTH_HIGH))


def checked_words(value: object) -> tuple[str, ...]:
    """The words that a browser kept, without values that cannot be words."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(w for w in value if isinstance(w, str) and len(w) <= LONGEST_WORD)[:MOST_WORDS]


def seed_or_none(value: object) -> int | None:
    """A seed within its range; None for a value that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), LARGEST_SEED))
