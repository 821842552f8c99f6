"""The subjects that a small model has learned, read from the file that comes with it.

A full-size model has no such file: it draws any subject. `nearest_words.py` finds the known subjects that are
near to other words.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from personalize.errors import VocabularyError
from personalize.vocabulary.nearest_words import Name, NearestWords, folded

LANGUAGES = ("en", "de", "fr")
"""Languages of the names in a file of known subjects."""

NEAREST = 6
"""Subjects that are offered instead of one that is not known."""

_ARTICLE = re.compile(r"(?:an?|the)\s+")
_END = " .!?"


@dataclass(frozen=True)
class KnownSubject:
    """A subject that the models have learned.

    Attributes:
        phrase: as in the captions that the models learned from, such as "a fox".
        names: other names by language; the first German and the first French one have their article.
    """

    phrase: str
    names: Mapping[str, tuple[str, ...]]

    def shown(self, language: str) -> str:
        """Its name in a language, for display; "" in English and where there is none."""
        names = self.names.get(language, ())
        return names[0] if names and language != LANGUAGES[0] else ""


@dataclass(frozen=True, eq=False)
class KnownSubjects:
    """All subjects that the models have learned.

    Attributes:
        subjects: in the order of the file.
        related: pairs of phrases and of words for things that are near to those subjects.
    """

    subjects: tuple[KnownSubject, ...]
    related: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    @classmethod
    def load(cls, file: Path) -> "KnownSubjects":
        """Read a file with the tables `subjects` and `related` (models/mini/subjects.toml documents them).

        Raises:
            VocabularyError: the file cannot be read, has another form, or names a related subject twice or
                without a line of its own.
        """
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise VocabularyError(
                f"Expected a file of known subjects at {file}, found: {error}. Restore it."
            ) from error
        subjects = tuple(_subject(file, *line) for line in _table(file, content, "subjects").items())
        if not subjects:
            raise VocabularyError(f"Expected at least one known subject in {file}, found none. Add one.")
        phrases = {subject.phrase for subject in subjects}
        related = []
        for near, words in _table(file, content, "related").items():
            unknown = [phrase for phrase in _parts(near) if phrase not in phrases]
            if unknown or not isinstance(words, str):
                raise VocabularyError(
                    f"Expected known subjects and their related words in {file}, found '{near}'. Correct it."
                )
            related.append((_parts(near), _parts(words)))
        return cls(subjects, tuple(related))

    def __len__(self) -> int:
        """The number of subjects."""
        return len(self.subjects)

    def knows(self, text: str, tokens: Collection[str] = ()) -> bool:
        """Whether the models have learned to draw this text.

        They have, if it is the phrase of a known subject (with any article or none, in capitals or not), or
        such a phrase with tokens of the vocabulary after or before it, separated by commas.

        Args:
            text: what a person typed.
            tokens: of the vocabulary.
        """
        parts = [_bare(part) for part in text.split(",")]
        others = [part for part in parts if part not in self._phrases]
        styles = {token.casefold() for token in tokens if token} if others else set()
        return len(parts) == len(others) + 1 and all(part in styles for part in others)

    def nearest(self, text: str, count: int = NEAREST) -> tuple[KnownSubject, ...]:
        """The known subjects whose words are nearest to the text, best first; () if no word is near."""
        return tuple(self.subjects[number] for number in self._words.find(text)[:count])

    def note(self, text: str) -> str:
        """What a program or the command line is told about a text that the models have not learned."""
        found = self.nearest(text)
        near = ", ".join(subject.phrase for subject in found or self.spread())
        return (
            f"Expected one of the {len(self)} subjects that these models have learned, found '{text}'. "
            "They will draw something else that they know. "
            f"{'The nearest' if found else 'Some of their'} subjects are: {near}."
        )

    def spread(self, count: int = NEAREST) -> tuple[KnownSubject, ...]:
        """Some subjects, evenly spread over the list."""
        step = max(1, len(self.subjects) // count)
        return self.subjects[::step][:count]

    @cached_property
    def _phrases(self) -> frozenset[str]:
        return frozenset(_bare(subject.phrase) for subject in self.subjects)

    @cached_property
    def _words(self) -> NearestWords:
        numbers = {subject.phrase: number for number, subject in enumerate(self.subjects)}
        names = [
            Name(number, text, language == "fr")
            for number, subject in enumerate(self.subjects)
            for language, texts in (("en", (subject.phrase,)), *subject.names.items())
            for text in texts
        ]
        related = [
            (tuple(numbers[phrase] for phrase in near), word)
            for near, words in self.related
            for word in words
        ]
        return NearestWords(names, related)


def search_words(subject: KnownSubject) -> str:
    """All names of a subject as one line of plain letters, for suggestions while a person types."""
    names = (subject.phrase, *(name for names in subject.names.values() for name in names))
    return " | ".join(dict.fromkeys(" ".join(folded(name)) for name in names))


def _bare(text: str) -> str:
    """The text in small letters, without an English article and a full stop."""
    line = " ".join(text.casefold().split()).rstrip(_END)
    return _ARTICLE.sub("", line, count=1) if _ARTICLE.match(line) else line


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def _table(file: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise VocabularyError(f"Expected a table [{name}] in {file}, found another value. Correct it.")
    return table


def _subject(file: Path, phrase: str, names: object) -> KnownSubject:
    """A line of the table `subjects`.

    Raises:
        VocabularyError: it has another form.
    """
    if not phrase.strip() or not isinstance(names, dict) or not set(names) <= set(LANGUAGES):
        raise VocabularyError(
            f"Expected a subject with names in {', '.join(LANGUAGES)} in {file}, found '{phrase}'. "
            "Correct it."
        )
    return KnownSubject(phrase.strip(), {language: _parts(str(text)) for language, text in names.items()})
