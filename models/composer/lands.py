"""Lands: what lies below a sky, painted from far to near.

A land takes the sky's picture, the sky, and a random generator, and returns the picture with the land. What
is far away has the colour of the sky's haze, and the sky's light falls on everything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from models.composer.easel import (
    Color,
    Easel,
    Picture,
    below,
    glowing,
    grid,
    laid,
    ridge,
    smooth_noise,
    upright,
)
from models.composer.skies import SKIES, Sky

Land = Callable[[Picture, Sky, np.random.Generator], Picture]


def lit(color: Color, sky: Sky, far: float = 0.0) -> Color:
    """A colour under a sky; `far` is the share of haze between, 0..1."""
    shaded = np.asarray(color) * np.asarray(sky.light) * (1 - far) + far * np.asarray(sky.haze)
    red, green, blue = np.clip(shaded, 0, 1)
    return float(red), float(green), float(blue)


def _ground(picture: Picture, profile: Picture, top: Color, bottom: Color) -> Picture:
    """Ground below a line, with a gradient from its upper edge to the bottom of the picture."""
    px = len(picture)
    start = float(profile.min())
    rows = np.linspace(0, 1, px, dtype=np.float32)
    depth = np.clip((rows - start) / max(0.05, 1 - start), 0, 1)[:, None]
    column = np.asarray(top, np.float32) * (1 - depth) + np.asarray(bottom, np.float32) * depth
    return laid(picture, below(profile, px), np.repeat(column[:, None], px, axis=1))


def _blades(picture: Picture, rng: np.random.Generator, top: float, color: Color, count: int) -> Picture:
    """Blades of grass below the row `top`, longer in front."""
    easel = Easel(picture)
    for y in np.sort(rng.uniform(top, 1.02, count)):
        x, near = rng.uniform(0, 1), 0.3 + (y - top) / (1.02 - top)
        lean = rng.uniform(-0.012, 0.012)
        tone = rng.uniform(0.85, 1.15)
        easel.line(
            [(x, y), (x + lean, y - 0.035 * near)], 0.005, (color[0] * tone, color[1] * tone, color[2] * tone)
        )
    return easel.picture()


def _blossoms(picture: Picture, rng: np.random.Generator, sky: Sky, top: float, count: int) -> Picture:
    """Small flowers below the row `top`, larger in front."""
    easel = Easel(picture)
    colors: tuple[Color, ...] = ((1.0, 0.86, 0.30), (0.98, 0.46, 0.62), (1.0, 0.98, 0.95), (0.72, 0.45, 0.90))
    for y in np.sort(rng.uniform(top, 1.0, count)):
        x, r = rng.uniform(0, 1), 0.004 + 0.016 * (y - top) / (1 - top)
        color = lit(colors[int(rng.integers(len(colors)))], sky)
        for turn in range(5):
            angle = 2 * np.pi * turn / 5
            easel.oval(x + r * np.cos(angle), y + 0.7 * r * np.sin(angle), 0.75 * r, 0.6 * r, color)
        easel.oval(x, y, 0.6 * r, 0.5 * r, lit((1.0, 0.66, 0.16), sky))
    return easel.picture()


def meadow(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Two rolling hills far away, and grass with flowers in front."""
    px = len(picture)
    picture = _ground(picture, ridge(rng, px, 0.50, 0.03, 3), lit((0.50, 0.72, 0.50), sky, 0.45),
                      lit((0.45, 0.70, 0.40), sky, 0.3))  # fmt: skip
    picture = _ground(picture, ridge(rng, px, 0.57, 0.03, 2), lit((0.52, 0.78, 0.34), sky, 0.12),
                      lit((0.36, 0.66, 0.24), sky))  # fmt: skip
    picture = _ground(picture, ridge(rng, px, 0.68, 0.02, 2), lit((0.48, 0.76, 0.26), sky),
                      lit((0.16, 0.46, 0.14), sky))  # fmt: skip
    picture = _blades(picture, rng, 0.72, lit((0.30, 0.62, 0.20), sky), 150)
    return _blossoms(picture, rng, sky, 0.74, 26)


def flowers(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """A field of flowers up to the horizon."""
    px = len(picture)
    picture = _ground(picture, ridge(rng, px, 0.42, 0.02, 2), lit((0.46, 0.66, 0.42), sky, 0.3),
                      lit((0.16, 0.44, 0.18), sky))  # fmt: skip
    return _blossoms(_blades(picture, rng, 0.5, lit((0.26, 0.58, 0.2), sky), 150), rng, sky, 0.44, 170)


def hills(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Far hills, and one round hill in the middle."""
    px = len(picture)
    picture = _ground(picture, ridge(rng, px, 0.60, 0.05, 4), lit((0.42, 0.60, 0.56), sky, 0.55),
                      lit((0.42, 0.62, 0.45), sky, 0.4))  # fmt: skip
    axis = np.linspace(-1, 1, px)
    hill = 0.97 - 0.38 * np.exp(-((axis / 0.62) ** 2))
    picture = _ground(picture, np.asarray(hill, np.float32), lit((0.52, 0.76, 0.34), sky),
                      lit((0.18, 0.46, 0.18), sky))  # fmt: skip
    return _blades(picture, rng, 0.84, lit((0.30, 0.60, 0.22), sky), 60)


def _peaks(rng: np.random.Generator, px: int, base: float, height: float, count: int) -> Picture:
    """Float32[px]: pointed peaks above the row `base`."""
    axis = np.linspace(0, 1, px)
    line = np.full(px, base)
    for n in range(count):
        x, tall = (n + rng.uniform(0.2, 0.8)) / count, height * rng.uniform(0.6, 1.0)
        line = np.minimum(line, base - tall + np.abs(axis - x) * tall * count * 1.05)
    rough = np.interp(axis, np.linspace(0, 1, 40), rng.normal(size=40)) * 0.006
    return np.asarray(line + rough, np.float32)


def mountains(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Two chains of snow-capped mountains, and a wooded foot."""
    px = len(picture)
    rows, columns = grid(px)
    for base, height, count, far in ((0.62, 0.34, 4, 0.45), (0.74, 0.46, 3, 0.08)):
        line = _peaks(rng, px, base, height, count)
        slope = np.gradient(ndimage.gaussian_filter1d(line, px / 100)) * px
        sunny = np.clip(0.5 - 0.45 * slope, 0, 1)[None, :, None].astype(np.float32)
        jag = 0.02 * np.sin(columns * 61 + 5 * np.sin(columns * 23)) + 0.012 * smooth_noise(rng, px, 24)
        snow = np.clip((0.14 - (rows - line[None, :]) + jag) * px / 2, 0, 1)[..., None]
        rock = np.asarray(lit((0.34, 0.38, 0.50), sky, far)) * (0.72 + 0.5 * sunny)
        white = np.asarray(lit((0.98, 0.99, 1.0), sky, far * 0.7)) * (0.80 + 0.20 * sunny)
        picture = laid(picture, below(line, px), np.clip(rock * (1 - snow) + white * snow, 0, 1))
    picture = _ground(picture, ridge(rng, px, 0.77, 0.015, 5), lit((0.26, 0.46, 0.36), sky, 0.1),
                      lit((0.16, 0.36, 0.22), sky))  # fmt: skip
    return _ground(picture, ridge(rng, px, 0.86, 0.015, 2), lit((0.46, 0.68, 0.32), sky),
                   lit((0.26, 0.52, 0.22), sky))  # fmt: skip


def sea(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Water up to the horizon, with the sky's glitter and the crests of waves."""
    px = len(picture)
    horizon, water = 0.56, np.full(px, 0.56, np.float32)
    mirrored = picture[: int(horizon * px)][::-1]
    mirrored = np.concatenate([mirrored, np.repeat(mirrored[-1:], px, 0)])[: px - int(horizon * px)]
    deep = upright(px, lit((0.10, 0.46, 0.70), sky, 0.2), lit((0.02, 0.20, 0.44), sky))
    surface = deep.copy()
    surface[int(horizon * px) :] = 0.55 * deep[int(horizon * px) :] + 0.45 * mirrored
    picture = laid(picture, below(water, px), ndimage.gaussian_filter(surface, (0, px / 90, 0)))
    easel = Easel(picture)
    bright = tuple(float(v) for v in np.clip(mirrored.reshape(-1, 3).max(0) * 1.02, 0, 1))
    for y in np.sort(horizon + 0.44 * rng.uniform(0.03, 1, 90) ** 1.3):
        near = (y - horizon) / 0.44
        x, wide = rng.uniform(0, 1), 0.015 + 0.07 * near * rng.uniform(0.5, 1)
        tone = (bright[0], bright[1], bright[2]) if rng.random() < 0.45 else lit((0.16, 0.50, 0.74), sky)
        easel.oval(x, y, wide, 0.0016 + 0.0035 * near, tone)
    return easel.picture()


def beach(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """The sea, a line of foam, and sand."""
    px = len(picture)
    picture = sea(picture, sky, rng)
    shore = ridge(rng, px, 0.73, 0.018, 3)
    picture = laid(picture, below(shore - 0.05, px) * 0.5, lit((0.30, 0.80, 0.80), sky))
    picture = laid(picture, below(shore - 0.012, px), lit((0.98, 1.0, 1.0), sky))
    picture = _ground(picture, shore, lit((0.86, 0.72, 0.52), sky), lit((0.98, 0.87, 0.64), sky))
    easel = Easel(picture)
    for _ in range(90):
        x, y = rng.uniform(0, 1), rng.uniform(0.79, 1)
        tone = rng.uniform(0.86, 1.05)
        easel.oval(x, y, 0.004, 0.002, lit((0.88 * tone, 0.74 * tone, 0.52 * tone), sky))
    return easel.picture()


def island(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """A small island of sand in the sea."""
    easel = Easel(sea(picture, sky, rng))
    easel.oval(0.5, 0.785, 0.37, 0.085, lit((0.34, 0.80, 0.82), sky))
    easel.oval(0.5, 0.78, 0.335, 0.07, lit((0.98, 1.0, 1.0), sky))
    easel.oval(0.5, 0.772, 0.325, 0.066, lit((0.86, 0.72, 0.50), sky))
    easel.oval(0.5, 0.762, 0.31, 0.060, lit((0.98, 0.88, 0.64), sky))
    easel.oval(0.48, 0.750, 0.17, 0.034, lit((0.55, 0.76, 0.34), sky))
    return easel.picture()


def desert(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Dunes with a lit and a shaded flank."""
    px = len(picture)
    rows, _ = grid(px)
    dunes = ((0.52, 0.04, 3, 0.4, 1.0), (0.62, 0.07, 2, 0.12, 1.0), (0.80, 0.07, 2, 0.0, 0.96))
    for base, height, bends, far, tone in dunes:
        crest = ridge(rng, px, base, height, bends)
        fold = crest + 0.10 + 0.09 * np.sin(np.linspace(0, 2 * np.pi * bends / 2, px) + rng.uniform(0, 6))
        sand = np.asarray(lit((0.96 * tone, 0.76 * tone, 0.46 * tone), sky, far))
        dark = np.asarray(lit((0.74 * tone, 0.48 * tone, 0.28 * tone), sky, far))
        flank = np.clip((fold[None, :] - rows) * 22, 0, 1)[..., None]
        picture = laid(picture, below(crest, px), (sand * (1 - 0.6 * flank) + dark * 0.6 * flank))
    return picture


def _pine(easel: Easel, x: float, foot: float, tall: float, color: Color, snow: float) -> None:
    easel.box(x - 0.03 * tall, foot - 0.14 * tall, x + 0.03 * tall, foot, (0.30, 0.20, 0.16))
    for part in range(4):
        top, wide = foot - tall * (1 - 0.21 * part), tall * (0.13 + 0.055 * part)
        tone = 0.85 + 0.10 * part
        shade = (color[0] * tone, color[1] * tone, color[2] * tone)
        low = top + 0.34 * tall
        easel.polygon([(x, top), (x - wide, low), (x, low - 0.03 * tall), (x + wide, low)], shade)
        dark = (shade[0] * 0.8, shade[1] * 0.8, shade[2] * 0.85)
        easel.polygon([(x, top), (x, low - 0.03 * tall), (x + wide, low)], dark)
        if snow:
            rim = ((-0.55, 0.19), (0.1, 0.15), (0.5, 0.18))
            cap = [(x, top), *((x + a * wide, top + b * tall) for a, b in rim)]
            easel.polygon(cap, (0.95 * snow, 0.97 * snow, snow))


def forest(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Three rows of pines in a mist that thins towards the front, and a mossy floor."""
    px = len(picture)
    for foot, tall, step, far in ((0.70, 0.34, 0.075, 0.6), (0.78, 0.52, 0.13, 0.3), (0.90, 0.72, 0.26, 0.0)):
        easel = Easel(picture)
        x = -rng.uniform(0, step)
        while x < 1.1:
            if far or not 0.3 < x < 0.7:
                size = tall * rng.uniform(0.8, 1.1)
                _pine(easel, x, foot + rng.uniform(0, 0.03), size, lit((0.14, 0.40, 0.26), sky, far), 0.0)
            x += step * rng.uniform(0.75, 1.2)
        picture = easel.picture()
        if far:
            veil = np.exp(-(((grid(px)[0] - foot) / 0.12) ** 2)) * 0.5
            picture = laid(picture, veil, sky.haze)
            near = lit((0.22, 0.42, 0.22), sky)
            floor = ridge(rng, px, foot - 0.01, 0.01, 3)
            picture = _ground(picture, floor, lit((0.34, 0.52, 0.34), sky, far), near)
    return _blades(picture, rng, 0.86, lit((0.22, 0.46, 0.18), sky), 90)


def snow(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Snowy hills with small pines, and untouched snow in front."""
    px = len(picture)
    picture = _ground(picture, ridge(rng, px, 0.52, 0.05, 3), lit((0.82, 0.88, 0.96), sky, 0.4),
                      lit((0.90, 0.94, 1.0), sky, 0.2))  # fmt: skip
    easel = Easel(picture)
    green, white = lit((0.20, 0.42, 0.36), sky, 0.12), 0.9 * max(sky.light)
    for x in rng.uniform(0, 1, 11):
        _pine(easel, x, 0.63 + 0.03 * np.sin(9 * x), rng.uniform(0.13, 0.22), green, white)
    picture = _ground(easel.picture(), ridge(rng, px, 0.65, 0.025, 2), lit((0.97, 0.98, 1.0), sky),
                      lit((0.78, 0.86, 0.97), sky))  # fmt: skip
    return picture


BUILDINGS: tuple[Color, ...] = (
    (0.62, 0.54, 0.56),
    (0.48, 0.52, 0.62),
    (0.70, 0.60, 0.50),
    (0.42, 0.46, 0.54),
)


def city(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Two rows of buildings with windows, which are lit in the dark, and a street."""
    dark = sum(sky.light) < 2.4
    easel = Easel(picture)
    tones = BUILDINGS
    for far, low, high, wide, foot in ((0.5, 0.12, 0.38, 0.13, 0.80), (0.04, 0.30, 0.58, 0.22, 0.82)):
        x = -rng.uniform(0, wide)
        while x < 1:
            width, top = wide * rng.uniform(0.8, 1.3), rng.uniform(low, high)
            color = lit(tones[int(rng.integers(4))], sky, far)
            easel.box(x, top, x + width, foot, color)
            dim = (0.8 * color[0], 0.8 * color[1], 0.82 * color[2])
            easel.box(x + 0.74 * width, top, x + width, foot, dim)
            if rng.random() < 0.35:
                easel.line([(x + width / 2, top), (x + width / 2, top - 0.06)], 0.005, color)
            step = 0.055 if far < 0.3 else 0.04
            for wx in np.arange(x + 0.02, x + width - 0.03, step):
                for wy in np.arange(top + 0.03, foot - 0.04, 1.35 * step):
                    if rng.random() < (0.6 if dark else 0.85):
                        pane = (1.0, 0.84, 0.44) if dark else lit((0.60, 0.76, 0.90), sky, far)
                        glow = rng.uniform(0.75, 1.0) if far < 0.3 else rng.uniform(0.5, 0.75)
                        pane = (pane[0] * glow, pane[1] * glow, pane[2] * glow)
                        easel.box(wx, wy, wx + 0.5 * step, wy + 0.75 * step, pane)
            x += width + 0.004
    easel.box(0, 0.82, 1, 0.86, lit((0.66, 0.66, 0.68), sky))
    easel.box(0, 0.86, 1, 1, lit((0.30, 0.31, 0.35), sky))
    for x in np.arange(rng.uniform(-0.1, 0), 1, 0.2):
        dash = [(x, 0.925), (x + 0.1, 0.925), (x + 0.095, 0.94), (x - 0.005, 0.94)]
        easel.polygon(dash, lit((0.95, 0.93, 0.85), sky))
    return easel.picture()


WALLS: tuple[Color, ...] = (
    (0.90, 0.80, 0.68),
    (0.70, 0.82, 0.80),
    (0.88, 0.72, 0.70),
    (0.76, 0.78, 0.90),
    (0.94, 0.86, 0.62),
)


def room(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """A room: a wall with a pool of light, a skirting board, and floor boards."""
    px = len(picture)
    rows, columns = grid(px)
    wall = np.asarray(lit(WALLS[int(rng.integers(len(WALLS)))], sky), np.float32)
    pool = np.exp(-(((rows - 0.3) / 0.5) ** 2 + ((columns - rng.uniform(0.3, 0.7)) / 0.55) ** 2))
    picture = wall * (0.72 + 0.36 * pool)[..., None]
    easel = Easel(np.clip(picture, 0, 1))
    easel.box(0, 0.70, 1, 1, lit((0.60, 0.42, 0.28), sky))
    for n, x in enumerate(np.linspace(-1.2, 2.2, 24)):
        tone = (0.95, 1.0, 0.9, 1.05)[n % 4]
        back, wide = 0.5 + 0.62 * (x - 0.5), 0.14
        board = [(back, 0.72), (back + 0.62 * wide, 0.72), (x + wide, 1), (x, 1)]
        easel.polygon(board, lit((0.66 * tone, 0.46 * tone, 0.30 * tone), sky))
        easel.line([(back, 0.72), (x, 1)], 0.003, lit((0.40, 0.27, 0.18), sky))
    easel.box(0, 0.69, 1, 0.72, lit((0.97, 0.95, 0.90), sky))
    return easel.picture()


def underwater(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Deep water with rays from above, weeds, bubbles and a floor of sand."""
    px = len(picture)
    rows, columns = grid(px)
    picture = upright(px, (0.45, 0.86, 0.92), (0.10, 0.55, 0.78), (0.02, 0.26, 0.52))
    fan = np.sin(26 * np.arctan2(columns - rng.uniform(0.3, 0.7), rows + 0.5) + rng.uniform(0, 6))
    picture = glowing(picture, 0.30 * np.clip(fan, 0, 1) * np.clip(1 - rows, 0, 1), (0.8, 1.0, 1.0))
    picture = _ground(picture, ridge(rng, px, 0.86, 0.02, 3), (0.62, 0.72, 0.62), (0.86, 0.80, 0.58))
    easel = Easel(picture)
    for x in np.concatenate([rng.uniform(0, 0.22, 5), rng.uniform(0.78, 1, 5)]):
        tall, phase = rng.uniform(0.15, 0.42), rng.uniform(0, 6)
        stem = [(x + 0.015 * np.sin(phase + 9 * t), 0.93 - tall * t) for t in np.linspace(0, 1, 12)]
        weeds: tuple[Color, ...] = ((0.10, 0.50, 0.34), (0.16, 0.60, 0.36), (0.55, 0.30, 0.44))
        easel.line(stem, 0.012, weeds[int(rng.integers(len(weeds)))])
    for _ in range(16):
        x, y, r = rng.uniform(0, 1), rng.uniform(0.05, 0.8), rng.uniform(0.005, 0.016)
        easel.oval(x, y, r, r, (0.75, 0.94, 0.98))
        easel.oval(x + 0.2 * r, y + 0.2 * r, 0.75 * r, 0.75 * r, (0.30, 0.72, 0.86))
    return easel.picture()


def moon(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Gray ground with craters."""
    px = len(picture)
    picture = _ground(picture, ridge(rng, px, 0.68, 0.03, 4), (0.66, 0.66, 0.70), (0.44, 0.44, 0.50))
    easel = Easel(picture)
    for y in np.sort(rng.uniform(0.74, 1.0, 12)):
        x, r = rng.uniform(0, 1), 0.02 + 0.12 * (y - 0.70) * rng.uniform(0.6, 1.2)
        easel.oval(x, y, r, 0.32 * r, (0.74, 0.74, 0.78))
        easel.oval(x, y + 0.05 * r, 0.86 * r, 0.25 * r, (0.34, 0.34, 0.40))
    return easel.picture()


def lake(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """Mountains mirrored in a still lake."""
    px = len(picture)
    shore = int(0.60 * px)
    far = mountains(picture, sky, rng)
    above = far[int(0.16 * px) : int(0.16 * px) + shore]
    mirrored = ndimage.gaussian_filter(above[::-1][: px - shore], (px / 300, px / 110, 0))
    water = 0.72 * mirrored + 0.28 * np.asarray(lit((0.12, 0.38, 0.56), sky))
    picture = np.concatenate([above, water])
    easel = Easel(picture)
    for y in rng.uniform(0.64, 1, 40):
        x = rng.uniform(0, 1)
        easel.oval(x, y, 0.05 * y, 0.0018, lit((0.72, 0.86, 0.94), sky, 0.2))
    return easel.picture()


def nothing(picture: Picture, sky: Sky, rng: np.random.Generator) -> Picture:
    """The sky alone."""
    return picture


LANDS: dict[str, Land] = {
    "sky": nothing,
    "meadow": meadow,
    "flowers": flowers,
    "hill": hills,
    "mountains": mountains,
    "lake": lake,
    "sea": sea,
    "beach": beach,
    "island": island,
    "desert": desert,
    "forest": forest,
    "snow": snow,
    "city": city,
    "room": room,
    "underwater": underwater,
    "moon": moon,
}
"""The lands by the names that backgrounds and scenes call them."""


def landscape(sky: str, land: str, rng: np.random.Generator, px: int) -> Picture:
    """A land below a sky, Float32[px, px, 3] in 0..1."""
    above = SKIES[sky]
    return np.clip(LANDS[land](above.paint(rng, px), above, rng), 0, 1).astype(np.float32)
