"""Which of some names are nearest to a text, by its words only: no network is asked.

A word fits a name in spite of its plural, its accents, small slips of the keyboard, and other words around
it. Articles and prepositions of English, German and French are left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

ALIKE, NAMED, RELATED, COMPOUND, PART, SLIP = 160.0, 100.0, 80.0, 60.0, 50.0, 40.0
"""Scores: the whole text fits a name, has a name, has a related word, has a longer word that ends in a name,
has one word of a longer name, or has a name with a slip. A whole text that is a related word has 10 more than
ALIKE, and one that is a name has 20 more."""

SHORTEST_STEM, SHORTEST_PART, SHORTEST_SLIP, LONG = 3, 4, 4, 8
"""Letters: of a word with an ending; of a name inside a word; of a word with one slip; of one with two."""

_ENDINGS = ("s", "es", "e", "en", "er", "ern", "nen", "x")
_BEFORE_N = ("e", "er", "el")
_CHANGES = (("y", "ies"), ("f", "ves"), ("fe", "ves"), ("al", "aux"), ("us", "i"), ("man", "men"))
_ARTICLES = frozenset(
    "a an the some my your his her our their this that ein eine einen einem einer eines der die das den dem "
    "des mein meine le la les l un une d des mon ma mes".split()
)
_PREPOSITIONS = frozenset(
    "in on at of with under over by near from to for and behind between before after into as like "
    "im auf mit unter an am bei von vom zum zur und vor hinter zwischen aus dans sur avec sous et de du au "
    "aux chez par pour en devant".split()
)
_LETTERS = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})
_UMLAUT = re.compile("(?<=[aou])e")


@dataclass(frozen=True)
class Name:
    """A name of a thing.

    Attributes:
        thing: number of the thing.
        text: the name, with or without an article.
        head_first: whether the main word of a text in this language comes first, as in French.
    """

    thing: int
    text: str
    head_first: bool = False


def folded(text: str) -> list[str]:
    """The words of a text in small letters without accents."""
    return [_plain(word) for word in _written(text)]


def _written(text: str) -> list[str]:
    """The words of a text in small letters, with their accents."""
    composed = unicodedata.normalize("NFKC", text.casefold().translate(_LETTERS))
    return re.findall(r"[^\W_]+", "".join(letter for letter in composed if not unicodedata.combining(letter)))


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


class NearestWords:
    """Names of numbered things, and words that are related to some of them."""

    def __init__(self, names: Iterable[Name], related: Iterable[tuple[tuple[int, ...], str]] = ()) -> None:
        """Use these names; `related` has pairs of things, best first, and a word."""
        self._names = [(name, _flat(_phrases(name.text))) for name in names]
        self._related = [(things, _flat(_phrases(word))) for things, word in related]
        self._in_names = _numbers_of_words(parts for _, parts in self._names)
        self._in_related = _numbers_of_words(parts for _, parts in self._related)
        self._by_letter: dict[str, list[str]] = {}
        for part in sorted(self._in_names.keys() | self._in_related.keys()):
            self._by_letter.setdefault(part[0], []).append(part)

    def find(self, text: str) -> list[int]:
        """The things whose names are near to the text, best first."""
        phrases = _phrases(text)
        words = _flat(phrases)
        late = [number for number, phrase in enumerate(phrases) for _ in phrase]
        heads = [(sum(map(len, phrases[:n])), sum(map(len, phrases[: n + 1])) - 1) for n in late]
        place_of = self._fitting(words)
        scores: dict[int, float] = {}
        understood: set[str] = set()

        def note(thing: int, score: float) -> None:
            scores[thing] = max(score, scores.get(thing, 0.0))

        for number in _with_any(self._in_names, place_of):
            name, parts = self._names[number]
            places = [place_of.get(part) for part in parts]
            found = [place for place in places if place is not None]
            if len(found) == len(parts) == len(words):
                note(name.thing, ALIKE + 20 * (parts == words))
            elif len(found) == len(parts):
                first, last = heads[found[0]]
                away = found[0] - first if name.head_first else last - found[-1]
                note(name.thing, NAMED + 5 * len(parts) - abs(away) - 10 * late[found[0]])
            else:
                note(name.thing, PART + 5 * (places[0 if name.head_first else -1] is not None))
            if len(found) == len(parts):
                understood.update(words[place] for place in found)
        for number in _with_any(self._in_related, place_of):
            things, parts = self._related[number]
            found = [place_of[part] for part in parts if part in place_of]
            if len(found) == len(parts):
                understood.update(words[place] for place in found)
                score = ALIKE + 10 if parts == words else RELATED + 5 * len(parts) - 5 * late[found[0]]
                for order, thing in enumerate(things):
                    note(thing, score - order)
        for word in set(words) - understood:
            for name, parts in self._names:
                note(name.thing, _likeness(word, parts))
        least = COMPOUND if max(scores.values(), default=0.0) >= COMPOUND else 1.0
        near = [thing for thing, score in scores.items() if score >= least]
        return sorted(near, key=lambda thing: (-scores[thing], thing))

    def _fitting(self, words: Sequence[str]) -> dict[str, int]:
        """Every word of a name that fits one of these words, with the place of the first that it fits.

        Words that fit begin with the same letter.
        """
        found: dict[str, int] = {}
        for place, word in enumerate(words):
            for part in self._by_letter.get(word[:1], ()):
                if part not in found and fits(part, word):
                    found[part] = place
        return found


def fits(one: str, other: str) -> bool:
    """Whether two words are the same but for the ending of a plural or a case."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    if len(short) < SHORTEST_STEM:
        return False
    ending = long[len(short) :] if long.startswith(short) else ""
    if ending in _ENDINGS or (ending == "n" and short.endswith(_BEFORE_N)):
        return True
    return any(
        one.endswith(end) and other.endswith(change) and one[: -len(end)] == other[: -len(change)]
        for one, other in ((short, long), (long, short))
        for end, change in _CHANGES
        if len(one) - len(end) >= 2
    )


def slips(one: str, other: str, most: int) -> int:
    """How many letters are added, left out, exchanged or swapped between two words; `most` + 1 if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)


def _phrases(text: str) -> list[list[str]]:
    """The words of a text that count, in the phrases between its prepositions; the last word if none counts.

    "ae", "oe" and "ue" stand for umlauts, which lose their dots.
    """
    words = _written(text)
    kept = [_plain(word) for word in words if word not in _ARTICLES]  # French "thé" is no article
    gaps = groupby(kept, lambda word: word in _PREPOSITIONS)
    phrases = [[_UMLAUT.sub("", word) for word in group] for is_gap, group in gaps if not is_gap]
    return phrases or [[_UMLAUT.sub("", _plain(word)) for word in words[-1:]]]


def _flat(phrases: Sequence[Sequence[str]]) -> list[str]:
    return [word for phrase in phrases for word in phrase]


def _numbers_of_words(names: Iterable[Sequence[str]]) -> dict[str, list[int]]:
    """The numbers of the names that have a word, by the word."""
    found: dict[str, list[int]] = {}
    for number, parts in enumerate(names):
        for part in parts:
            found.setdefault(part, []).append(number)
    return found


def _with_any(numbers: Mapping[str, Sequence[int]], words: Iterable[str]) -> list[int]:
    """The numbers of the names that have one of the words, in order."""
    return sorted({number for word in words for number in numbers.get(word, ())})


def _likeness(word: str, name: Sequence[str]) -> float:
    """The score of a word that fits no name, against a name of one word; 0 if it is not near."""
    last = name[-1] if name else ""
    if len(last) >= SHORTEST_PART and len(word) > len(last) and len(name) == 1:
        if word.endswith(last):
            return COMPOUND + len(last) / 10
        if word.startswith(last):
            return PART + len(last) / 10
    if len(name) == 1 and len(word) >= SHORTEST_SLIP and word[0] == last[:1]:
        most = 1 if len(word) < LONG else 2
        found = slips(word, last, most)
        return SLIP - found if found <= most else 0.0
    return 0.0
