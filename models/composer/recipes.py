"""Subjects as text: which drawings show a subject, how they are arranged, and its other names.

A line of `subjects.txt` has three parts: a phrase, its recipes, and its synonyms::

    a cat | cat-face, cat | kitten, kitty
    two dogs | 2 dog-face, 2 dog | a pair of dogs
    a cat with a hat | cat-face + top-hat@head |
    a castle on a hill | castle@hill / day|sunset hill |

A recipe is one or more parts, joined by ``+``. A part is a drawing, with a count before it and a spot after
it if it has them. ``/`` and a sky with a land put the parts into a landscape. ``~`` after a drawing is any
colour of the skin, and ``noto:cat`` is the drawing of one set only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.composer.lands import LANDS
from models.composer.skies import SKIES

LISTING = Path(__file__).with_name("subjects.txt")
"""The subjects of the mini models, in their order."""

SPOTS = ("", "head", "face", "left", "right", "hand", "back", "above", "under")
"""Where a part can be beside the first one, without a landscape."""

LAND_SPOTS = ("", "left", "right", "hill", "far", "sky", "high", "water", "front", "wide", "crowd")
"""Where a part can be in a landscape."""


@dataclass(frozen=True)
class Part:
    """Copies of a drawing.

    Attributes:
        drawing: its name, with the set before it or a ``~`` after it if the text has them.
        count: number of copies.
        spot: one of SPOTS, or of LAND_SPOTS in a landscape.
    """

    drawing: str
    count: int = 1
    spot: str = ""


@dataclass(frozen=True)
class Recipe:
    """One way to show a subject.

    Attributes:
        parts: the drawings, the main one first.
        skies: the skies that a picture has one of; empty without a landscape.
        land: below the sky.
    """

    parts: tuple[Part, ...]
    skies: tuple[str, ...] = ()
    land: str = ""


@dataclass(frozen=True)
class Subject:
    """A subject: its phrase, the recipes that a picture has one of, and synonyms of the phrase."""

    phrase: str
    recipes: tuple[Recipe, ...]
    synonyms: tuple[str, ...] = ()


def read_subjects(listing: Path) -> tuple[Subject, ...]:
    """The subjects of a file.

    Raises:
        ValueError: a line has another form, or a subject stands there twice.
    """
    found: dict[str, Subject] = {}
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            subject = subject_of(line)
            if subject.phrase in found:
                raise ValueError(f"{subject.phrase!r} a second time")
        except ValueError as error:
            raise ValueError(
                f"{listing.name} line {number}: expected 'a cat | cat-face, cat | kitten', found {error}. "
                "Correct the line."
            ) from error
        found[subject.phrase] = subject
    return tuple(found.values())


def subject_of(line: str) -> Subject:
    """The subject of one line.

    Raises:
        ValueError: the line has another form; the message says what was found.
    """
    phrase, bar, rest = (piece.strip() for piece in line.partition("|"))
    recipes, _, synonyms = (piece.strip() for piece in _outside_skies(rest))
    if not (phrase and bar and recipes):
        raise ValueError(f"{line.strip()!r}")
    return Subject(
        phrase,
        tuple(_recipe(text) for text in recipes.split(",")),
        tuple(name.strip() for name in synonyms.split(",") if name.strip()),
    )


def _outside_skies(text: str) -> tuple[str, str, str]:
    """The text before and after its first ``|`` with spaces; a ``|`` between two skies has none."""
    before, bar, after = f"{text} ".partition(" | ")
    return before.removesuffix(" |").removesuffix("|"), bar, after


def _recipe(text: str) -> Recipe:
    drawn, slash, place = (piece.strip() for piece in text.partition("/"))
    if not slash:
        return Recipe(tuple(_part(part, SPOTS) for part in drawn.split("+")))
    sky, _, land = place.partition(" ")
    skies = tuple(sky.split("|"))
    unknown = [name for name in skies if name not in SKIES]
    if unknown or land not in LANDS:
        raise ValueError(f"the landscape {place!r}")
    parts = tuple(_part(part, LAND_SPOTS) for part in drawn.split("+")) if drawn else ()
    return Recipe(parts, skies, land)


def _part(text: str, spots: tuple[str, ...]) -> Part:
    drawing, _, spot = text.strip().partition("@")
    count, space, name = drawing.partition(" ")
    if not space:
        count, name = "1", drawing
    if not count.isdecimal() or not name or " " in name or spot not in spots or int(count) < 1:
        raise ValueError(f"the part {text.strip()!r}")
    return Part(name, int(count), spot)
