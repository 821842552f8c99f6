"""The library of drawings: every drawing that a recipe names, from several openly licensed sets.

The sets are fetched as packages when the data is composed, and no drawing is kept in the repository. The card
of the mini models names holders and licences.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.composer.drawings import fetch_icons, rasterise
from models.composer.figures import Wardrobe
from models.composer.recipes import Subject, read_subjects
from models.errors import ModelError
from models.progress import OnProgress, no_progress

SETS: dict[str, str] = {
    "fluent-emoji-flat": "1.2.6",
    "fluent-emoji": "1.2.7",
    "noto": "1.2.9",
    "twemoji": "1.2.5",
}
"""Packages below ``@iconify-json`` with their versions: MIT (two of Microsoft), Apache-2.0, CC-BY-4.0."""

SHADED = "fluent-emoji"
"""The set with gradients and blurs. It takes five times as long, so its people have one tone of skin."""

TONES = ("light", "medium", "dark")
MARGIN = 1 / 32
"""Empty rim of a drawing, as a share of its side."""

Icons = Mapping[str, object]


def variants(name: str, sets: Mapping[str, Icons]) -> list[tuple[str, str]]:
    """(set, icon) of every icon that shows a drawing; see `recipes` for the form of its name."""
    chosen, colon, rest = name.rpartition(":")
    names = [rest]
    if rest.endswith("~"):
        plain = rest[:-1]
        names = [plain, *(f"{plain}-{tone}{end}" for tone in TONES for end in ("", "-skin-tone"))]
    searched = [key for key in ([chosen] if colon else sets) if key in sets]
    entries = {key: _entries(sets[key]) for key in searched}
    return [
        (key, icon)
        for key in searched
        for icon in (names[:1] if key == SHADED else names)
        if icon in entries[key]
    ]


def _entries(icons: Icons) -> Mapping[str, Mapping[str, object]]:
    """All icons of a set by name; an alias has its parent's entry."""
    entries = icons["icons"]
    aliases = icons.get("aliases", {})
    assert isinstance(entries, dict) and isinstance(aliases, dict)
    if not aliases:
        return entries
    parents = {alias: entry["parent"] for alias, entry in aliases.items()}
    return {alias: entries[parent] for alias, parent in parents.items() if parent in entries} | entries


def fitted(drawing: NDArray[np.uint8], px: int) -> NDArray[np.uint8]:
    """The drawing without its empty rim, as large as it fits, UInt8[px, px, 4]."""
    rows = np.flatnonzero(drawing[..., 3].max(axis=1) > 8)
    columns = np.flatnonzero(drawing[..., 3].max(axis=0) > 8)
    if not len(rows):
        return np.zeros((px, px, 4), np.uint8)
    found = Image.fromarray(drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    room = px - 2 * round(px * MARGIN)
    scale = room / max(found.size)
    width, height = (max(1, round(side * scale)) for side in found.size)
    small = found.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    canvas = Image.new("RGBA", (px, px))
    canvas.paste(small, ((px - width) // 2, (px - height) // 2))
    return np.asarray(canvas)


def build_library(
    listing: Path,
    build: Path,
    picture_px: int,
    on_progress: OnProgress = no_progress,
    preferred: Sequence[str] = (),
) -> None:
    """Write the drawings of a listing to `build`/library.npy and their rows to `build`/library.json.

    A library of the same listing, sets and size is kept.

    Args:
        listing: of the subjects.
        build: work folder.
        picture_px: side of a drawing.
        on_progress: called after each drawing.
        preferred: the only sets that a drawing is taken from, if one of them has it; empty for all sets.

    Raises:
        ModelError: a drawing is in no set, or the sets could not be fetched or rasterised.
    """
    names = drawing_names(read_subjects(listing))
    made = made_from(names, picture_px, preferred)
    notes = build / "library.json"
    if notes.exists() and json.loads(notes.read_text(encoding="utf-8"))["made"] == made:
        return
    sets = {name: fetch_icons(name, version, build / "packages") for name, version in SETS.items()}
    entries = {name: {"icons": dict(_entries(icons))} | _sizes(icons) for name, icons in sets.items()}
    liked = {key: entries[key] for key in preferred or entries}
    found = {name: variants(name, liked) or variants(name, entries) for name in names}
    missing = [name for name, rows in found.items() if not rows]
    if missing:
        raise ModelError(
            f"Expected drawings that a set has, found {', '.join(missing)} in {listing.name}. "
            f"Name a drawing of {', '.join(SETS)}."
        )
    unique = sorted({row for rows in found.values() for row in rows})
    build.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(
        build / "library.npy", "w+", np.uint8, (len(unique), picture_px, picture_px, 4)
    )
    for number, (key, icon) in enumerate(unique):
        pictures[number] = fitted(rasterise(entries[key], icon, picture_px * 5 // 4), picture_px)
        on_progress("drawings", number + 1, len(unique))
    pictures.flush()
    place = {row: number for number, row in enumerate(unique)}
    rows = {name: [place[row] for row in found[name]] for name in names}
    notes.write_text(json.dumps({"made": made, "rows": rows}), encoding="utf-8")


def drawing_names(subjects: Iterable[Subject]) -> list[str]:
    """The name of every drawing that a recipe has, in order."""
    return sorted({part.drawing for s in subjects for recipe in s.recipes for part in recipe.parts})


def made_from(names: Sequence[str], picture_px: int, preferred: Sequence[str]) -> str:
    """16 hexadecimal digits that identify a library."""
    return hashlib.sha256(json.dumps([names, SETS, picture_px, *preferred]).encode()).hexdigest()[:16]


def _sizes(icons: Icons) -> dict[str, object]:
    return {side: icons[side] for side in ("width", "height") if side in icons}


def load_library(listing: Path, build: Path, steady: bool = False) -> Wardrobe:
    """The figures of a listing's subjects, from a library that was built; `steady` as in Wardrobe."""
    notes = json.loads((build / "library.json").read_text(encoding="utf-8"))
    pictures = np.load(build / "library.npy", mmap_mode="r")
    rows: dict[str, Sequence[int]] = notes["rows"]
    return Wardrobe(pictures, rows, read_subjects(listing), steady)


def phrases(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """The phrase of each subject."""
    return tuple(subject.phrase for subject in subjects)
