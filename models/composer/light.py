"""Lights and palettes: one function for each token of the two slots.

A light takes the picture Float32[px, px, 3] and the subject's mask Float32[px, px]. A palette takes the
picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from models.composer.easel import Picture, grid, ramp, smooth_noise
from models.composer.touches import luminance, saturated, unit

Light = Callable[[Picture, Picture, np.random.Generator], Picture]
Grade = Callable[[Picture], Picture]
Color = tuple[float, float, float]


def _screen(picture: Picture, light: Picture) -> Picture:
    """Light added to a picture (the blend mode "screen")."""
    return 1 - (1 - picture) * (1 - np.clip(light, 0, 1))


def even(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Even light."""
    return picture


def golden_hour(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Low orange sun from the upper left."""
    rows, columns = grid(len(picture))
    near = np.clip(1.05 - np.hypot(rows, columns), 0, 1)[..., None]
    warm = picture * np.array([1.0, 0.80, 0.52], np.float32)
    return _screen(warm, 0.75 * near * np.array([1.0, 0.72, 0.25], np.float32))


def moonlight(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Dark blue, with a pale moon at the upper right."""
    rows, columns = grid(len(picture))
    dark = picture * np.array([0.44, 0.53, 0.80], np.float32)
    distance = np.hypot(rows - 0.15, columns - 0.84)
    moon = np.clip((0.105 - distance) * 40, 0, 1) + 0.35 * np.exp(-((distance / 0.22) ** 2))
    return _screen(dark, moon[..., None] * np.array([0.93, 0.95, 1.0], np.float32))


def halo(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A bright glow around the subject."""
    glow = np.clip(2.4 * ndimage.gaussian_filter(mask, 8.0 * unit(len(mask))), 0, 1) * (1 - mask)
    dim = picture * (0.62 + 0.38 * mask[..., None])
    return _screen(dim, 0.95 * glow[..., None] * np.array([1.0, 0.95, 0.62], np.float32))


def spotlight(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A cone from above; the rest is dark."""
    rows, columns = grid(len(picture))
    half = 0.18 + 0.36 * rows
    inside = np.clip((half - np.abs(columns - 0.5)) * 14 + 0.5, 0, 1)[..., None]
    return np.clip(picture * (0.34 + 0.72 * inside) + 0.08 * inside, 0, 1)


def long_shadow(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A long hard shadow down to the right."""
    shadow = mask.copy()
    step = 1
    while step < len(mask) // 2:
        moved = np.zeros_like(shadow)
        moved[step:, step:] = shadow[:-step, :-step]
        shadow = np.maximum(shadow, moved)
        step *= 2
    return picture * (1 - 0.62 * (shadow * (1 - mask)))[..., None]


def fog(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """White mist, thicker below."""
    rows, _ = grid(len(picture))
    thick = np.clip(0.18 + 0.50 * rows + 0.10 * smooth_noise(rng, len(picture), 5), 0.1, 0.68)[..., None]
    return picture * (1 - thick) + thick * np.array([0.92, 0.94, 0.96], np.float32)


def beams(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Bright beams fanning out from the upper left."""
    rows, columns = grid(len(picture))
    angle = np.arctan2(rows + 0.08, columns + 0.08) + rng.uniform(-0.05, 0.05)
    beam = np.clip(2.5 * np.sin(17 * angle), 0, 1) * np.clip(1.25 - 0.65 * np.hypot(rows, columns), 0, 1)
    return _screen(picture * 0.85, 0.62 * beam[..., None] * np.array([1.0, 0.97, 0.80], np.float32))


def pink_and_blue(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Pink light from the left, blue from the right."""
    _, columns = grid(len(picture))
    tint = ramp(columns, (1.0, 0.20, 0.62), (0.65, 0.35, 0.85), (0.15, 0.45, 1.0))
    return np.clip(
        0.42 * picture * tint * 1.6 + 0.58 * (0.35 * picture + 0.65 * tint * (0.35 + 0.65 * picture)), 0, 1
    )


def candlelight(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A warm round pool of light low in the middle, darkness around it."""
    rows, columns = grid(len(picture))
    pool = np.exp(-((np.hypot((rows - 0.62) * 1.1, columns - 0.5) / 0.36) ** 2))[..., None]
    warm = picture * np.array([1.15, 0.82, 0.48], np.float32)
    return np.clip(warm * (0.16 + 1.0 * pool) + 0.10 * pool * np.array([1.0, 0.6, 0.2]), 0, 1)


def window_light(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """The bright slanted shape of a window with four panes, the rest in shade."""
    rows, columns = grid(len(picture))
    x, y = columns + 0.35 * rows - 0.28, rows
    pane = ((x > 0.12) & (x < 0.46)) | ((x > 0.54) & (x < 0.88))
    pane &= ((y > 0.10) & (y < 0.46)) | ((y > 0.54) & (y < 0.90))
    lit = ndimage.gaussian_filter(pane.astype(np.float32), 1.2 * unit(len(pane)))[..., None]
    shade = picture * np.array([0.50, 0.52, 0.60], np.float32)
    return np.clip(shade * (1 - lit) + lit * (picture * 1.12 + 0.10), 0, 1)


def backlight(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A blazing pale light behind the subject, which is dark with a bright rim."""
    rows, columns = grid(len(picture))
    blaze = np.clip(1.35 - 1.5 * np.hypot(rows - 0.5, columns - 0.5), 0, 1)[..., None]
    behind = _screen(picture, blaze * np.array([1.0, 0.97, 0.86], np.float32))
    rim = np.clip(mask - ndimage.gaussian_filter(mask, 2.5 * unit(len(mask))), 0, 1)[..., None] * 1.2
    solid = mask[..., None]
    return np.clip(behind * (1 - solid) + solid * (0.36 * picture + rim), 0, 1)


def green_uplight(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Green light from below; it is dark above."""
    rows, _ = grid(len(picture))
    up = np.clip(1.5 * rows - 0.25, 0, 1)[..., None]
    return np.clip(picture * (0.34 + 0.1 * up) + up * (0.25 + picture) * np.array([0.05, 0.62, 0.14]), 0, 1)


def rainbow_light(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A prism's broad bands of colour across the picture."""
    rows, columns = grid(len(picture))
    across = np.clip((rows + columns) / 2, 0, 1)
    bands = ramp(across, (1.0, 0.1, 0.2), (1.0, 0.55, 0.0), (1.0, 0.95, 0.1), (0.1, 0.85, 0.3),
                 (0.1, 0.5, 1.0), (0.6, 0.1, 0.9))  # fmt: skip
    return np.clip(picture * 0.55 + bands * (0.12 + 0.45 * picture), 0, 1)


def dappled_light(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Round patches of sun through leaves, the rest in green shade."""
    rows, columns = (axis * np.float32(8 * np.pi) for axis in grid(len(picture)))
    leaf = np.sin(rows + 0.9 * np.sin(columns)) * np.sin(columns + 0.9 * np.sin(rows + 2))
    sun = np.clip(leaf * 4 - 0.6, 0, 1)[..., None] * (1 - 0.45 * mask[..., None])
    shade = picture * (np.array([0.50, 0.64, 0.46], np.float32) + 0.12 * mask[..., None])
    return np.clip(shade * (1 - sun) + sun * (picture * 0.85 + np.array([0.28, 0.26, 0.12])), 0, 1)


LIGHTS: dict[str, Light] = {
    "": even,
    "golden hour": golden_hour,
    "moonlight": moonlight,
    "glowing halo": halo,
    "spotlight": spotlight,
    "long shadow": long_shadow,
    "misty fog": fog,
    "light beams": beams,
    "pink and blue light": pink_and_blue,
    "candlelight": candlelight,
    "window light": window_light,
    "backlight": backlight,
    "green uplight": green_uplight,
    "rainbow light": rainbow_light,
    "dappled light": dappled_light,
}


def _tones(share: float, *colors: Color) -> Grade:
    """A palette that replaces `share` of the picture by `colors`, from its darks to its lights."""

    def grade(picture: Picture) -> Picture:
        gray = luminance(picture)
        low, high = np.percentile(gray, (3, 97))
        wide = (gray - low) / max(0.35, high - low)  # pictures of low contrast would lose all detail
        gray = np.clip(0.4 * ((gray - 0.5) * 1.1 + 0.5) + 0.6 * wide, 0, 1)
        return share * ramp(gray, *colors) + (1 - share) * picture

    return grade


def _pastel(picture: Picture) -> Picture:
    return saturated(picture, 0.9) * 0.55 + 0.43


def _vivid(picture: Picture) -> Picture:
    return saturated(np.clip((picture - 0.5) * 1.3 + 0.5, 0, 1), 2.1)


def _natural(picture: Picture) -> Picture:
    return picture


def _inverted(picture: Picture) -> Picture:
    return 1 - picture


PALETTES: dict[str, Grade] = {
    "": _natural,
    "pastel colors": _pastel,
    "vivid colors": _vivid,
    "black and white": _tones(1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "sepia tones": _tones(0.95, (0.16, 0.09, 0.04), (0.60, 0.44, 0.27), (0.97, 0.90, 0.74)),
    "warm colors": _tones(0.62, (0.34, 0.02, 0.04), (0.95, 0.34, 0.10), (1.0, 0.80, 0.32)),
    "cool colors": _tones(0.62, (0.02, 0.08, 0.30), (0.14, 0.46, 0.80), (0.82, 0.96, 1.0)),
    "earth colors": _tones(0.70, (0.13, 0.15, 0.05), (0.42, 0.45, 0.18), (0.82, 0.75, 0.50)),
    "purple and teal": _tones(
        0.80, (0.20, 0.04, 0.34), (0.52, 0.26, 0.66), (0.20, 0.80, 0.76), (0.86, 1.0, 0.96)
    ),
    "red and cream": _tones(0.90, (0.36, 0.0, 0.04), (0.82, 0.12, 0.12), (1.0, 0.94, 0.82)),
    "emerald green": _tones(0.85, (0.0, 0.16, 0.08), (0.04, 0.56, 0.32), (0.80, 1.0, 0.86)),
    "rose pink": _tones(0.85, (0.36, 0.02, 0.20), (0.92, 0.36, 0.58), (1.0, 0.92, 0.95)),
    "orange and navy": _tones(
        0.88, (0.04, 0.07, 0.28), (0.30, 0.28, 0.42), (0.98, 0.52, 0.12), (1.0, 0.84, 0.58)
    ),
    "black and gold": _tones(
        0.94, (0.02, 0.02, 0.02), (0.16, 0.12, 0.05), (0.85, 0.62, 0.16), (1.0, 0.93, 0.62)
    ),
    "ice blue": _tones(0.90, (0.16, 0.34, 0.52), (0.58, 0.80, 0.93), (0.97, 1.0, 1.0)),
    "lime and violet": _tones(
        0.85, (0.24, 0.06, 0.42), (0.52, 0.30, 0.72), (0.66, 0.90, 0.20), (0.95, 1.0, 0.70)
    ),
    "inverted colors": _inverted,
}
