"""Skies: one painter for each time of day and weather, and the light that each throws on the land.

A painter takes a random generator and the side in pixels, and returns Float32[px, px, 3].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from models.composer.easel import Color, Easel, Picture, glowing, grid, laid, smooth_noise, upright


@dataclass(frozen=True)
class Sky:
    """A sky and its light.

    Attributes:
        paint: the painter.
        light: factor of the colours of everything below it.
        haze: colour of what is far away.
    """

    paint: Callable[[np.random.Generator, int], Picture]
    light: Color
    haze: Color


def clouded(picture: Picture, rng: np.random.Generator, clouds: int, color: Color, shade: Color) -> Picture:
    """The picture with heaped clouds: light above, shaded below."""
    px = len(picture)
    easel = Easel(np.zeros_like(picture))
    for _ in range(clouds):
        x, y, size = rng.uniform(0, 1), rng.uniform(0.06, 0.42), rng.uniform(0.07, 0.13)
        for _ in range(9):
            away = rng.uniform(-1, 1)
            r = size * rng.uniform(0.45, 0.8) * (1 - 0.5 * abs(away))
            easel.oval(x + 1.7 * size * away, y - 0.55 * r, r, 0.85 * r, (1, 1, 1))
        easel.oval(x, y, 1.9 * size, 0.28 * size, (1, 1, 1))
    heap = ndimage.gaussian_filter(easel.picture()[..., 0], px / 170)
    under = np.roll(ndimage.gaussian_filter(heap, px / 40), -px // 26, 0)
    lit = np.clip(0.5 + 0.5 * (heap - under), 0, 1)
    tone = np.asarray(shade, np.float32) + lit[..., None] * (np.asarray(color) - np.asarray(shade))
    return laid(picture, 0.92 * heap, tone)


def starred(picture: Picture, rng: np.random.Generator, stars: int, lowest: float = 1.0) -> Picture:
    """The picture with stars of several sizes above the row `lowest`."""
    easel = Easel(picture)
    for n in range(stars):
        x, y, r = rng.uniform(0, 1), rng.uniform(0, lowest), rng.uniform(0.0012, 0.0034)
        easel.oval(x, y, r, r, (1.0, 0.97, 0.86))
        if n % 9 == 0:
            long = 0.013
            easel.line([(x - long, y), (x + long, y)], 0.002, (0.90, 0.92, 1.0))
            easel.line([(x, y - long), (x, y + long)], 0.002, (0.90, 0.92, 1.0))
            easel.oval(x, y, 0.005, 0.005, (1.0, 1.0, 0.96))
    return easel.picture()


def _disc(px: int, x: float, y: float, radius: float) -> tuple[Picture, Picture]:
    """A disc with a smooth edge, and the glow around it."""
    rows, columns = grid(px)
    away = np.hypot(rows - y, columns - x)
    return np.clip((radius - away) * px + 0.5, 0, 1), np.exp(-((away / (3.2 * radius)) ** 2))


def _day(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.22, 0.55, 0.93), (0.52, 0.78, 0.98), (0.84, 0.94, 1.0))
    return clouded(sky, rng, 4, (1.0, 1.0, 1.0), (0.78, 0.86, 0.95))


def _sunrise(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.45, 0.62, 0.90), (0.86, 0.80, 0.88), (1.0, 0.84, 0.68), (1.0, 0.93, 0.78))
    disc, glow = _disc(px, rng.uniform(0.2, 0.8), rng.uniform(0.40, 0.50), 0.07)
    sky = glowing(clouded(sky, rng, 2, (1.0, 0.93, 0.90), (0.90, 0.72, 0.78)), 0.8 * glow, (1.0, 0.88, 0.55))
    return laid(sky, disc, (1.0, 0.98, 0.88))


def _sunset(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.22, 0.12, 0.42), (0.66, 0.24, 0.50), (0.98, 0.46, 0.36), (1.0, 0.74, 0.36))
    sky = clouded(sky, rng, 3, (1.0, 0.62, 0.48), (0.62, 0.24, 0.46))
    disc, glow = _disc(px, rng.uniform(0.2, 0.8), rng.uniform(0.44, 0.54), 0.095)
    return laid(glowing(sky, 0.85 * glow, (1.0, 0.72, 0.25)), disc, (1.0, 0.93, 0.66))


def _night(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.02, 0.03, 0.15), (0.06, 0.09, 0.30), (0.16, 0.20, 0.46))
    veil = np.clip(0.10 * smooth_noise(rng, px, 4), 0, 0.25)
    sky = starred(glowing(sky, veil, (0.45, 0.40, 0.80)), rng, 90)
    disc, glow = _disc(px, rng.choice((0.18, 0.80)) + rng.uniform(-0.05, 0.05), rng.uniform(0.12, 0.2), 0.062)
    moon = 0.94 + 0.05 * smooth_noise(rng, px, 28)[..., None] * np.array([1.0, 1.0, 0.9], np.float32)
    return laid(glowing(sky, 0.4 * glow, (0.75, 0.80, 1.0)), disc, moon * np.array([1.0, 0.98, 0.86]))


def _dusk(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.13, 0.16, 0.42), (0.42, 0.32, 0.62), (0.90, 0.56, 0.60), (1.0, 0.78, 0.60))
    return starred(clouded(sky, rng, 2, (0.86, 0.56, 0.66), (0.46, 0.34, 0.60)), rng, 25, 0.3)


def _overcast(rng: np.random.Generator, px: int) -> Picture:
    sky = upright(px, (0.42, 0.48, 0.56), (0.62, 0.68, 0.74), (0.80, 0.84, 0.86))
    return clouded(sky, rng, 7, (0.74, 0.78, 0.82), (0.40, 0.45, 0.52))


def _space(rng: np.random.Generator, px: int) -> Picture:
    sky = np.full((px, px, 3), (0.02, 0.02, 0.07), np.float32)
    for color, cells in (((0.55, 0.12, 0.60), 3), ((0.10, 0.36, 0.75), 4), ((0.80, 0.32, 0.30), 5)):
        cloud = smooth_noise(rng, px, cells) + 0.35 * smooth_noise(rng, px, 4 * cells)
        sky = glowing(sky, np.clip(0.28 * cloud, 0, 0.6), color)
    return starred(sky, rng, 110)


SKIES: dict[str, Sky] = {
    "day": Sky(_day, (1.0, 1.0, 1.0), (0.80, 0.91, 1.0)),
    "sunrise": Sky(_sunrise, (1.04, 0.93, 0.86), (1.0, 0.88, 0.80)),
    "sunset": Sky(_sunset, (0.98, 0.68, 0.60), (0.98, 0.56, 0.42)),
    "night": Sky(_night, (0.34, 0.42, 0.68), (0.16, 0.20, 0.44)),
    "dusk": Sky(_dusk, (0.72, 0.62, 0.80), (0.80, 0.56, 0.66)),
    "overcast": Sky(_overcast, (0.80, 0.84, 0.88), (0.74, 0.79, 0.83)),
    "space": Sky(_space, (0.80, 0.82, 0.95), (0.10, 0.10, 0.25)),
}
"""The skies by the names that backgrounds and scenes call them."""
