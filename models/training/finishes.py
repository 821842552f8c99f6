"""Framing and surface: where the subject stands, and what lies over the finished picture.

`PLACES` gives, for a finish token, the (size, centre row, centre column, degrees) of each copy of the
subject in shares of the picture; `SURFACES` treat the finished picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from models.training.backgrounds import Picture, grid

Place = tuple[float, float, float, float]
Surface = Callable[[Picture, np.random.Generator], Picture]

PLACES: dict[str, tuple[Place, ...]] = {
    "close-up": ((1.30, 0.52, 0.50, 0.0),),
    "tiny and far away": ((0.34, 0.66, 0.50, 0.0),),
    "two of them": ((0.50, 0.52, 0.26, 0.0), (0.50, 0.52, 0.74, 0.0)),
    "tilted": ((0.74, 0.50, 0.50, 28.0),),
}
CENTERED: tuple[Place, ...] = ((0.76, 0.51, 0.50, 0.0),)


def clean(picture: Picture, rng: np.random.Generator) -> Picture:
    """Nothing over the picture."""
    return picture


def film_grain(picture: Picture, rng: np.random.Generator) -> Picture:
    """Coarse grain and darker corners."""
    px = len(picture)
    rows, columns = grid(px)
    grain = ndimage.gaussian_filter(rng.normal(size=(px, px)), 0.8) * 0.10
    corner = 1 - 0.55 * np.clip(np.hypot(rows - 0.5, columns - 0.5) - 0.35, 0, 1)
    return np.clip((picture * 0.92 + 0.02) * corner[..., None] + grain[..., None], 0, 1).astype(np.float32)


def round_frame(picture: Picture, rng: np.random.Generator) -> Picture:
    """A circle with a dark ring on cream."""
    rows, columns = grid(len(picture))
    distance = np.hypot(rows - 0.5, columns - 0.5)
    outside = np.clip((distance - 0.455) * 90, 0, 1)[..., None]
    ring = np.clip(1 - np.abs(distance - 0.462) * 70, 0, 1)[..., None]
    framed = picture * (1 - outside) + outside * np.array([0.97, 0.95, 0.90], np.float32)
    return framed * (1 - ring) + ring * np.array([0.18, 0.16, 0.20], np.float32)


def polaroid(picture: Picture, rng: np.random.Generator) -> Picture:
    """An instant photograph: the picture in a white card, wide below, on gray."""
    px = len(picture)
    card = np.full((px, px, 3), 0.60, np.float32)
    card[0:px, px * 2 // 32 : px - px * 2 // 32] = 0.99
    size = px * 24 // 32
    image = Image.fromarray((picture * 255).astype(np.uint8)).resize((size, size), Image.Resampling.LANCZOS)
    card[px * 2 // 32 : px * 2 // 32 + size, px * 4 // 32 : px * 4 // 32 + size] = np.asarray(image) / 255
    return card


def bokeh(picture: Picture, rng: np.random.Generator) -> Picture:
    """Round out-of-focus lights."""
    px = len(picture)
    layer = Image.new("RGB", (px, px))
    colors = ((255, 214, 130), (255, 150, 160), (160, 210, 255), (210, 255, 190))
    for _ in range(9):
        x, y, r = rng.uniform(0, px), rng.uniform(0, px), rng.uniform(6, 13)
        one = Image.new("RGB", (px, px))
        ImageDraw.Draw(one).ellipse((x - r, y - r, x + r, y + r), fill=colors[int(rng.integers(4))])
        layer = Image.fromarray(np.maximum(np.asarray(layer), np.asarray(one)))
    light = ndimage.gaussian_filter(np.asarray(layer, np.float32) / 255, (0.8, 0.8, 0))
    return 1 - (1 - picture) * (1 - 0.62 * light)


def snow(picture: Picture, rng: np.random.Generator) -> Picture:
    """Falling white flakes."""
    px = len(picture)
    layer = Image.new("L", (2 * px, 2 * px))
    draw = ImageDraw.Draw(layer)
    for _ in range(45):
        x, y, r = rng.uniform(0, 2 * px), rng.uniform(0, 2 * px), rng.uniform(2.0, 6.5)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    flakes = np.asarray(layer.resize((px, px), Image.Resampling.BOX), np.float32)[..., None] / 255
    return picture * (1 - 0.95 * flakes) + 0.95 * flakes


def scratched(picture: Picture, rng: np.random.Generator) -> Picture:
    """Worn: pale scratches from top to bottom and faded patches."""
    px = len(picture)
    layer = Image.new("L", (2 * px, 2 * px))
    draw = ImageDraw.Draw(layer)
    for _ in range(11):
        x, y, length = rng.uniform(0, 2 * px), rng.uniform(-px, 1.5 * px), rng.uniform(0.5, 1.8) * px
        draw.line((x, y, x + rng.uniform(-26, 26), y + length), fill=255, width=int(rng.integers(2, 5)))
    lines = np.asarray(layer.resize((px, px), Image.Resampling.BOX), np.float32)[..., None] / 255
    return (picture * 0.88 + 0.06) * (1 - 0.9 * lines) + 0.9 * lines * np.array(
        [0.97, 0.95, 0.88], np.float32
    )


SURFACES: dict[str, Surface] = {
    "film grain": film_grain,
    "round frame": round_frame,
    "polaroid frame": polaroid,
    "bokeh lights": bokeh,
    "falling snow": snow,
    "scratched": scratched,
}
