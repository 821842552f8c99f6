"""Media of pieces and materials: 3d, paper, stickers, neon tubes, pixels, tiles, glass, thread, facets."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.composer.easel import Picture, grid
from models.composer.touches import blurred, mean_colour, outlined, saturated, unit, whole

SHEETS = (
    (0.30, 0.22, 0.00, (0.80, 0.90, 0.97)),
    (0.21, 0.14, 0.45, (0.52, 0.72, 0.92)),
    (0.11, 0.06, 0.90, (0.25, 0.48, 0.80)),
)
"""Wavy sheets of paper at the bottom and top of the picture, the lowest sheet first.

For each: height at the bottom and at the top as shares of the picture, phase of the wave in turns, colour.
"""


def render_3d(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """An inflated, glazed subject: lit from above left, dark below right, with gloss and a soft shadow."""
    u = unit(len(picture))
    height = u * (blurred(mask, 3.0 * u) + blurred(mask, 9.0 * u))
    down, right = (ndimage.sobel(height, axis) for axis in (0, 1))
    lit = np.tanh(1.3 * (down + right)) * mask
    moved = np.roll(mask, (round(11 * u), round(6 * u)), (0, 1))
    shade = blurred(moved, 5 * u) * (1 - mask)
    gloss = np.clip(lit - 0.45, 0, 1)[..., None]
    solid = saturated(picture, 1.25) * (1 + 0.5 * lit)[..., None]
    return np.clip(solid * (1 - 0.7 * shade[..., None]) + 0.9 * gloss, 0, 1).astype(np.float32)


def paper_cutout(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Wavy sheets of paper, and on them the subject in flat tones; each casts a shadow."""
    u = unit(len(picture))
    rows, columns = grid(len(picture))
    tones = np.rint(blurred(saturated(picture, 1.15), 1.0) * 3.5) / 3.5
    sheet = tones * 0.90 + 0.06
    out = sheet * 0.75 + 0.20
    for up, down, turn, color in SHEETS:
        wave = 0.045 * np.sin(2 * np.pi * (1.5 * columns + turn))
        paper = np.clip(len(picture) * np.maximum(rows - (1 - up + wave), down - wave - rows), 0, 1)
        shadow = (blurred(paper, 3.0 * u) * (1 - paper))[..., None]
        out = out * (1 - 0.8 * shadow)
        out = out * (1 - paper[..., None]) + np.array(color, np.float32) * paper[..., None]
    below = round(5 * u)
    shadow = (blurred(np.roll(mask, (below, below), (0, 1)), 2.0 * u) * (1 - mask))[..., None]
    out = out * (1 - 0.6 * shadow)
    return np.clip(out * (1 - mask[..., None]) + sheet * mask[..., None], 0, 1).astype(np.float32)


def sticker(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A small hard shadow under the white border."""
    below = whole(3, len(picture))
    moved = blurred(np.roll(mask, (below, below), (0, 1)), 0.8 * unit(len(picture)))
    shade = np.clip(moved - mask, 0, 1)
    return picture * (1 - 0.45 * shade[..., None])


def neon(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Glowing tubes along the drawing's lines, over a dim picture."""
    u = unit(len(picture))
    soft = blurred(picture, 0.8 * u)
    edge = u * np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    edge = np.clip(edge * 0.62 - 0.12, 0, 1) * np.where(mask > 0.05, 1.0, 0.22)
    hue = saturated(blurred(picture, 2.5 * u), 3.0)
    hue = hue / np.maximum(0.25, hue.max(axis=-1, keepdims=True))
    tube = edge[..., None] * (0.35 + 0.65 * hue)
    glow = blurred(tube, 3.2 * u) * 1.7
    return np.clip(0.13 * picture + glow * hue + 1.1 * tube, 0, 1).astype(np.float32)


def pixel_art(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Large pixels of few colours; a black outline; silhouette and background in pixels twice as large."""
    n = 32
    size = len(picture) // n

    def large(values: Picture, times: int) -> Picture:
        shape = (n // times, times * size, n // times, times * size, *values.shape[2:])
        return values.reshape(shape).mean(axis=(1, 3)).repeat(times, 0).repeat(times, 1)

    solid = large(mask, 2) > 0.4
    share = np.maximum(large(mask, 2), 0.05)[..., None]
    near = large(picture * mask[..., None], 2) / share  # the subject's colour in cells that it covers partly
    inside = large(mask, 1)[..., None]
    subject = large(picture * mask[..., None], 1) + (1 - inside) * near
    speckle = np.random.default_rng(5).integers(0, 3, (n // 2, n // 2)).repeat(2, 0).repeat(2, 1) - 1
    behind = np.clip(np.rint(saturated(large(picture, 2), 1.6) * 4) / 4 + 0.09 * speckle[..., None], 0, 1)
    small = np.where(solid[..., None], np.rint(saturated(np.clip(subject, 0, 1), 1.5) * 4) / 4, behind)
    small[ndimage.binary_dilation(solid) & ~solid] = 0.03
    return np.clip(small, 0, 1).repeat(size, 0).repeat(size, 1).astype(np.float32)


def _mean_by_piece(picture: Picture, label: NDArray[np.int64]) -> Picture:
    """Each pixel replaced by the mean of the pixels with its label."""
    count = np.maximum(1, np.bincount(label.ravel()))
    means = [np.bincount(label.ravel(), picture[..., c].ravel()) / count for c in range(3)]
    return np.stack(means, -1)[label].astype(np.float32)


def mosaic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Square tiles of 8 pixels with light joints; thin joints and a dark outline for the subject."""
    px, size = len(picture), whole(8, len(picture))
    place = np.arange(px) // size
    solid = mask > 0.5
    label = place[:, None] * (px // size) + place[None, :] + (px // size) ** 2 * solid
    rich = saturated(picture, 1.4)
    kept = np.where(solid, 0.65, 0.0)[..., None]
    tiles = (1 - kept) * _mean_by_piece(rich, label) + kept * rich
    within = np.arange(px) % size
    seam = whole(1, px)
    lit = ((within >= seam) & (within < 2 * seam)).astype(np.float32)
    lit -= (within >= size - 2 * seam) & (within < size - seam)
    tiles = tiles + 0.10 * (lit[:, None] + lit[None, :])[..., None]
    joint = (within < seam) | (within >= size - seam)
    joints = (joint[:, None] | joint[None, :]).astype(np.float32)
    joints = (joints * np.where(solid, 0.38, 0.85))[..., None]
    laid = tiles * (1 - joints) + joints * np.array([0.93, 0.91, 0.86])
    return np.clip(laid * (1 - 0.85 * outlined(mask, 2))[..., None], 0, 1).astype(np.float32)


@cache
def _cells(number: int, px: int) -> tuple[NDArray[np.int64], Picture]:
    rng = np.random.default_rng(number)
    n = 8
    seeds = (np.stack([*np.mgrid[0:n, 0:n]], -1).reshape(-1, 2) + rng.uniform(0.1, 0.9, (n * n, 2))) * px / n
    rows, columns = np.mgrid[0:px, 0:px]
    distance = np.hypot(rows[..., None] - seeds[:, 0], columns[..., None] - seeds[:, 1])
    two = np.partition(distance, 1, axis=-1)[..., :2]
    lead = np.clip(1.7 * unit(px) - (two[..., 1] - two[..., 0]), 0, 1).astype(np.float32)
    return distance.argmin(-1), lead


def stained_glass(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Pieces of bright glass in black lead; the subject's outline is leaded too."""
    px = len(picture)
    label, lead = _cells(int(rng.integers(2)), px)
    label = label + (int(label.max()) + 1) * (mask > 0.5)
    glass = 0.3 * _mean_by_piece(picture, label) + 0.7 * picture
    glass = np.clip(saturated(glass, 1.7) * 1.08, 0, 1)
    outline = np.clip(np.hypot(ndimage.sobel(mask, 0), ndimage.sobel(mask, 1)), 0, 1)
    outline = np.maximum(outline, outlined(mask, 0.8))
    lead = lead * np.where(mask > 0.5, 0.42, 1.0).astype(np.float32)  # thinner across the subject
    return glass * (1 - np.maximum(lead, outline))[..., None]


@cache
def _crosses(px: int, size: int, thick: float) -> Picture:
    """Float32[px, px]: 1 on the threads of a cross in every square of `size` pixels, else 0."""
    y, x = np.mgrid[0:px, 0:px] % size - (size - 1) / 2
    away = np.minimum(np.abs(y - x), np.abs(y + x))
    short = (np.maximum(np.abs(y), np.abs(x)) < size / 2 - 0.6 * thick) | (size < 12)
    return (np.clip(thick - away, 0, 1) * short).astype(np.float32)


def embroidery(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Upright satin stitches in columns of 8 pixels on linen, a seam, a border of large cross-stitches."""
    px, u = len(picture), unit(len(picture))
    size = whole(8, px)
    column = np.abs(np.arange(px) % size - (size - 1) / 2)[None, :] / u
    bulge = np.clip(1.12 - 0.15 * column, 0, 1) + np.zeros((px, 1))
    thread = np.clip(saturated(blurred(picture, 1.2 * u), 1.4) * 1.1 + 0.05, 0, 1) * bulge[..., None]
    linen = 0.40 * picture + 0.60 * np.array([0.90, 0.83, 0.70])
    edge = np.minimum(np.arange(px), np.arange(px)[::-1])
    border = (np.minimum(edge[:, None], edge[None, :]) < 2 * size) & (mask < 0.5)
    yarn = np.clip(saturated(mean_colour(picture, mask), 1.8) * 0.85, 0, 1)
    crosses = (_crosses(px, 2 * size, 2.4 * u) * border)[..., None]
    linen = linen * (1 - crosses) + yarn * crosses
    sewn = np.where(mask[..., None] > 0.5, thread, linen) * (1 - 0.75 * outlined(mask, 1))[..., None]
    return np.clip(sewn, 0, 1).astype(np.float32)


@cache
def _facets(px: int) -> tuple[NDArray[np.int64], Picture]:
    """The triangle of each pixel, in squares of 16 pixels cut crosswise, and its shade in -1..1."""
    size = whole(16, px)
    rows, columns = np.mgrid[0:px, 0:px]
    square = (rows // size) * (px // size) + columns // size
    y, x = rows % size + 0.5, columns % size + 0.5
    quarter = 2 * (y > x).astype(np.int64) + (x + y > size)
    shade = np.array([0.9, -0.2, 0.3, -0.9], np.float32)[quarter]
    return (4 * square + quarter).astype(np.int64), shade


def low_poly(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Flat facets, each lit as if it had its own tilt."""
    label, shade = _facets(len(picture))
    bright = saturated(picture, 1.2)
    facets = _mean_by_piece(bright, label + (int(label.max()) + 1) * (mask > 0.5))
    kept = np.where(mask > 0.5, 0.4, 0.95)[..., None]
    lit = kept * facets + (1 - kept) * bright + 0.13 * shade[..., None]
    return np.clip(lit * (1 - 0.8 * outlined(mask, 1))[..., None], 0, 1).astype(np.float32)
