"""Figures: a subject as one picture shows it, chosen by the picture's generator.

Recipe, set, side and turn are chosen at random, so that the pictures of one caption differ as the pictures of
different illustrators do. A steady wardrobe, as the mini models have, always shows a subject in the same way.
A figure is drawn on an empty canvas, or in a landscape of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.composer.easel import Picture, grid, laid
from models.composer.lands import landscape
from models.composer.placement import Place, placed
from models.composer.recipes import Part, Recipe, Subject
from models.composer.skies import SKIES

TURN = 6.0
"""Largest rotation of a drawing, in degrees."""

STEADY = Place(0.95, 0.515, 0.50)
"""Place of a drawing in a steady wardrobe."""

COMPANIONS: dict[str, tuple[Place, Place]] = {
    "head": (Place(0.46, 0.19, 0.50), Place(0.78, 0.60, 0.50)),
    "face": (Place(0.52, 0.47, 0.50), Place(0.92, 0.52, 0.50)),
    "left": (Place(0.46, 0.73, 0.24), Place(0.72, 0.46, 0.63)),
    "right": (Place(0.46, 0.73, 0.76), Place(0.72, 0.46, 0.37)),
    "hand": (Place(0.42, 0.66, 0.78), Place(0.84, 0.50, 0.44)),
    "back": (Place(0.92, 0.47, 0.50), Place(0.62, 0.66, 0.50)),
    "above": (Place(0.40, 0.22, 0.50), Place(0.62, 0.67, 0.50)),
    "under": (Place(0.62, 0.68, 0.50), Place(0.60, 0.35, 0.50)),
}
"""For each spot, the place of the companion and that of the first drawing beside it."""

BEHIND = ("back", "under")
"""Spots behind the first drawing."""

GROUPS: dict[int, tuple[Place, ...]] = {
    2: (Place(0.56, 0.49, 0.29), Place(0.56, 0.54, 0.71)),
    3: (Place(0.48, 0.34, 0.50), Place(0.48, 0.64, 0.26), Place(0.48, 0.66, 0.74)),
    4: (Place(0.46, 0.28, 0.28), Place(0.46, 0.28, 0.72), Place(0.46, 0.72, 0.28), Place(0.46, 0.72, 0.72)),
    5: (Place(0.40, 0.27, 0.28), Place(0.40, 0.27, 0.72), Place(0.40, 0.50, 0.50), Place(0.40, 0.74, 0.26),
        Place(0.40, 0.74, 0.74)),
}  # fmt: skip
"""Places of a group; a larger group has random ones."""

STANDING: dict[str, tuple[float, float, float]] = {
    "": (0.60, 0.90, 0.50),
    "left": (0.46, 0.89, 0.26),
    "right": (0.46, 0.89, 0.74),
    "hill": (0.54, 0.655, 0.50),
    "far": (0.26, 0.65, 0.50),
    "water": (0.52, 0.80, 0.50),
    "front": (0.66, 0.99, 0.50),
    "wide": (0.80, 0.92, 0.50),
    "crowd": (0.34, 0.84, 0.50),
    "sky": (0.28, 0.34, 0.50),
    "high": (0.56, 0.64, 0.50),
}
"""Size, row of the foot and column of a part in a landscape."""

AIRBORNE = ("sky", "high", "water")
"""Spots in a landscape that have no ground below them."""


@dataclass(frozen=True)
class Figure:
    """A subject ready to be placed.

    Attributes:
        layer: Float32[px, px, 4], straight alpha.
        backdrop: Float32[px, px, 3], the landscape that the layer belongs to; None if it has none.
    """

    layer: Picture
    backdrop: Picture | None = None

    def card(self) -> Picture:
        """Float32[px, px, 4]: the layer; with its landscape, as a card with round corners."""
        if self.backdrop is None:
            return self.layer
        px = len(self.layer)
        alpha = self.layer[..., 3]
        rows, columns = (np.abs(axis - 0.5) for axis in grid(px))
        away = np.hypot(np.maximum(rows - 0.36, 0), np.maximum(columns - 0.36, 0))
        inside = np.clip((0.12 - away) * px + 0.5, 0, 1)
        return np.concatenate([laid(self.backdrop, alpha, self.layer[..., :3]), inside[..., None]], axis=-1)


class Wardrobe:
    """The drawings by name, from which every subject gets its figures."""

    def __init__(
        self,
        pictures: NDArray[np.uint8],
        rows: Mapping[str, Sequence[int]],
        subjects: Sequence[Subject],
        steady: bool = False,
    ) -> None:
        """Keep the drawings.

        Args:
            pictures: UInt8[N, px, px, 4], straight alpha.
            rows: the rows of `pictures` that show a drawing, by its name.
            subjects: with recipes of these drawings.
            steady: whether a subject has the first drawing of its first recipe only, always in the same size,
                place, direction and landscape. Skins still have several colours.
        """
        self._pictures, self._rows, self._subjects, self._steady = pictures, rows, subjects, steady

    def __len__(self) -> int:
        """Number of subjects."""
        return len(self._subjects)

    def figure(self, subject: int, rng: np.random.Generator) -> Figure:
        """A figure of this subject."""
        recipes = self._subjects[subject].recipes
        recipe = recipes[0 if self._steady else int(rng.integers(len(recipes)))]
        layout = np.random.default_rng(subject) if self._steady else rng
        return self._scene(recipe, layout, rng) if recipe.skies else Figure(self._group(recipe, layout, rng))

    def _drawn(self, name: str, rng: np.random.Generator) -> Picture:
        rows = self._rows[name][:1] if self._steady and not name.endswith("~") else self._rows[name]
        return self._pictures[rows[int(rng.integers(len(rows)))]].astype(np.float32) / 255

    def _group(self, recipe: Recipe, layout: np.random.Generator, rng: np.random.Generator) -> Picture:
        """Float32[px, px, 4]: the parts of a recipe beside each other, at places from `layout`."""
        first, *others = recipe.parts
        drawing = self._drawn(first.drawing, rng)
        px = len(drawing)
        places = [STEADY] if self._steady and first.count == 1 else list(_places(first.count, layout))
        layers = []
        for other in others:
            spot, moved = COMPANIONS[other.spot or "right"]
            if first.count == 1:
                places = [moved]
            layers.append((other.spot in BEHIND, self._drawn(other.drawing, rng), spot))
        free = not others and not self._steady
        turn = layout.uniform(-TURN, TURN) if free else 0.0
        side = bool(layout.integers(2)) and free
        canvas = np.zeros((px, px, 4), np.float32)
        ordered = [(d, p) for behind, d, p in layers if behind]
        for n, place in enumerate(places):
            mirrored = side ^ (first.count > 1 and n % 2 == 1)
            ordered.append((drawing, place._replace(degrees=place.degrees + turn, mirrored=mirrored)))
        ordered += [(d, p) for behind, d, p in layers if not behind]
        for part, place in ordered:
            canvas = over(canvas, placed(part, place, px))
        return canvas

    def _scene(self, recipe: Recipe, layout: np.random.Generator, rng: np.random.Generator) -> Figure:
        """The parts of a recipe in its landscape; `layout` paints the landscape and chooses the places."""
        px = self._pictures.shape[1]
        sky = recipe.skies[0] if self._steady else str(layout.choice(recipe.skies))
        backdrop = landscape(sky, recipe.land, layout, px)
        light = np.asarray(SKIES[sky].light, np.float32) * 0.6 + 0.4
        canvas = np.zeros((px, px, 4), np.float32)
        for part in recipe.parts:
            drawing = self._drawn(part.drawing, rng)
            for place in _standing(part, layout, drawing):
                layer = placed(drawing, place, px)
                if part.spot not in AIRBORNE:
                    backdrop = grounded(backdrop, layer[..., 3], 0.42)
                if part.spot not in ("sky", "high"):
                    layer[..., :3] *= light
                canvas = over(canvas, layer)
        return Figure(canvas, backdrop)


def over(below: Picture, above: Picture) -> Picture:
    """A layer over another, both Float32[px, px, 4] with straight alpha."""
    top, low = above[..., 3:], below[..., 3:] * (1 - above[..., 3:])
    alpha = top + low
    color = (above[..., :3] * top + below[..., :3] * low) / np.maximum(alpha, 1e-4)
    return np.concatenate([color, alpha], axis=-1)


def grounded(picture: Picture, mask: Picture, depth: float) -> Picture:
    """The picture with a soft oval shadow on the ground below a mask; `depth` is its darkness."""
    rows = np.flatnonzero(mask.max(axis=1) > 0.5)
    if not len(rows):
        return picture
    px = len(mask)
    foot = int(rows[-1])
    band = mask[max(0, foot - px // 6) : foot + 1].max(axis=0)
    columns = np.flatnonzero(band > 0.5)
    if not len(columns):
        return picture
    half, middle = max(3.0, (columns[-1] - columns[0]) / 2), (columns[-1] + columns[0]) / 2
    y, x = np.ogrid[0:px, 0:px]
    flat = 0.16 * half + 0.01 * px
    away = np.hypot((x - middle - 0.06 * half) / (1.12 * half), (y - foot + 0.3 * flat) / flat)
    shadow = np.clip(1.25 - away, 0, 1) ** 1.5
    return picture * (1 - depth * np.minimum(shadow, 1.0)[..., None].astype(np.float32))


def modelled(drawing: Picture) -> Picture:
    """The drawing Float32[px, px, 4] with light from above left: bright upper edges, shaded lower ones."""
    px = len(drawing)
    alpha = drawing[..., 3]
    height = ndimage.gaussian_filter(alpha, px / 28)
    step = max(1, px // 24)
    slope = height - np.roll(height, (-step, -step), (0, 1))
    down = np.linspace(0.5, -0.5, px, dtype=np.float32)[:, None]
    light = np.clip(-0.75 * slope + 0.08 * down, -0.26, 0.26)[..., None]
    color = drawing[..., :3]
    shaded = np.where(light > 0, color + 0.6 * light * (1 - color), color * (1 + 0.9 * light))
    return np.concatenate([shaded, drawing[..., 3:]], axis=-1).astype(np.float32)


def _places(count: int, rng: np.random.Generator) -> tuple[Place, ...]:
    """Places of equal drawings beside each other."""
    if count == 1:
        size = rng.uniform(0.88, 1.0)
        return (Place(size, 0.5 + 0.4 * (1 - size), 0.5 + rng.uniform(-0.4, 0.4) * (1 - size)),)
    if count in GROUPS:
        return tuple(
            p._replace(row=p.row + rng.uniform(-0.025, 0.025), degrees=rng.uniform(-5, 5))
            for p in GROUPS[count]
        )
    wide = int(np.ceil(np.sqrt(count)))
    size = 1.12 / wide
    spots = [(r, c) for r in range(-(-count // wide)) for c in range(wide)][:count]
    tall = -(-count // wide)
    return tuple(
        Place(
            size,
            (r + 0.5) / tall + rng.uniform(-0.02, 0.02),
            (c + 0.5) / wide + rng.uniform(-0.02, 0.02),
            rng.uniform(-14, 14),
        )
        for r, c in spots
    )


def _standing(part: Part, rng: np.random.Generator, drawing: Picture) -> list[Place]:
    """Places in a landscape, from far to near; a drawing stands on the lowest row that it covers."""
    size, foot, column = STANDING[part.spot]
    rows = np.flatnonzero(drawing[..., 3].max(axis=1) > 0.5)
    under = 1 - (rows[-1] + 1) / len(drawing) if len(rows) else 0.0
    places = []
    for n in range(part.count):
        if part.count == 1:
            x, near = column + rng.uniform(-0.05, 0.05), 1.0
        else:
            x = (n + 0.5) / part.count * 0.92 + 0.04 + rng.uniform(-0.04, 0.04)
            near = rng.uniform(0.72, 1.12)
        if part.spot in ("far", "sky") and part.count == 1:
            x = float(rng.choice((0.22, 0.78))) + rng.uniform(-0.08, 0.08)
        tall = size * near * rng.uniform(0.95, 1.05)
        flying = part.spot in ("sky", "high")
        stands = foot + (rng.uniform(-0.06, 0.04) if flying else 0.14 * (near - 1))
        row = stands - tall / 2 + under * tall
        places.append((stands, Place(tall, row, x, 0, bool(rng.integers(2)))))
    return [place for _, place in sorted(places, key=lambda pair: pair[0])]
