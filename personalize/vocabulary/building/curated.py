"""The lists written by hand: one TOML file for each slot, with several parts.

A part has one of three forms:

- ``tokens``: the tokens themselves.
- ``pattern`` with names, such as "{paint} on {ground}", and one list for each name. "{a paint}" adds the
  article.
- ``pattern`` with "{word}" and an open list: ``wordnet`` (senses such as "fabric.n.1") or ``colors``.
  ``keep`` names the selected words of the list.

``kind`` names the part in `rules.txt`. ``drop`` lists results to leave out. ``most`` limits the number of
results, spread evenly. Lists are texts with commas between the items.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from personalize.errors import VocabularyError

CURATED = "curated"
_NAME = re.compile(r"\{([a-z ]+)\}")
_FILE = re.compile(r"(\d+)-([a-z]+)\.toml")

WordsOf = Callable[[dict[str, Any]], tuple[str, list[str]]]
"""From a part with an open list to the name of the list and its words."""


@dataclass(frozen=True)
class Entry:
    """A candidate token: its text, its source and its kind ("" for none)."""

    text: str
    source: str
    kind: str


@dataclass(frozen=True)
class SlotList:
    """One slot: its number, name, description and candidate tokens in order."""

    number: int
    name: str
    about: str
    entries: tuple[Entry, ...]


def read_lists(folder: Path, words_of: WordsOf) -> list[SlotList]:
    """The slots of a folder, sorted by number.

    Args:
        folder: folder of the TOML files.
        words_of: access to the open lists.

    Raises:
        VocabularyError: the name or the content of a file is not valid.
    """
    slots = []
    for file in folder.glob("*.toml"):
        match = _FILE.fullmatch(file.name)
        if match is None:
            raise VocabularyError(f"Expected files named like '1-medium.toml', found {file}. Rename it.")
        try:
            stated = tomllib.loads(file.read_text(encoding="utf-8"))
            entries = tuple(entry for part in stated["part"] for entry in _entries(part, words_of))
            slots.append(SlotList(int(match[1]), match[2], str(stated["about"]), entries))
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise VocabularyError(
                f"Expected 'about' and parts with tokens or a pattern in {file}, found: {error}. Correct it."
            ) from error
    return sorted(slots, key=lambda slot: slot.number)


def _entries(part: dict[str, Any], words_of: WordsOf) -> Iterator[Entry]:
    source, texts = CURATED, split(part.get("tokens", ""))
    if not texts:
        pattern = part["pattern"]
        names = _NAME.findall(pattern)
        lists = [split(part[name.removeprefix("a ")]) for name in names if "word" not in name]
        source = f"{CURATED} as: {pattern}"
        if not lists:
            source, listed = words_of(part)
            lists = [split(part["keep"])]
            if not set(lists[0]) <= set(listed):
                raise VocabularyError(
                    f"Expected words of {source} to keep, found {sorted(set(lists[0]) - set(listed))}. "
                    "Write them as tokens by hand, or correct them."
                )
        texts = [_filled(pattern, names, words) for words in product(*lists)]
    dropped = set(split(part.get("drop", "")))
    remaining = [text for text in texts if text not in dropped]
    for text in spread(remaining, int(part.get("most", len(remaining)))):
        yield Entry(text, source, str(part.get("kind", "")))


def split(text: str) -> list[str]:
    """The items of a text, separated by commas."""
    return [" ".join(item.split()) for item in text.split(",") if item.strip()]


def spread(texts: list[str], most: int) -> list[str]:
    """At most `most` of the texts in their order; the choice is by hash, so it is fixed and spread evenly."""
    if len(texts) <= most:
        return texts
    chosen = set(sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:most])
    return [text for text in texts if text in chosen]


def with_article(word: str) -> str:
    """The word with the article "a" or "an", chosen by its first letters."""
    return (
        f"{'an' if word[0] in 'aeio' or word.startswith(('u', 'hour')) and word[:3] != 'uni' else 'a'} {word}"
    )


def _filled(pattern: str, names: list[str], words: tuple[str, ...]) -> str:
    """The pattern with words in place of its names, in order; a name such as "a place" adds the article."""
    for name, word in zip(names, words, strict=True):
        pattern = pattern.replace(f"{{{name}}}", with_article(word) if name.startswith("a ") else word, 1)
    return pattern
