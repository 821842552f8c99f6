"""Compositions: the places of one or more copies of the subject, for each composition token.

`PLACES` lists the copies, `placed` draws one of them. A token always has the same places and sizes (within a
frame, if there is one). With a few pixels of random shift, the variance of the latents in the middle of the
picture among pictures of one caption was 0.117; without shift it is 0.044. A small model blurs eyes and edges
if their place is random.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from models.composer.easel import Picture


class Place(NamedTuple):
    """One copy of the subject: its size and centre as shares of the picture, and its rotation."""

    size: float
    row: float
    column: float
    degrees: float = 0
    mirrored: bool = False
    reflection: bool = False
    """Whether it is upside down, faint, bluish and rippled, as a reflection in water."""

    def within(self, top: float, left: float, side: float) -> Place:
        """The same place in a square part of the picture; corner and side are shares of the picture."""
        return self._replace(
            size=side * self.size, row=top + side * self.row, column=left + side * self.column
        )


PLACES: dict[str, tuple[Place, ...]] = {
    "": (Place(0.84, 0.51, 0.50),),
    "close-up": (Place(1.24, 0.50, 0.50),),
    "tiny and far away": (Place(0.54, 0.60, 0.50),),
    "two of them": (Place(0.60, 0.31, 0.30), Place(0.60, 0.69, 0.70)),
    "three in a row": (Place(0.50, 0.26, 0.24), Place(0.50, 0.51, 0.50), Place(0.50, 0.76, 0.76)),
    "tilted": (Place(0.84, 0.50, 0.50, 30),),
    "reflected in water": (Place(0.64, 0.82, 0.50, reflection=True), Place(0.64, 0.33, 0.50)),
    "at the left edge": (Place(0.70, 0.52, 0.31),),
    "at the right edge": (Place(0.70, 0.52, 0.69),),
    "high up": (Place(0.66, 0.31, 0.50),),
    "peeking from below": (Place(1.00, 0.76, 0.50),),
    "many small copies": tuple(Place(0.50, row, column) for row in (0.26, 0.76) for column in (0.26, 0.74)),
    "big and small": (Place(0.74, 0.40, 0.37), Place(0.44, 0.77, 0.79)),
    "side by side mirrored": (Place(0.56, 0.52, 0.25), Place(0.56, 0.52, 0.75, mirrored=True)),
}
"""Copies for each token, in the order of drawing; the blank token has one centred subject."""


def _rotated(drawing: Picture, degrees: float) -> Picture:
    """The drawing rotated counterclockwise about its middle, alpha-weighted."""
    layers = drawing.astype(np.float32)
    layers[..., :3] *= drawing[..., 3:]
    channels = [Image.fromarray(layers[..., c]).rotate(degrees, Image.Resampling.BILINEAR) for c in range(4)]
    turned = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    turned[..., :3] /= np.maximum(turned[..., 3:], 1e-3)
    return np.clip(turned, 0, 1)


WATER = np.array([0.20, 0.45, 0.75], np.float32)
"""Colour of the water."""


def _in_water(drawing: Picture) -> Picture:
    """The drawing as a reflection in water."""
    below = drawing[::-1].copy()
    rows = np.arange(len(below))
    ripple = np.rint(len(below) / 48 * np.sin(rows * 2 * np.pi * 5 / len(below))).astype(int)
    below = np.stack([np.roll(row, shift, 0) for row, shift in zip(below, ripple, strict=True)])
    below[..., :3] = 0.72 * below[..., :3] + 0.28 * WATER
    below[..., 3] *= 0.55
    return below


def placed(drawing: Picture, place: Place, px: int) -> Picture:
    """One copy of the drawing at its place, Float32[px, px, 4], straight alpha.

    Args:
        drawing: Float32[n, n, 4], straight alpha.
        place: of the copy.
        px: side of the picture.
    """
    size = max(8, round(px * place.size))
    small = _resized(drawing, size)
    if place.mirrored:
        small = small[:, ::-1]
    if place.degrees:
        small = _rotated(small, place.degrees)
    if place.reflection:
        small = _in_water(small)
    top, left = round(px * place.row - size / 2), round(px * place.column - size / 2)
    layer = np.zeros((px, px, 4), np.float32)
    first, left_edge = max(0, top), max(0, left)
    last, right_edge = min(px, top + size), min(px, left + size)
    if first < last and left_edge < right_edge:
        shown = small[first - top : last - top, left_edge - left : right_edge - left]
        layer[first:last, left_edge:right_edge] = shown
    return layer


def _resized(drawing: Picture, px: int) -> Picture:
    """The drawing Float32[px, px, 4] in another size, alpha-weighted so that edges keep their colour."""
    alpha = drawing[..., 3:]
    layers = np.concatenate([drawing[..., :3] * alpha, alpha], axis=-1)
    channels = [Image.fromarray(layers[..., c]).resize((px, px), Image.Resampling.BILINEAR) for c in range(4)]
    small = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    return np.clip(small, 0, 1)
