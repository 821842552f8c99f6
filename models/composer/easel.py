"""The canvas of the painters: fields over the picture, gradients, and shapes with smooth edges.

All places and widths are shares of the picture's side, so a painter gives the same picture in every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.floating[Any]]
Color = tuple[float, float, float]
Spot = tuple[float, float]
FINE = 2
"""An easel is this many times larger than its picture, so that edges become smooth."""


def grid(px: int) -> tuple[Picture, Picture]:
    """Row and column of each pixel, two Float32[px, px] in 0..1."""
    axis = np.linspace(0, 1, px, dtype=np.float32)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def smooth_noise(rng: np.random.Generator, px: int, cells: int) -> Picture:
    """Float32[px, px]: noise of mean 0 and standard deviation about 1 that varies over px / cells pixels."""
    coarse = rng.normal(size=(cells, cells)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((px, px), Image.Resampling.BICUBIC), dtype=np.float32)


def ramp(values: Picture, *colors: Color) -> Picture:
    """Float32[..., 3]: `values` in 0..1 mapped to colours between the given `colors`."""
    stops = np.linspace(0, 1, len(colors))
    channels = [np.interp(values, stops, [color[c] for color in colors]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def upright(px: int, *colors: Color) -> Picture:
    """Float32[px, px, 3]: a gradient from the top to the bottom."""
    column = ramp(np.linspace(0, 1, px, dtype=np.float32), *colors)
    return np.repeat(column[:, None], px, axis=1)


def laid(picture: Picture, share: Picture, color: Color | Picture) -> Picture:
    """The picture with `share` Float32[px, px] of a colour laid over each pixel."""
    return picture + share[..., None] * (np.asarray(color, np.float32) - picture)


def glowing(picture: Picture, share: Picture, color: Color) -> Picture:
    """The picture with light of a colour added to it (the blend mode "screen")."""
    light = np.clip(share, 0, 1)[..., None] * np.asarray(color, np.float32)
    return 1 - (1 - picture) * (1 - light)


def below(profile: Picture, px: int) -> Picture:
    """Float32[px, px]: 1 below a line, with a smooth edge.

    Args:
        profile: Float[px], the line's row in each column, as a share of the picture.
        px: side of the picture.
    """
    rows = np.arange(px, dtype=np.float32)[:, None]
    return np.clip(rows - np.asarray(profile, np.float32)[None, :] * px + 0.5, 0, 1).astype(np.float32)


def ridge(rng: np.random.Generator, px: int, base: float, height: float, bends: int) -> Picture:
    """Float32[px]: a rolling line around the row `base`, with about `bends` hills of this height."""
    points = base + height * rng.uniform(-1, 1, bends + 3)
    at = np.linspace(0, bends, px) + 1
    left = np.floor(at).astype(int)
    part = at - left
    before, one, two, after = (points[np.clip(left + k, 0, bends + 2)] for k in (-1, 0, 1, 2))
    cubic = 3 * (one - two) + after - before  # Catmull-Rom
    square = 2 * before - 5 * one + 4 * two - after
    return np.asarray(one + 0.5 * part * (two - before + part * (square + part * cubic)), np.float32)


class Easel:
    """Shapes drawn over a picture; places and widths are shares of its side, (x, y) from the upper left."""

    def __init__(self, picture: Picture) -> None:
        """Begin over a picture Float32[px, px, 3]."""
        self._px = len(picture)
        self._side = FINE * self._px
        image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
        self._image = image.resize((self._side, self._side), Image.Resampling.BILINEAR)
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Sequence[Spot], color: Color) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self._side, y * self._side) for x, y in points], fill=_ink(color))

    def oval(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        """A filled ellipse around (x, y)."""
        box = ((x - rx) * self._side, (y - ry) * self._side, (x + rx) * self._side, (y + ry) * self._side)
        self._draw.ellipse(box, fill=_ink(color))

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """A filled rectangle."""
        corners = tuple(round(v * self._side) for v in (left, top, right, bottom))
        if corners[2] > corners[0] and corners[3] > corners[1]:
            self._draw.rectangle((corners[0], corners[1], corners[2] - 1, corners[3] - 1), fill=_ink(color))

    def line(self, points: Sequence[Spot], width: float, color: Color) -> None:
        """A line of this width."""
        self._draw.line(
            [(x * self._side, y * self._side) for x, y in points],
            fill=_ink(color),
            width=max(1, round(width * self._side)),
            joint="curve",
        )

    def picture(self) -> Picture:
        """Float32[px, px, 3]: what was drawn."""
        small = self._image.resize((self._px, self._px), Image.Resampling.BOX)
        return np.asarray(small, dtype=np.float32) / 255


def _ink(color: Color) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(255 * float(value)))) for value in color)
    return red, green, blue
