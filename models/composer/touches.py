"""Touches that several painters use: widths, brightness, saturation, blur and outline."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from models.composer.easel import Picture

LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)


def unit(px: int) -> float:
    """Pixels of a picture of this width that a line of one pixel has in a picture of 128."""
    return px / 128


def whole(pixels: float, px: int) -> int:
    """A width given for 128 pixels, in whole pixels of a picture of this width; at least 1."""
    return max(1, round(pixels * unit(px)))


def luminance(picture: Picture) -> Picture:
    """Brightness Float32[px, px] of a picture."""
    return picture @ LUMINANCE


def saturated(picture: Picture, factor: float) -> Picture:
    """The picture with its colours `factor` times as far from gray."""
    gray = luminance(picture)[..., None]
    return np.clip(gray + factor * (picture - gray), 0, 1)


def blurred(picture: Picture, sigma: float) -> Picture:
    """A picture or mask with Gaussian blur of `sigma` pixels."""
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0) if picture.ndim == 3 else sigma)


def outlined(mask: Picture, thick: float) -> Picture:
    """Float32[px, px]: 1 on a line around the subject, `thick` pixels wide in a picture of 128."""
    away = ndimage.distance_transform_edt(mask < 0.5)
    width = thick * unit(len(mask))
    return np.where(away > 0, np.clip(width + 0.7 - away, 0, 1), 0).astype(np.float32)


def mean_colour(picture: Picture, mask: Picture) -> Picture:
    """Mean colour Float32[3] of the subject."""
    weight = mask[..., None] + 1e-6
    return ((picture * weight).sum((0, 1)) / weight.sum((0, 1))).astype(np.float32)
