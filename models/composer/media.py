"""Media: one brush for each medium token.

A brush takes the picture Float32[px, px, 3] after the light, and the subject's mask Float32[px, px]. It
changes background and subject alike, so both have one style.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from models.composer.easel import Picture
from models.composer.media_drawn import blueprint, chalk, halftone, ink, oil, pencil, watercolor, woodcut
from models.composer.media_made import (
    embroidery,
    low_poly,
    mosaic,
    neon,
    paper_cutout,
    pixel_art,
    render_3d,
    stained_glass,
    sticker,
)
from models.composer.touches import unit

Brush = Callable[[Picture, Picture, np.random.Generator], Picture]


def untouched(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """The plain drawing."""
    return picture


BRUSHES: dict[str, Brush] = {
    "": untouched,
    "3d render": render_3d,
    "paper cutout": paper_cutout,
    "ink outline": ink,
    "sticker": sticker,
    "watercolor": watercolor,
    "pencil sketch": pencil,
    "pixel art": pixel_art,
    "halftone print": halftone,
    "mosaic": mosaic,
    "stained glass": stained_glass,
    "neon sign": neon,
    "oil painting": oil,
    "woodcut": woodcut,
    "chalk drawing": chalk,
    "embroidery": embroidery,
    "blueprint": blueprint,
    "low poly": low_poly,
}


def prepare_drawing(medium: str, drawing: Picture) -> Picture:
    """Float32[px, px, 4], straight alpha: the drawing, for a sticker with its white border."""
    if medium == "sticker":
        around = _widened(drawing[..., 3], 4.5 * unit(len(drawing)))
        border = ndimage.gaussian_filter(around, 0.7)
        color = drawing[..., :3] * drawing[..., 3:] + (1 - drawing[..., 3:])
        return np.concatenate([color, border[..., None]], axis=-1).astype(np.float32)
    return drawing


def _widened(mask: Picture, pixels: float) -> Picture:
    """Float32[px, px]: the mask with a rim of this many pixels around it."""
    away = ndimage.distance_transform_edt(mask < 0.5)
    return np.maximum(mask, np.clip(pixels + 0.5 - away, 0, 1)).astype(np.float32)
