"""How the picture is made: for each medium token, the drawing it starts from and what is done to the picture.

`SET_OF` names the icon set the subject is taken from; `BRUSHES` treat the whole picture after the light fell
on it, so that background and subject are in one hand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from models.training.backgrounds import Picture, smooth_noise

Brush = Callable[[Picture, Picture, np.random.Generator], Picture]
LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)

SET_OF: dict[str, str] = {
    "": "flat",
    "3d render": "render",
    "paper cutout": "flat",
    "ink outline": "ink",
    "sticker": "flat",
    "watercolor": "flat",
    "pencil sketch": "flat",
    "pixel art": "flat",
    "halftone print": "flat",
    "mosaic": "flat",
    "stained glass": "flat",
    "neon sign": "flat",
    "oil painting": "render",
}


def prepare_drawing(medium: str, drawing: Picture) -> Picture:
    """Float32[px, px, 4], straight alpha: the drawing with what belongs to the subject alone added."""
    if medium == "ink outline":
        solid = ndimage.binary_fill_holes(ndimage.binary_closing(drawing[..., 3] > 0.3, iterations=3))
        fill = ndimage.gaussian_filter(solid.astype(np.float32), 0.6)
        alpha = np.maximum(fill, drawing[..., 3])
        ink = drawing[..., 3:] * np.float32(0.95)
        color = (1 - ink) * np.ones(3, np.float32) + ink * np.array([0.05, 0.05, 0.08], np.float32)
        return np.concatenate([color, alpha[..., None]], axis=-1)
    if medium == "sticker":
        around = ndimage.grey_dilation(drawing[..., 3], footprint=_disc(5))
        border = ndimage.gaussian_filter(around, 0.7)
        color = drawing[..., :3] * drawing[..., 3:] + (1 - drawing[..., 3:])
        return np.concatenate([color, border[..., None]], axis=-1).astype(np.float32)
    return drawing


@cache
def _disc(radius: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


def luminance(picture: Picture) -> Picture:
    """Float32[px, px]."""
    return picture @ LUMINANCE


def saturated(picture: Picture, factor: float) -> Picture:
    """The picture with its colours `factor` times as far from gray."""
    gray = luminance(picture)[..., None]
    return np.clip(gray + factor * (picture - gray), 0, 1)


def _blur(picture: Picture, sigma: float) -> Picture:
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0) if picture.ndim == 3 else sigma)


def _displaced(picture: Picture, rng: np.random.Generator, pixels: float, cells: int) -> Picture:
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    rows = np.clip(np.rint(rows + pixels * smooth_noise(rng, px, cells)), 0, px - 1).astype(int)
    columns = np.clip(np.rint(columns + pixels * smooth_noise(rng, px, cells)), 0, px - 1).astype(int)
    return picture[rows, columns]


def untouched(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """The plain drawing."""
    return picture


def render_3d(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Soft shade below and a sheen above."""
    shade = _blur(np.roll(mask, (7, 3), (0, 1)), 5) * (1 - mask)
    rows = np.linspace(0, 1, len(mask), dtype=np.float32)[:, None]
    sheen = mask * np.clip(0.45 - rows, 0, 1) * 0.5
    return np.clip(picture * (1 - 0.55 * shade[..., None]) + sheen[..., None], 0, 1)


def paper_cutout(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Sheets of coloured paper: few tones, pale rims, and the subject's shadow on what is below."""
    shade = _blur(np.roll(mask, (6, 6), (0, 1)), 2.0) * (1 - mask)
    tones = np.rint(_blur(saturated(picture, 0.85), 1.0) * 3.5) / 3.5
    below = np.roll(tones, (-2, -2), (0, 1))
    rim = np.clip(np.abs(tones - below).max(axis=-1, keepdims=True) * 1.4 - 0.2, 0, 1)
    sheets = tones * 0.84 + 0.13
    return np.clip((sheets + 0.25 * rim) * (1 - 0.6 * shade[..., None]), 0, 1)


def ink(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Paler behind the outline."""
    paper = picture * 0.62 + 0.38
    return np.where(mask[..., None] > 0.5, picture, paper)


def sticker(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A small hard shadow under the white border."""
    shade = np.clip(np.roll(mask, (3, 3), (0, 1)) - mask, 0, 1)
    return picture * (1 - 0.45 * shade[..., None])


def watercolor(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Bled, mottled washes with darker rims on rough paper."""
    px = len(picture)
    wash = _blur(_displaced(picture, rng, 0.8, 24), 0.7)
    edges = np.abs(ndimage.sobel(luminance(wash), 0)) + np.abs(ndimage.sobel(luminance(wash), 1))
    mottle = 0.035 * smooth_noise(rng, px, 9) + 0.012 * smooth_noise(rng, px, 32)
    wash = saturated(wash, 1.2) * 0.74 + 0.25 + mottle[..., None] - 0.16 * np.clip(edges, 0, 1)[..., None]
    return np.clip(wash * np.array([1.0, 0.985, 0.95], np.float32), 0, 1)


def pencil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Gray lines and hatching on white paper, with a breath of colour."""
    px = len(picture)
    gray = luminance(picture)
    lines = np.clip(gray / np.maximum(1e-3, _blur(gray, 2.2)), 0, 1.02)
    rows, columns = np.mgrid[0:px, 0:px]
    hatch = 0.5 + 0.5 * np.sin((rows + columns) * 1.25 + 0.8 * smooth_noise(rng, px, 12))
    dark = np.clip(0.62 - gray, 0, 1) * 1.1
    outline = np.clip(
        0.45 * np.hypot(ndimage.sobel(_blur(mask, 0.7), 0), ndimage.sobel(_blur(mask, 0.7), 1)), 0, 0.8
    )
    paper = 0.97 - 1.5 * np.clip(1 - lines, 0, 0.55) - dark * hatch - outline
    paper = np.clip(paper + 0.02 * rng.normal(size=(px, px)), 0.05, 1).astype(np.float32)
    return np.clip(0.88 * paper[..., None] + 0.12 * picture * paper[..., None], 0, 1)


def pixel_art(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """32 x 32 large pixels of few colours."""
    px = len(picture)
    small = picture.reshape(32, px // 32, 32, px // 32, 3).mean(axis=(1, 3))
    small = np.rint(saturated(small, 1.25) * 6) / 6
    return small.repeat(px // 32, 0).repeat(px // 32, 1)


def halftone(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Strong flat colours under a screen of dark dots."""
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    screen = 0.5 + 0.25 * (
        np.cos((rows + columns) * 2 * np.pi / 8) + np.cos((rows - columns) * 2 * np.pi / 8)
    )
    dark = _blur(1 - luminance(picture), 1.0)
    dots = np.clip((screen - (1 - 0.78 * dark - 0.08)) * 7, 0, 1)[..., None]
    color = np.rint(saturated(picture, 1.5) * 3) / 3
    return np.clip(color * 0.8 + 0.2, 0, 1) * (1 - 0.85 * dots)


def mosaic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Square tiles, each its own shade, with light joints."""
    px, n = len(picture), 32
    of_pixel = np.arange(px) * n // px
    starts = np.searchsorted(of_pixel, np.arange(n))
    counts = np.diff([*starts, px])
    sums = np.add.reduceat(np.add.reduceat(picture, starts, axis=0), starts, axis=1)
    means = saturated(sums / (counts[:, None, None] * counts[None, :, None]), 1.25)
    means = np.clip(means + 0.03 * rng.normal(size=(n, n, 1)), 0, 1)
    tiles = means[of_pixel][:, of_pixel].astype(np.float32)
    first = np.isin(np.arange(px), starts)
    joint = first[:, None] | first[None, :]
    tiles[joint] = 0.55 * tiles[joint] + 0.45 * np.array([0.93, 0.91, 0.86], np.float32)
    return tiles


@cache
def _cells(number: int, px: int) -> tuple[NDArray[np.int64], Picture]:
    rng = np.random.default_rng(number)
    n = 8
    seeds = (np.stack([*np.mgrid[0:n, 0:n]], -1).reshape(-1, 2) + rng.uniform(0.1, 0.9, (n * n, 2))) * px / n
    rows, columns = np.mgrid[0:px, 0:px]
    distance = np.hypot(rows[..., None] - seeds[:, 0], columns[..., None] - seeds[:, 1])
    two = np.partition(distance, 1, axis=-1)[..., :2]
    lead = np.clip(1.7 - (two[..., 1] - two[..., 0]), 0, 1).astype(np.float32)
    return distance.argmin(-1), lead


def stained_glass(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Pieces of bright glass in black lead; the subject's outline is leaded too."""
    px = len(picture)
    label, lead = _cells(int(rng.integers(6)), px)
    pieces = int(label.max()) + 1
    label = label + pieces * (mask > 0.5)
    count = np.maximum(1, np.bincount(label.ravel(), minlength=2 * pieces))
    color = np.stack(
        [np.bincount(label.ravel(), picture[..., c].ravel(), 2 * pieces) / count for c in range(3)], -1
    )
    glass = 0.3 * color[label].astype(np.float32) + 0.7 * picture
    glass = np.clip(saturated(glass, 1.7) * 1.08, 0, 1)
    outline = np.clip(np.hypot(ndimage.sobel(mask, 0), ndimage.sobel(mask, 1)), 0, 1)
    lead = lead * np.where(mask > 0.5, 0.55, 1.0).astype(np.float32)  # thinner across the subject
    return glass * (1 - np.maximum(lead, outline))[..., None]


def neon(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Glowing tubes along the drawing's lines, over a dim picture."""
    soft = _blur(picture, 0.8)
    edge = np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    edge = np.clip(edge * 0.62 - 0.12, 0, 1) * np.where(mask > 0.05, 1.0, 0.22)
    hue = saturated(_blur(picture, 2.5), 3.0)
    hue = hue / np.maximum(0.25, hue.max(axis=-1, keepdims=True))
    tube = edge[..., None] * (0.35 + 0.65 * hue)
    glow = _blur(tube, 3.2) * 1.7
    return np.clip(0.13 * picture + glow * hue + 1.1 * tube, 0, 1).astype(np.float32)


def oil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Thick strokes: each place takes the calmest of four neighbouring patches, then relief."""
    px, r = len(picture), 3
    rough = _displaced(picture, rng, 1.0, 32)
    gray = luminance(rough)
    mean = ndimage.uniform_filter(rough, (r, r, 0))
    spread = ndimage.uniform_filter(gray * gray, r) - ndimage.uniform_filter(gray, r) ** 2
    shifts = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    spreads = np.stack([np.roll(spread, s, (0, 1)) for s in shifts])
    means = np.stack([np.roll(mean, s, (0, 1)) for s in shifts])
    rows, columns = np.mgrid[0:px, 0:px]
    strokes = means[spreads.argmin(0), rows, columns]
    bristle = ndimage.gaussian_filter(rng.normal(size=(px, px)), (0.6, 2.0))
    relief = 0.09 * (bristle - np.roll(bristle, (1, 1), (0, 1)))
    return np.clip(saturated(strokes, 1.3) * 0.97 + relief[..., None], 0, 1).astype(np.float32)


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
}


def resized(drawing: Picture, px: int) -> Picture:
    """Float32[px, px, 4], alpha-weighted so that edges keep their colour."""
    alpha = drawing[..., 3:]
    layers = np.concatenate([drawing[..., :3] * alpha, alpha], axis=-1)
    channels = [Image.fromarray(layers[..., c]).resize((px, px), Image.Resampling.BILINEAR) for c in range(4)]
    small = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    return np.clip(small, 0, 1)
