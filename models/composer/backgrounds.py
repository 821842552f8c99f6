"""Backgrounds: one painter for each background token.

A painter takes a random generator and returns Float32[px, px, 3] in 0..1. Colours are fixed up to a small
jitter, so a token always has the same look. Positions are random, so a model learns the look and not one
picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.floating[Any]]
Painter = Callable[[np.random.Generator, int], Picture]


def grid(px: int) -> tuple[Picture, Picture]:
    """Row and column of each pixel, two Float32[px, px] in 0..1."""
    axis = np.linspace(0, 1, px, dtype=np.float32)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def smooth_noise(rng: np.random.Generator, px: int, cells: int) -> Picture:
    """Float32[px, px]: noise of mean 0 and standard deviation about 1 that varies over px / cells pixels."""
    coarse = rng.normal(size=(cells, cells)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((px, px), Image.Resampling.BICUBIC), dtype=np.float32)


def ramp(values: Picture, *colors: tuple[float, float, float]) -> Picture:
    """Float32[..., 3]: `values` in 0..1 mapped to colours between the given `colors`."""
    stops = np.linspace(0, 1, len(colors))
    channels = [np.interp(values, stops, [color[c] for color in colors]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _from_image(image: Image.Image, px: int) -> Picture:
    small = image.resize((px, px), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / 255


def _canvas(picture: Picture) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    px = len(picture)
    image = Image.fromarray((picture * 255).astype(np.uint8)).resize(
        (2 * px, 2 * px), Image.Resampling.BILINEAR
    )
    return image, ImageDraw.Draw(image)


def plain(rng: np.random.Generator, px: int) -> Picture:
    """Plain light gray."""
    rows, _ = grid(px)
    return ramp(rows, (0.88, 0.88, 0.88), (0.78, 0.78, 0.78))


def starry_night(rng: np.random.Generator, px: int) -> Picture:
    """Deep blue with stars."""
    rows, _ = grid(px)
    picture = ramp(rows, (0.03, 0.04, 0.20), (0.12, 0.12, 0.42))
    image, draw = _canvas(picture)
    for _ in range(45):
        x, y, r = rng.uniform(0, 2 * px), rng.uniform(0, 2 * px), rng.uniform(0.8, 3.4)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 250, 215))
    return _from_image(image, px)


def blue_sky(rng: np.random.Generator, px: int) -> Picture:
    """Light blue with white clouds."""
    rows, _ = grid(px)
    image, draw = _canvas(ramp(rows, (0.25, 0.58, 0.95), (0.66, 0.86, 1.0)))
    for _ in range(4):
        x, y = rng.uniform(0, 2 * px), rng.uniform(0, 1.9 * px)
        for _ in range(6):
            dx, dy, r = rng.uniform(-34, 34), rng.uniform(-7, 7), rng.uniform(10, 18)
            draw.ellipse((x + dx - r, y + dy - r * 0.8, x + dx + r, y + dy + r * 0.8), fill=(250, 252, 255))
    return _from_image(image, px)


def green_meadow(rng: np.random.Generator, px: int) -> Picture:
    """Pale sky over green grass with flowers."""
    rows, columns = grid(px)
    hill = 0.42 + 0.05 * np.sin(3 * columns + rng.uniform(0, 6))
    sky = ramp(rows, (0.72, 0.90, 1.0), (0.93, 0.98, 1.0))
    grass = ramp(rows, (0.62, 0.86, 0.36), (0.46, 0.76, 0.26), (0.18, 0.52, 0.14))
    image, draw = _canvas(np.where((rows > hill)[..., None], grass, sky))
    for _ in range(90):
        x, y = rng.uniform(0, 2 * px), rng.uniform(1.0 * px, 2 * px)
        draw.line((x, y, x + rng.uniform(-4, 4), y - rng.uniform(6, 12)), fill=(40, 125, 30), width=2)
    for _ in range(14):
        x, y = rng.uniform(0, 2 * px), rng.uniform(1.1 * px, 2 * px)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=(255, 235, 120))
    return _from_image(image, px)


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


def city_skyline(rng: np.random.Generator, px: int) -> Picture:
    """Dark buildings with lit windows before a dusk sky."""
    rows, _ = grid(px)
    image, draw = _canvas(ramp(rows, (0.30, 0.28, 0.55), (0.85, 0.55, 0.55), (1.0, 0.75, 0.50)))
    x = -10.0
    while x < 2 * px:
        width, top = rng.uniform(24, 44), rng.uniform(0.45, 1.25) * px
        shade = int(rng.uniform(28, 58))
        draw.rectangle((x, top, x + width, 2 * px), fill=(shade, shade, shade + 28))
        for wx in np.arange(x + 5, x + width - 6, 9):
            for wy in np.arange(top + 6, 2 * px, 13):
                if rng.random() < 0.55:
                    draw.rectangle((wx, wy, wx + 4, wy + 6), fill=(255, 220, 110))
        x += width + 1
    return _from_image(image, px)


def snowy_mountains(rng: np.random.Generator, px: int) -> Picture:
    """Gray-blue peaks with white tops before a pale sky."""
    rows, _ = grid(px)
    image, draw = _canvas(ramp(rows, (0.55, 0.76, 0.93), (0.90, 0.95, 1.0)))
    for shade, base in ((150, 0.55), (105, 0.85)):
        for x in np.arange(-0.3, 2.4, 0.62) * px:
            x, top = x + rng.uniform(-16, 16), (base + rng.uniform(-0.25, 0.25)) * px
            wide = 0.62 * px
            draw.polygon(
                [(x, top), (x - wide, 2 * px), (x + wide, 2 * px)], fill=(shade - 25, shade, shade + 35)
            )
            cap, down = 0.20 * wide, 0.20 * (2 * px - top)
            draw.polygon(
                [(x, top), (x - cap, top + down), (x - cap / 3, top + 0.7 * down),
                 (x + cap / 3, top + 1.1 * down), (x + cap, top + down)],
                fill=(250, 252, 255),
            )  # fmt: skip
    return _from_image(image, px)


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


def sunset_sky(rng: np.random.Generator, px: int) -> Picture:
    """Purple over pink over orange, with a low sun."""
    rows, columns = grid(px)
    picture = ramp(rows, (0.30, 0.16, 0.48), (0.86, 0.34, 0.48), (1.0, 0.62, 0.28), (1.0, 0.82, 0.45))
    distance = np.hypot(rows - 0.80, columns - rng.uniform(0.1, 0.9))
    sun = np.clip((0.17 - distance) * 30, 0, 1)[..., None].astype(np.float32)
    return picture * (1 - sun) + sun * np.array([1.0, 0.95, 0.70], np.float32)


def desert_dunes(rng: np.random.Generator, px: int) -> Picture:
    """Sand dunes with shaded flanks below a pale hot sky."""
    rows, columns = grid(px)
    picture = ramp(rows, (0.98, 0.86, 0.62), (1.0, 0.93, 0.78))
    for base, shade, waves in ((0.50, 0.86, 1.0), (0.66, 1.0, 1.4), (0.84, 0.92, 0.8)):
        crest = base + 0.07 * np.sin(2 * np.pi * (waves * columns + rng.integers(4) / 4))
        flank = np.clip(1.15 - 1.6 * np.clip(rows - crest, 0, 0.25), 0, 1.1)[..., None]
        sand = np.array([0.93, 0.70, 0.38], np.float32) * shade * flank
        picture = np.where((rows > crest)[..., None], sand, picture)
    return np.clip(picture, 0, 1).astype(np.float32)


def pine_forest(rng: np.random.Generator, px: int) -> Picture:
    """Two rows of dark pines before a pale green sky."""
    rows, _ = grid(px)
    image, draw = _canvas(ramp(rows, (0.80, 0.90, 0.84), (0.62, 0.78, 0.68)))
    for base, tall, step, color in ((1.5, 1.15, 0.26, (66, 122, 92)), (2.0, 1.0, 0.38, (22, 66, 46))):
        for x in np.arange(rng.integers(4) / 4 * step - 0.2, 2.3, step) * px:
            for part in range(3):
                top, wide = base * px - tall * px * (1 - 0.24 * part), (0.09 + 0.045 * part) * px
                draw.polygon([(x, top), (x - wide, top + 0.42 * px), (x + wide, top + 0.42 * px)], fill=color)
            draw.rectangle((x - 3, base * px - 0.14 * px, x + 3, 2 * px), fill=color)
    return _from_image(image, px)


def flower_field(rng: np.random.Generator, px: int) -> Picture:
    """Rows of large pink, white and yellow flowers on green."""
    rows, _ = grid(px)
    image, draw = _canvas(ramp(rows, (0.44, 0.70, 0.34), (0.22, 0.48, 0.20)))
    colors = ((245, 120, 170), (255, 245, 245), (250, 205, 70), (200, 90, 200))
    first = int(rng.integers(4))
    for row in range(6):
        for column in range(7):
            x, y = (column + 0.5 * (row % 2)) * px / 3.1, (row + 0.4) * px / 2.9
            for petal in range(5):
                a = 2 * np.pi * petal / 5
                u, v = x + 10 * np.cos(a), y + 10 * np.sin(a)
                draw.ellipse((u - 8, v - 8, u + 8, v + 8), fill=colors[(row + 2 * column + first) % 4])
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=(240, 160, 40))
    return _from_image(image, px)


def wooden_planks(rng: np.random.Generator, px: int) -> Picture:
    """Upright brown planks, 16 pixels wide, with dark joints."""
    rows, columns = grid(px)
    plank = np.arange(px) // 16
    tone = np.array([0.0, 0.07, -0.06, 0.03, 0.09, -0.03, 0.05, -0.08], np.float32)
    tone = np.roll(tone, int(rng.integers(4)))[plank % 8]
    grain = 0.035 * np.sin(columns * px * 0.9 + 2.2 * np.sin(rows * 9))
    picture = np.array([0.58, 0.38, 0.22], np.float32) + (tone[None, :] + grain)[..., None]
    joint = np.isin(np.arange(px) % 16, (0, 15))
    picture[:, joint] = (0.28, 0.17, 0.09)
    return np.clip(picture, 0, 1).astype(np.float32)


def zigzag(rng: np.random.Generator, px: int) -> Picture:
    """Mustard and navy zigzag bands."""
    rows, columns = np.mgrid[0:px, 0:px]
    wave = np.abs(columns % 32 - 16)
    band = ((rows + wave + 8 * int(rng.integers(4))) // 16) % 2
    return np.where(band[..., None] == 0, (0.93, 0.72, 0.22), (0.15, 0.22, 0.45)).astype(np.float32)


def rainbow(rng: np.random.Generator, px: int) -> Picture:
    """A broad rainbow arched over a pale sky."""
    rows, columns = grid(px)
    picture = ramp(rows, (0.80, 0.92, 1.0), (0.95, 0.98, 1.0))
    distance = np.hypot(rows - 1.0, columns - 0.5)
    colors = ((0.92, 0.22, 0.25), (0.98, 0.58, 0.15), (0.99, 0.88, 0.25),
              (0.30, 0.75, 0.35), (0.22, 0.48, 0.92), (0.55, 0.28, 0.78))  # fmt: skip
    for n, color in enumerate(colors):
        picture[(distance < 0.95 - 0.075 * n) & (distance >= 0.95 - 0.075 * (n + 1))] = color
    return picture


def sandy_beach(rng: np.random.Generator, px: int) -> Picture:
    """Sky, a band of turquoise sea, a white line of foam, sand."""
    rows, columns = grid(px)
    foam = 0.60 + 0.025 * np.sin(2 * np.pi * (2 * columns + rng.integers(4) / 4))
    picture = np.where((rows < 0.34)[..., None], ramp(rows / 0.34, (0.45, 0.76, 0.98), (0.78, 0.93, 1.0)),
                       ramp((rows - 0.34) / 0.3, (0.05, 0.52, 0.66), (0.30, 0.82, 0.80)))  # fmt: skip
    picture = np.where((rows > foam)[..., None], np.array([0.96, 0.85, 0.62]), picture)
    return np.where((np.abs(rows - foam) < 0.025)[..., None], 1.0, picture).astype(np.float32)


PAINTERS: dict[str, Painter] = {
    "": plain,
    "starry night": starry_night,
    "blue sky": blue_sky,
    "green meadow": green_meadow,
    "ocean waves": ocean_waves,
    "sunburst rays": sunburst_rays,
    "polka dots": polka_dots,
    "stripes": stripes,
    "checkerboard": checkerboard,
    "city skyline": city_skyline,
    "snowy mountains": snowy_mountains,
    "brick wall": brick_wall,
    "sunset sky": sunset_sky,
    "desert dunes": desert_dunes,
    "pine forest": pine_forest,
    "flower field": flower_field,
    "wooden planks": wooden_planks,
    "zigzag pattern": zigzag,
    "rainbow sky": rainbow,
    "sandy beach": sandy_beach,
}
