"""The texts of the page: one catalogue for each language, read from `languages/`.

The page uses the browser's preferred language, unless the reader chose another one. An error has a message
for the log (`personalize.errors`) and a sentence for the reader. The catalogue finds the sentence by the
template of the message, and fills in the same values.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from personalize.errors import PersonalizeError, SessionError

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("en", "de", "fr")
"""Readers of any other language get the first one."""

_ASKED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,32})?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
PERCENT = re.compile(r" (?=%)")
FRENCH = re.compile(r" (?=[;:!?»%])|(?<=«) ")
"""Spaces where a line must not break."""

SCRIPT = "js_"
"""Keys of texts for scripts begin with this."""


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        """Read the file of the language; `catalogue` reads each file only once."""
        self.language = language
        content = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        self._tables: dict[str, Any] = _spaced(content, FRENCH if language == "fr" else PERCENT)
        self._texts: Mapping[str, Any] = self._tables["texts"]

    def __call__(self, key: str, **values: object) -> str:
        """The text with this key, with the values in its places."""
        return str(self._texts[key]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The text in the singular or the plural, as `n` needs; `n` is one of its values."""
        one = n < 2 if self.language == "fr" else n == 1
        return str(self._texts[key]["one" if one else "other"]).format(n=n, **values)

    def html(self, key: str, **values: object) -> Markup:
        """The text as HTML. The text and its values are escaped, except values that are Markup."""
        return Markup(escape(self._texts[key])).format(**values)

    def lines(self, key: str) -> Markup:
        """The text as HTML with its own line breaks."""
        return Markup("<br>").join(self(key).split("\n"))

    def listed(self, words: Sequence[str]) -> str:
        """A list of words, such as "mosaic, rain and stripes"."""
        if len(words) < 2:
            return "".join(words)
        return self("and", list=", ".join(words[:-1]), last=words[-1])

    def token(self, token: str) -> str:
        """The name of a token in this language; prompts keep the English token."""
        return str(self._tables["tokens"].get(token, token))

    def slot(self, slot: str) -> str:
        """The name of a slot in this language."""
        return str(self._tables["slots"].get(slot, slot))

    def date(self, moment: datetime) -> str:
        """The date of a moment, such as "24 November 2026"."""
        month = self._tables["months"][str(moment.month)]
        return self("date", day=moment.day, month=month, year=moment.year)

    def error(self, error: Exception) -> str:
        """The sentence for an error.

        Without a sentence, the message of an error about a visitor's request is quoted. Other messages may
        contain folders, URLs or what a driver said. Only the log has them.
        """
        if isinstance(error, PersonalizeError):
            key = _keys().get(error.template)
            if key is not None:
                values = {place: self._part(place, str(value)) for place, value in error.values.items()}
                return str(self._tables["errors"][key]).format(**values)
        if isinstance(error, SessionError):
            return self("other_error", message=str(error))
        return self("other_failure")

    def script(self) -> dict[str, str]:
        """The texts for scripts, by key without its beginning."""
        return {k.removeprefix(SCRIPT): str(v) for k, v in self._texts.items() if k.startswith(SCRIPT)}

    def _part(self, place: str, text: str) -> str:
        """The value of an error in this language, if the catalogue has a word for it."""
        return str(self._tables["parts"].get(place, {}).get(text, text))


@cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language, or of the first one if there are no texts in that language."""
    return Catalogue(language if language in LANGUAGES else LANGUAGES[0])


def checked_language(value: object) -> str:
    """The language if there are texts in it, else ""."""
    return next((language for language in LANGUAGES if language == value), "")


def language_asked(header: str) -> str:
    """The best language for an Accept-Language header, such as "fr-CH, fr;q=0.9, en;q=0.8"."""
    best, most = LANGUAGES[0], 0.0
    for asked in header[:1000].split(","):
        found = _ASKED.fullmatch(asked)
        if found and (language := checked_language(found[1].lower())):
            weight = float(found[2] or 1)
            if weight > most:
                best, most = language, weight
    return best


@cache
def _keys() -> dict[str, str]:
    """The key of each error's sentence, by the error's template."""
    return {template: key for key, template in catalogue(LANGUAGES[0])._tables["templates"].items()}


def _spaced(content: dict[str, Any], where: re.Pattern[str]) -> dict[str, Any]:
    """The same texts with no-break spaces where `where` matches."""
    return {
        key: _spaced(value, where) if isinstance(value, dict) else where.sub("\N{NO-BREAK SPACE}", value)
        for key, value in content.items()
    }
