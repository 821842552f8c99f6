"""Moods: for each mood token, colours and a light for the whole picture.

A mood takes the picture Float32[px, px, 3] and the subject's mask Float32[px, px]. It is smooth and not
random. It has a random generator as an argument, which it does not use, because lights have one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from models.composer.easel import Picture, grid, ramp
from models.composer.touches import luminance, saturated, unit

Mood = Callable[[Picture, Picture, np.random.Generator], Picture]
Color = tuple[float, float, float]


def _color(red: float, green: float, blue: float) -> Picture:
    return np.array([red, green, blue], np.float32)


def _screen(picture: Picture, light: Picture) -> Picture:
    """Light added to a picture (the blend mode "screen")."""
    return 1 - (1 - picture) * (1 - np.clip(light, 0, 1))


def _mixed(picture: Picture, share: Picture, color: Picture) -> Picture:
    """The picture with `share` Float32[px, px] of a colour at each pixel."""
    return picture * (1 - share[..., None]) + share[..., None] * color


def _toned(picture: Picture, share: float, *colors: Color) -> Picture:
    """`share` of the picture replaced by `colors`, from its darks to its lights."""
    gray = luminance(picture)
    low, high = np.percentile(gray, (3, 97))
    gray = np.clip(0.5 * gray + 0.5 * (gray - low) / max(0.35, high - low), 0, 1)
    return share * ramp(gray, *colors) + (1 - share) * picture


def _step(values: Picture, start: float, end: float) -> Picture:
    """0 at `start`, 1 at `end`, smooth between."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def _from_middle(px: int) -> Picture:
    """Distance of each pixel from the middle, as a share of the picture."""
    rows, columns = grid(px)
    return np.hypot(rows - 0.5, columns - 0.5)


def neutral(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """No mood."""
    return picture


def cozy(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A fireside glow from below, dark brown corners above."""
    rows, columns = grid(len(picture))
    far = np.hypot((rows - 1.0) * 0.9, (columns - 0.5) * 1.25)
    warm = _toned(picture, 0.5, (0.16, 0.06, 0.02), (0.80, 0.38, 0.12), (1.0, 0.86, 0.60))
    warm = _mixed(warm, 0.88 * _step(far, 0.50, 1.0) * (1 - 0.35 * mask), _color(0.13, 0.05, 0.02))
    glow = np.exp(-((far / 0.42) ** 2)) * (1 - 0.5 * mask)
    return _screen(warm, 0.95 * glow[..., None] * _color(1.0, 0.55, 0.10))


def spooky(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Sickly green in the dark, with low mist."""
    rows, columns = grid(len(picture))
    dark = _toned(picture, 0.72, (0.0, 0.03, 0.02), (0.16, 0.32, 0.08), (0.66, 0.86, 0.22)) * 0.88
    dark = _screen(dark, 0.24 * mask[..., None] * _color(0.7, 1.0, 0.2))
    dark = _mixed(
        dark, (1 - 0.5 * mask) * 0.92 * _step(_from_middle(len(picture)), 0.30, 0.62), _color(0.0, 0.03, 0.02)
    )
    surface = 0.78 + 0.05 * np.sin(2 * np.pi * 1.5 * columns + 0.6)
    mist = 0.72 * _step(rows - surface, -0.10, 0.14) * (1 - 0.3 * mask)
    return _mixed(dark, mist, _color(0.62, 0.84, 0.52))


def dreamy(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Lavender and pink, in soft bloom and haze."""
    px = len(picture)
    rows, _ = grid(px)
    soft = 0.55 * picture + 0.45 * ndimage.gaussian_filter(picture, (2.5 * unit(px), 2.5 * unit(px), 0))
    soft = _toned(soft, 0.55, (0.46, 0.34, 0.72), (0.88, 0.62, 0.90), (1.0, 0.90, 0.98))
    bloom = ndimage.gaussian_filter(soft, (px / 20, px / 20, 0))
    soft = _screen(soft, 0.32 * bloom)
    haze = 0.80 * _step(_from_middle(px), 0.28, 0.66) * (1 - 0.4 * mask)
    return _mixed(soft, haze, ramp(rows, (0.84, 0.76, 1.0), (1.0, 0.80, 0.92)))


def mysterious(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A round lit centre in indigo darkness."""
    far = _from_middle(len(picture))
    night = _toned(picture, 0.6, (0.05, 0.02, 0.20), (0.34, 0.20, 0.70), (0.88, 0.80, 1.0))
    lit = np.clip(night * 1.05 + 0.05, 0, 1)
    share = 0.9 * _step(far, 0.42, 0.62)
    return _mixed(lit, share, _color(0.07, 0.02, 0.22))


def cheerful(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Bright and strong colours under a yellow sun at the top."""
    rows, columns = grid(len(picture))
    far = np.hypot(rows, columns - 0.5)
    bright = saturated(np.clip(picture * 1.08 + 0.08, 0, 1), 1.5)
    bright = bright * (1 - 0.35 * (1 - _color(1.0, 0.93, 0.35)))
    glow = np.exp(-((rows / 0.50) ** 2)) * (1 - 0.7 * mask)
    bright = _mixed(bright, 0.85 * glow, _color(1.0, 0.88, 0.16))
    return _mixed(bright, _step(-far, -0.19, -0.155) * (1 - 0.8 * mask), _color(1.0, 0.99, 0.78))


def melancholic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Blue-gray and dull, a rain cloud's shade from above."""
    rows, _ = grid(len(picture))
    dull = saturated(picture, 0.45) * 0.75 + 0.08
    dull = _toned(dull, 0.6, (0.12, 0.16, 0.24), (0.46, 0.54, 0.64), (0.74, 0.80, 0.87))
    return _mixed(dull, 0.92 * _step(-rows, -0.75, -0.04) * (1 - 0.75 * mask), _color(0.20, 0.25, 0.33))


def romantic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Rose, with a glow from both sides."""
    _, columns = grid(len(picture))
    rose = _toned(picture, 0.55, (0.42, 0.04, 0.18), (0.92, 0.42, 0.52), (1.0, 0.88, 0.86))
    sides = _step(np.abs(columns - 0.5), 0.20, 0.5) * (1 - 0.45 * mask)
    return _mixed(rose, 0.88 * sides, _color(1.0, 0.26, 0.46))


def futuristic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Cyan left and magenta right over dark, with glowing lines across."""
    rows, columns = grid(len(picture))
    right = _step(columns, 0.46, 0.54)[..., None]
    tint = (1 - right) * _color(0.0, 0.88, 1.0) + right * _color(1.0, 0.05, 0.82)
    gray = luminance(picture)[..., None]
    dark = 0.55 * tint * gray + 0.28 * picture + 0.05 * tint
    dark = np.clip(dark * (1 + 0.45 * mask[..., None]), 0, 1)
    away = np.abs((rows * 6 + 0.5) % 1 - 0.5) / 6
    line = np.exp(-((away / 0.022) ** 2)) + 0.35 * np.exp(-((away / 0.05) ** 2))
    line = np.clip(line, 0, 1) * (1 - 0.85 * mask)
    return _screen(dark, line[..., None] * (0.75 * tint + 0.25))


def peaceful(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Pale mint and white, of low contrast."""
    rows, _ = grid(len(picture))
    soft = 0.5 * unit(len(picture))
    calm = ndimage.gaussian_filter(picture, (soft, soft, 0))
    calm = _toned(calm, 0.55, (0.36, 0.66, 0.56), (0.70, 0.90, 0.80), (0.97, 1.0, 0.98))
    calm = calm * 0.72 + 0.28 * _color(0.86, 1.0, 0.93)
    veil = ramp(rows, (1.0, 1.0, 1.0), (0.86, 0.98, 0.91), (0.62, 0.92, 0.78))
    return calm * (0.5 + 0.32 * mask[..., None]) + veil * (0.5 - 0.32 * mask[..., None])


def dramatic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Black on the left, hard red-orange light from the right."""
    rows, columns = grid(len(picture))
    hard = np.clip((picture - 0.5) * 1.5 + 0.46, 0, 1)
    hard = _toned(hard, 0.6, (0.05, 0.0, 0.0), (0.86, 0.20, 0.04), (1.0, 0.78, 0.42))
    edge = columns + 0.22 * (rows - 0.5)
    share = 0.96 * _step(-edge, -0.32, -0.16)
    dark = _mixed(hard, share * (1 - 0.35 * mask), _color(0.02, 0.0, 0.01))
    glow = _step(edge, 0.55, 1.05) * (1 - 0.6 * mask)
    return _screen(dark, 0.8 * glow[..., None] * _color(1.0, 0.30, 0.04))


def nostalgic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A faded print: yellow-brown, no blacks, pale corners."""
    faded = saturated(picture, 0.7) * 0.62 + 0.24
    faded = _toned(faded, 0.4, (0.44, 0.34, 0.22), (0.76, 0.64, 0.36), (0.95, 0.88, 0.62))
    faded = faded * _color(1.0, 0.95, 0.78)
    share = 0.9 * _step(_from_middle(len(picture)), 0.48, 0.72) * (1 - 0.3 * mask)
    return _mixed(faded, share, _color(0.99, 0.94, 0.74))


def magical(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Violet to turquoise, with a swirl of light around the middle."""
    rows, columns = grid(len(picture))
    slope = ramp((rows + columns) / 2, (0.50, 0.06, 0.86), (0.38, 0.28, 0.95), (0.04, 0.86, 0.86))
    gray = luminance(picture)[..., None]
    tinted = 0.55 * slope * (0.30 + 0.85 * gray) + 0.45 * picture * (0.35 + 0.65 * slope)
    far = np.hypot(rows - 0.5, columns - 0.5)
    turn = np.arctan2(rows - 0.5, columns - 0.5) * 2 - 15 * far
    tinted = np.clip(tinted * (1 + 0.4 * mask[..., None]) + 0.04, 0, 1)
    arm = np.exp(-(((1 - np.cos(turn)) / 0.30) ** 1.0)) * _step(far, 0.08, 0.25) * (1 - 0.85 * mask)
    return _screen(tinted, 0.75 * arm[..., None] * _color(1.0, 0.86, 1.0))


MOODS: dict[str, Mood] = {
    "": neutral,
    "cozy": cozy,
    "spooky": spooky,
    "dreamy": dreamy,
    "mysterious": mysterious,
    "cheerful": cheerful,
    "melancholic": melancholic,
    "romantic": romantic,
    "futuristic": futuristic,
    "peaceful": peaceful,
    "dramatic": dramatic,
    "nostalgic": nostalgic,
    "magical": magical,
}
