"""Backgrounds: one painter for each background token.

A painter takes a random generator and returns Float32[px, px, 3] in 0..1. Colours are fixed up to a small
jitter, so a token always has the same look. Positions are random, so a model learns the look and not one
picture. Landscapes are those of `lands`; the rest are patterns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.composer.easel import Color, Picture, grid, laid, ramp
from models.composer.lands import landscape

Painter = Callable[[np.random.Generator, int], Picture]

STUDIO: tuple[Color, ...] = (
    (0.97, 0.86, 0.80),
    (0.98, 0.90, 0.72),
    (0.86, 0.92, 0.78),
    (0.74, 0.90, 0.87),
    (0.76, 0.87, 0.97),
    (0.85, 0.82, 0.96),
    (0.97, 0.82, 0.88),
    (0.93, 0.91, 0.86),
    (0.52, 0.66, 0.78),
    (0.80, 0.62, 0.56),
)
"""Colours of the wall behind a subject without a background."""

FARTHEST = 4
"""A wall has one of so many colours that differ most from the subject's."""

GROUNDED = (
    "", "starry night", "green meadow", "city skyline", "snowy mountains", "desert dunes", "pine forest",
    "flower field", "rainbow sky", "sandy beach",
)  # fmt: skip
"""The backgrounds with a ground that a subject stands on."""


def studio(rng: np.random.Generator, px: int, beside: Picture | None = None) -> Picture:
    """A lit wall and a floor in one soft colour, which differs from the colour `beside` Float32[3]."""
    walls = np.array(STUDIO, np.float32)
    order = np.arange(len(walls))
    if beside is not None:
        order = np.argsort(-np.abs(walls - beside).sum(axis=1))[:FARTHEST]
    wall = walls[int(rng.choice(order))]
    rows, columns = grid(px)
    pool = np.exp(-(((rows - 0.42) / 0.55) ** 2 + ((columns - 0.46) / 0.60) ** 2))
    floor = np.clip((rows - 0.76) / 0.03, 0, 1)
    share = (0.74 + 0.34 * pool - 0.07 * floor + 0.16 * floor * np.clip(rows - 0.76, 0, 1))[..., None]
    return np.clip(wall * share + 0.06 * pool[..., None], 0, 1).astype(np.float32)


def ocean_waves(rng: np.random.Generator, px: int) -> Picture:
    """Bands of blue waves with white crests."""
    rows, columns = grid(px)
    phase = rng.uniform(0, 2 * np.pi)
    waves = rows * 6 + 0.22 * np.sin(columns * 4 * np.pi + phase + np.floor(rows * 6) * 1.7)
    band = waves - np.floor(waves)
    picture = ramp(1 - rows, (0.03, 0.22, 0.55), (0.10, 0.48, 0.78), (0.45, 0.80, 0.92))
    picture = picture * (0.8 + 0.35 * band[..., None])
    picture[band < 0.16] = (0.93, 0.98, 1.0)
    return np.clip(picture, 0, 1).astype(np.float32)


def sunburst_rays(rng: np.random.Generator, px: int) -> Picture:
    """Alternating yellow and orange rays from the middle."""
    rows, columns = grid(px)
    angle = np.arctan2(rows - 0.5, columns - 0.5) + rng.uniform(0, 2 * np.pi)
    ray = 0.5 + 0.5 * np.clip(6 * np.sin(12 * angle), -1, 1)
    return ramp(ray.astype(np.float32), (1.0, 0.86, 0.32), (0.98, 0.56, 0.12))


def polka_dots(rng: np.random.Generator, px: int) -> Picture:
    """White dots on teal."""
    rows, columns = grid(px)
    cells = 7
    x, y = columns * cells + rng.uniform(0, 1), rows * cells + rng.uniform(0, 1)
    x = x + 0.5 * (np.floor(y) % 2)
    distance = np.hypot(x - np.floor(x) - 0.5, y - np.floor(y) - 0.5)
    dot = np.clip((0.30 - distance) * 12 + 0.5, 0, 1).astype(np.float32)
    return ramp(dot, (0.16, 0.66, 0.66), (0.98, 1.0, 0.98))


def stripes(rng: np.random.Generator, px: int) -> Picture:
    """Diagonal coral and cream stripes."""
    rows, columns = grid(px)
    wave = np.sin((rows + columns) * 9 * np.pi / 1.4 + rng.uniform(0, 2 * np.pi))
    return ramp(
        (0.5 + 0.5 * np.clip(5 * wave, -1, 1)).astype(np.float32), (0.98, 0.93, 0.84), (0.95, 0.45, 0.42)
    )


def checkerboard(rng: np.random.Generator, px: int) -> Picture:
    """Violet and white squares."""
    rows, columns = grid(px)
    a, b = rng.uniform(0, 1, size=2)
    odd = (np.floor(rows * 6 + a) + np.floor(columns * 6 + b)) % 2
    return ramp(odd.astype(np.float32), (0.96, 0.95, 1.0), (0.60, 0.46, 0.86))


def brick_wall(rng: np.random.Generator, px: int) -> Picture:
    """Red-brown bricks with light mortar."""
    rows, columns = grid(px)
    y = rows * 9 + rng.uniform(0, 1)
    x = columns * 4.5 + 0.5 * (np.floor(y) % 2) + rng.uniform(0, 1)
    fx, fy = x - np.floor(x), y - np.floor(y)
    tone = rng.normal(size=(16, 16))[np.floor(y).astype(int) % 16, np.floor(x).astype(int) % 16]
    picture = np.array([0.55, 0.23, 0.17], np.float32) + 0.05 * tone[..., None].astype(np.float32)
    picture[(fx < 0.07) | (fy < 0.14)] = (0.74, 0.68, 0.62)
    return np.clip(picture, 0, 1).astype(np.float32)


def _land(sky: str, land: str) -> Painter:
    """The painter of a land below a sky."""
    return lambda rng, px: landscape(sky, land, rng, px)


def wooden_planks(rng: np.random.Generator, px: int) -> Picture:
    """Eight upright brown planks with dark joints and a grain."""
    rows, columns = grid(px)
    place = columns * 8
    plank = np.minimum(place.astype(int), 7)
    tone = np.array([0.0, 0.07, -0.06, 0.03, 0.09, -0.03, 0.05, -0.08], np.float32)
    tone = np.roll(tone, int(rng.integers(4)))[plank]
    grain = 0.03 * np.sin(columns * 115 + 2.2 * np.sin(rows * 9 + 5 * plank))
    picture = np.array([0.60, 0.40, 0.24], np.float32) + (tone + grain)[..., None]
    joint = np.clip((0.055 - np.minimum(place - plank, 1 + plank - place)) * 0.25 * px, 0, 1)
    return np.clip(laid(picture, joint, (0.28, 0.17, 0.09)), 0, 1).astype(np.float32)


def zigzag(rng: np.random.Generator, px: int) -> Picture:
    """Mustard and navy zigzag bands."""
    rows, columns = grid(px)
    wave = np.abs((columns * 4) % 1 - 0.5)
    place = (rows * 8 + 2 * wave + 0.5 * int(rng.integers(4))) % 2
    band = np.clip((0.5 - np.abs(place - 1)) * px / 8 + 0.5, 0, 1)
    return ramp(band, (0.93, 0.72, 0.22), (0.15, 0.22, 0.45))


def rainbow(rng: np.random.Generator, px: int) -> Picture:
    """A broad rainbow over a meadow."""
    rows, columns = grid(px)
    picture = landscape("day", "meadow", rng, px)
    away = np.hypot(rows - 0.62, columns - 0.5)
    colors = ((0.55, 0.28, 0.78), (0.22, 0.48, 0.92), (0.30, 0.75, 0.35),
              (0.99, 0.88, 0.25), (0.98, 0.58, 0.15), (0.92, 0.22, 0.25))  # fmt: skip
    place = (away - 0.32) / 0.22
    arch = np.clip(place * 12, 0, 1) * np.clip((1 - place) * 12, 0, 1) * np.clip((0.52 - rows) * 14, 0, 1)
    bands = np.array(colors, np.float32)[np.clip((place * 6).astype(int), 0, 5)]
    return laid(picture, 0.78 * arch, bands)


PAINTERS: dict[str, Painter] = {
    "": studio,
    "starry night": _land("night", "meadow"),
    "blue sky": _land("day", "sky"),
    "green meadow": _land("day", "meadow"),
    "ocean waves": ocean_waves,
    "sunburst rays": sunburst_rays,
    "polka dots": polka_dots,
    "stripes": stripes,
    "checkerboard": checkerboard,
    "city skyline": _land("dusk", "city"),
    "snowy mountains": _land("day", "mountains"),
    "brick wall": brick_wall,
    "sunset sky": _land("sunset", "sky"),
    "desert dunes": _land("day", "desert"),
    "pine forest": _land("sunrise", "forest"),
    "flower field": _land("day", "flowers"),
    "wooden planks": wooden_planks,
    "zigzag pattern": zigzag,
    "rainbow sky": rainbow,
    "sandy beach": _land("day", "beach"),
}
