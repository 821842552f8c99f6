"""Every text of the page in the reader's language: one catalogue a language, in languages/.

The first language that the browser asks for and that there is, unless a person chose another. Errors are
written in English where they happen (`personalize.errors`); the page finds the sentence in the English
catalogue, takes what stands in its places, and says it in the reader's language.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from personalize.errors import PersonalizeError

FOLDER = Path(__file__).parent / "languages"
LANGUAGES = ("en", "de", "fr")
"""The first is the one for everybody else."""

_ASKED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,32})?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
PERCENT = re.compile(r" (?=%)")
FRENCH = re.compile(r" (?=[;:!?»%])|(?<=«) ")
"""Spaces at which no line may break."""

SCRIPT = "js_"
"""Texts that scripts need have keys that begin so."""


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        """Read from its catalogue; see `catalogue`."""
        self.language = language
        content = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
        self._kept: dict[str, Any] = _spaced(content, FRENCH if language == "fr" else PERCENT)
        self._texts: Mapping[str, Any] = self._kept["texts"]

    def __call__(self, key: str, **values: object) -> str:
        """The text of that key with the values in its places."""
        return str(self._texts[key]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """The text for so many; `n` is one of its places."""
        one = n < 2 if self.language == "fr" else n == 1
        return str(self._texts[key]["one" if one else "other"]).format(n=n, **values)

    def html(self, key: str, **values: object) -> Markup:
        """The text as HTML: it and its values are escaped, except those that are Markup."""
        return Markup(escape(self._texts[key])).format(**values)

    def lines(self, key: str) -> Markup:
        """A text whose line breaks stand where its writer put them."""
        return Markup("<br>").join(self(key).split("\n"))

    def listed(self, words: Sequence[str]) -> str:
        """Such as "mosaic, rain and stripes"."""
        if len(words) < 2:
            return "".join(words)
        return self("and", list=", ".join(words[:-1]), last=words[-1])

    def token(self, token: str) -> str:
        """A word of the vocabulary, as people call it; prompts keep the English one."""
        return str(self._kept["tokens"].get(token, token))

    def slot(self, slot: str) -> str:
        """The name of a slot."""
        return str(self._kept["slots"].get(slot, slot))

    def date(self, moment: datetime) -> str:
        """A day, such as "24 November 2026"."""
        month = self._kept["months"][str(moment.month)]
        return self("date", day=moment.day, month=month, year=moment.year)

    def error(self, error: Exception) -> str:
        """What a visitor reads about an error; an error without a sentence is quoted."""
        if isinstance(error, PersonalizeError):
            key = _keys().get(error.template)
            if key is not None:
                values = {place: self._part(place, str(value)) for place, value in error.values.items()}
                return str(self._kept["errors"][key]).format(**values)
        return self("other_error", message=str(error))

    def script(self) -> dict[str, str]:
        """What the scripts say, by key without its beginning."""
        return {k.removeprefix(SCRIPT): str(v) for k, v in self._texts.items() if k.startswith(SCRIPT)}

    def _part(self, place: str, text: str) -> str:
        return str(self._kept["parts"].get(place, {}).get(text, text))


@cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language; of the first one when there is no such."""
    return Catalogue(language if language in LANGUAGES else LANGUAGES[0])


def checked_language(value: object) -> str:
    """A language that there is, or "" for none."""
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
    return {template: key for key, template in catalogue(LANGUAGES[0])._kept["templates"].items()}


def _spaced(content: dict[str, Any], where: re.Pattern[str]) -> dict[str, Any]:
    """With spaces that do not break there."""
    return {
        key: _spaced(value, where) if isinstance(value, dict) else where.sub("\N{NO-BREAK SPACE}", value)
        for key, value in content.items()
    }
