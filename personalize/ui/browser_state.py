"""What the browser remembers between visits: whose session it is and where in the path the person was.

It comes back from the browser and may be anything, so it is read with care. Only the token opens things; the
rest lets a reload show the same screen with the same fields filled in.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from personalize.errors import SessionError
from personalize.ui.text.catalogue import Words, checked_language, words_of

Screen = Literal["opening", "start", "rounds", "taste", "studio", "proof", "friends"]
SCREENS: tuple[Screen, ...] = ("start", "rounds", "taste", "studio", "proof", "friends")
"""Screens that a person can be on; "opening" is before that is known."""

STRENGTH_LOW, STRENGTH_HIGH, STRENGTH_STEP = 0.0, 1.0, 0.1
"""Strength of a taste: 0 leaves it out, 1 uses every token that is known to help."""

SEED_HIGH = 2**31 - 1
"""Largest seed of a picture."""

TOKEN_LONGEST = 128
WORD_LONGEST = 200
MOST_WORDS = 100


@dataclass(frozen=True)
class Place:
    """Where a person is.

    Attributes:
        token: opens the session; "" before the start.
        screen: the screen on show.
        subject: of the last personal pictures, "" when none were asked for.
        strength: of the last personal pictures.
        seed: of the last personal pictures; None when none were asked for.
        without: words that are left out of personal pictures.
        language: that the person chose; "" for the browser's.
        browser: the language that the browser asks for; not kept, it comes with every request.
    """

    token: str = ""
    screen: Screen = "start"
    subject: str = ""
    strength: float = 1.0
    seed: int | None = None
    without: tuple[str, ...] = ()
    language: str = ""
    browser: str = ""

    @classmethod
    def read(cls, kept: object, browser: str = "") -> "Place":
        """The place that a browser kept; whatever does not fit is left out, never refused."""
        if not isinstance(kept, dict):
            return cls(browser=browser)
        subject = kept.get("subject")
        return cls(
            token=checked_token(kept.get("token")),
            screen=checked_screen(kept.get("screen")),
            subject=subject if isinstance(subject, str) else "",
            strength=checked_strength(kept.get("strength")),
            seed=checked_seed(kept.get("seed")),
            without=checked_words(kept.get("without")),
            language=checked_language(kept.get("language")),
            browser=browser,
        )

    def to(self, screen: Screen, **changes: Any) -> "Place":
        """The same person on another screen."""
        return replace(self, screen=screen, **changes)

    def anew(self, token: str = "", screen: Screen = "start") -> "Place":
        """The same person with nothing but a language, in that session."""
        return Place(token, screen, language=self.language, browser=self.browser)

    @property
    def words(self) -> Words:
        """The texts in this person's language."""
        return words_of(self.language or self.browser)

    def kept(self) -> dict[str, object]:
        """What the browser is given to keep."""
        kept = asdict(self)
        del kept["browser"]
        return kept


def seed_from(text: str) -> int | None:
    """The seed that a person typed; None for an empty field: take a random one.

    Raises:
        SessionError: not a whole number from 0 to SEED_HIGH.
    """
    typed = text.strip()
    if not typed:
        return None
    if typed.isascii() and typed.isdigit() and len(typed) <= 10 and int(typed) <= SEED_HIGH:
        return int(typed)
    raise SessionError(
        f"Expected a whole number from 0 to {SEED_HIGH} as the seed, found something else. "
        "Correct it, or leave the field empty for a random one."
    )


def checked_screen(value: object) -> Screen:
    """The screen of that name; "start" when there is none."""
    return next((name for name in SCREENS if name == value), "start")


def checked_token(value: object) -> str:
    """A token as text; "" when it cannot be one."""
    return value if isinstance(value, str) and len(value) <= TOKEN_LONGEST else ""


def checked_strength(value: object) -> float:
    """A strength within its range; 1 when there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 1.0
    return float(min(max(value, STRENGTH_LOW), STRENGTH_HIGH))


def checked_words(value: object) -> tuple[str, ...]:
    """Words that a browser kept; whatever does not fit is left out."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(w for w in value if isinstance(w, str) and len(w) <= WORD_LONGEST)[:MOST_WORDS]


def checked_seed(value: object) -> int | None:
    """A seed within its range, or None when there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), SEED_HIGH))
