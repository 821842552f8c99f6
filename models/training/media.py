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
    "woodcut": "flat",
    "chalk drawing": "flat",
    "embroidery": "flat",
    "blueprint": "flat",
    "low poly": "render",
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


def _paper(px: int, margin: float) -> Picture:
    """Float32[px, px], 1 where paint reaches and 0 at the bare rim of the sheet."""
    rows, columns = np.mgrid[0:px, 0:px] / px
    wobble = 0.02 * (np.sin(rows * 19) + np.sin(columns * 23 + 1) + np.sin((rows + columns) * 31))
    edge = np.minimum(np.minimum(rows, 1 - rows), np.minimum(columns, 1 - columns))
    return np.clip((edge + wobble - margin) * 16, 0, 1).astype(np.float32)


def watercolor(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Pale bled washes with dark rims, pooled in blots, on a sheet whose rim stays bare."""
    px = len(picture)
    wash = _blur(_displaced(picture, rng, 0.8, 24), 0.7)
    edges = np.hypot(ndimage.sobel(luminance(wash), 0), ndimage.sobel(luminance(wash), 1))
    rows, columns = np.mgrid[0:px, 0:px] * (2 * np.pi / 32)
    blots = np.sin(rows + 1.3 * np.sin(columns)) * np.sin(columns + 1.3 * np.sin(rows))
    wash = saturated(wash, 1.35) * 0.66 + 0.33 + 0.09 * blots[..., None]
    wash = wash - 0.24 * np.clip(edges, 0, 1)[..., None]
    paint = _paper(px, 0.06)[..., None]
    return np.clip(paint * wash + (1 - paint) * np.array([0.98, 0.97, 0.94]), 0, 1).astype(np.float32)


def pencil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Gray lines and hatching on white paper, with a breath of colour."""
    px = len(picture)
    gray = luminance(picture)
    lines = np.clip(gray / np.maximum(1e-3, _blur(gray, 2.2)), 0, 1.02)
    rows, columns = np.mgrid[0:px, 0:px]
    hatch = 0.5 + 0.5 * np.sin((rows + columns) * (2 * np.pi / 8))
    dark = np.clip(0.62 - gray, 0, 1) * 1.1
    outline = np.clip(
        0.45 * np.hypot(ndimage.sobel(_blur(mask, 0.7), 0), ndimage.sobel(_blur(mask, 0.7), 1)), 0, 0.8
    )
    paper = 0.97 - 1.5 * np.clip(1 - lines, 0, 0.55) - dark * hatch - outline
    paper = np.clip(paper, 0.05, 1).astype(np.float32)
    return np.clip(0.88 * paper[..., None] + 0.12 * picture * paper[..., None], 0, 1)


def _outline(mask: Picture, thick: int) -> Picture:
    """Float32[px, px], 1 on a line of `thick` pixels round the subject."""
    solid = mask > 0.5
    line = ndimage.binary_dilation(solid, _disc(thick)) & ~solid
    return ndimage.gaussian_filter(line.astype(np.float32), 0.5)


def pixel_art(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """32 x 32 large pixels of few colours, the subject in a black outline of such pixels."""
    n = 32
    size = len(picture) // n
    small = picture.reshape(n, size, n, size, 3).mean(axis=(1, 3))
    small = np.rint(saturated(small, 1.4) * 4) / 4
    solid = mask.reshape(n, size, n, size).mean(axis=(1, 3)) > 0.45
    small[ndimage.binary_dilation(solid) & ~solid] = 0.03
    return small.repeat(size, 0).repeat(size, 1).astype(np.float32)


def halftone(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Strong flat colours, dots of ink on a grid of 8 pixels, the subject in a thick black line."""
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px] % 8 - 3.5
    dark = _blur(1 - luminance(picture), 1.5)
    dots = np.clip(1.3 + 2.6 * dark - np.hypot(rows, columns) + 0.5, 0, 1)[..., None]
    color = np.clip(np.rint(saturated(picture, 1.6) * 3) / 3 * 0.7 + 0.3, 0, 1)
    printed = color * (1 - 0.85 * dots * np.where(mask > 0.5, 0.75, 1.0)[..., None])
    return (printed * (1 - 0.95 * _outline(mask, 2))[..., None]).astype(np.float32)


def _mean_by_piece(picture: Picture, label: NDArray[np.int64]) -> Picture:
    """Each pixel becomes the mean of those with its label."""
    count = np.maximum(1, np.bincount(label.ravel()))
    means = [np.bincount(label.ravel(), picture[..., c].ravel()) / count for c in range(3)]
    return np.stack(means, -1)[label].astype(np.float32)


def mosaic(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Square tiles of 8 pixels with light joints, cut along the subject's outline."""
    px, size = len(picture), 8
    place = np.arange(px) // size
    label = place[:, None] * (px // size) + place[None, :]
    label = label + (px // size) ** 2 * (mask > 0.5)
    tiles = _mean_by_piece(saturated(picture, 1.3), label)
    within = np.arange(px) % size
    lit = (within == 1).astype(np.float32) - (within == size - 2)
    tiles = tiles + 0.10 * (lit[:, None] + lit[None, :])[..., None]
    joint = (within == 0) | (within == size - 1)
    joints = (joint[:, None] | joint[None, :]).astype(np.float32)
    joints = np.maximum(0.85 * joints, _outline(mask, 1))[..., None]
    return np.clip(tiles * (1 - joints) + joints * np.array([0.93, 0.91, 0.86]), 0, 1).astype(np.float32)


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
    label, lead = _cells(int(rng.integers(2)), px)
    label = label + (int(label.max()) + 1) * (mask > 0.5)
    glass = 0.3 * _mean_by_piece(picture, label) + 0.7 * picture
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


@cache
def _dabs(px: int) -> tuple[NDArray[np.int64], Picture]:
    """The dab of each pixel, on a slanted lattice that repeats every 16 pixels, and its relief in -1..1."""
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    along, across = (rows + columns) / 2, (columns - rows) / 2
    lane = np.floor(across / 4)
    step = np.floor((along + 4 * (lane % 2)) / 8)
    relief = np.sin((across / 4 - lane) * 2 * np.pi)
    number = (lane + 64).astype(np.int64) * 64 + step.astype(np.int64) + 8
    return number, relief.astype(np.float32)


def oil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Thick slanted dabs of paint with light and dark ridges, rich and dark toward the corners."""
    label, relief = _dabs(len(picture))
    label = label + 16384 * (mask > 0.5)
    rich = saturated(picture, 1.45)
    strokes = 0.65 * _mean_by_piece(rich, label) + 0.35 * _blur(rich, 1.0)
    rows, columns = np.mgrid[0 : len(picture), 0 : len(picture)] / len(picture) - 0.5
    corner = 1 - 0.7 * np.clip(np.hypot(rows, columns) - 0.38, 0, 1)
    return np.clip(strokes * corner[..., None] + 0.15 * relief[..., None], 0, 1).astype(np.float32)


def woodcut(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Black lines every 8 pixels, thicker where it is darker, over a flat print on cream; black outlines."""
    px = len(picture)
    rows = np.abs(np.arange(px) % 8 - 3.5)[:, None] + np.zeros(px)
    dark = _blur(1 - luminance(picture), 1.2)
    lines = np.clip(4.4 * dark - 0.5 - rows + 0.5, 0, 1)
    soft = _blur(luminance(picture), 0.8)
    edge = np.clip(1.4 * np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)) - 0.25, 0, 1)
    black = np.maximum(np.maximum(lines, edge * (mask > 0.05)), _outline(mask, 2))[..., None]
    print_ = 0.35 * saturated(picture, 1.2) + 0.65 * np.array([0.95, 0.89, 0.76])
    return np.clip(print_ * (1 - 0.92 * black), 0, 1).astype(np.float32)


def _lines_of(picture: Picture, mask: Picture) -> Picture:
    """Float32[px, px]: the drawing's lines, those outside the subject faint."""
    soft = _blur(picture, 0.8)
    edge = np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    lines = np.clip(edge * 0.7 - 0.10, 0, 1) * np.where(mask > 0.05, 1.0, 0.35)
    return np.maximum(lines, _outline(mask, 2)).astype(np.float32)


def chalk(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Dusty pale chalk on a dark green board: lines, and a hatched fill."""
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px]
    hatch = np.clip(0.5 + 0.9 * np.sin((rows - columns) * (2 * np.pi / 8)), 0, 1)
    pale = 0.45 + 0.55 * saturated(picture, 1.3)
    cover = np.maximum(
        _lines_of(picture, mask), hatch * np.where(mask > 0.5, 0.55, 0.22) * (0.3 + luminance(picture))
    )
    board = np.array([0.09, 0.20, 0.16])
    return np.clip(board * (1 - cover[..., None]) + pale * cover[..., None], 0, 1).astype(np.float32)


def embroidery(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Slanted stitches, turning at every lane of 8 pixels, on linen, with a dark seam round the subject."""
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px]
    turn = np.where(columns // 8 % 2 == 0, 1, -1)
    stitch = np.sin((rows + turn * columns) * (2 * np.pi / 8))
    inside = mask[..., None] > 0.5
    thread = saturated(_blur(picture, 1.0), 1.35) * 0.9 + 0.20 * stitch[..., None]
    weave = 0.05 * (np.sin(rows * np.pi / 2) + np.sin(columns * np.pi / 2))[..., None]
    linen = 0.45 * picture + 0.55 * np.array([0.86, 0.79, 0.66]) + weave
    sewn = np.where(inside, thread, linen) * (1 - 0.7 * _outline(mask, 2))[..., None]
    return np.clip(sewn, 0, 1).astype(np.float32)


def blueprint(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """White lines on blue paper ruled every 16 pixels."""
    px = len(picture)
    ruled = (np.arange(px) % 16 == 0).astype(np.float32)
    ruled = 0.30 * np.maximum(ruled[:, None], ruled[None, :])
    tone = 0.25 * luminance(picture) * np.where(mask > 0.5, 1.0, 0.5)
    white = np.maximum(np.maximum(_lines_of(picture, mask), ruled), tone)[..., None]
    paper = np.array([0.07, 0.22, 0.55])
    return np.clip(paper * (1 - white) + 0.95 * white, 0, 1).astype(np.float32)


@cache
def _facets(px: int) -> tuple[NDArray[np.int64], Picture]:
    """The triangle of each pixel, in squares of 16 pixels cut crosswise, and its shade in -1..1."""
    size = 16
    rows, columns = np.mgrid[0:px, 0:px]
    square = (rows // size) * (px // size) + columns // size
    y, x = rows % size + 0.5, columns % size + 0.5
    quarter = 2 * (y > x).astype(np.int64) + (x + y > size)
    shade = np.array([0.9, -0.2, 0.3, -0.9], np.float32)[quarter]
    return (4 * square + quarter).astype(np.int64), shade


def low_poly(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Flat facets, each lit as if it were tilted its own way."""
    label, shade = _facets(len(picture))
    bright = saturated(picture, 1.2)
    facets = _mean_by_piece(bright, label + (int(label.max()) + 1) * (mask > 0.5))
    kept = np.where(mask > 0.5, 0.5, 0.9)[..., None]
    return np.clip(kept * facets + (1 - kept) * bright + 0.13 * shade[..., None], 0, 1).astype(np.float32)


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


def resized(drawing: Picture, px: int) -> Picture:
    """Float32[px, px, 4], alpha-weighted so that edges keep their colour."""
    alpha = drawing[..., 3:]
    layers = np.concatenate([drawing[..., :3] * alpha, alpha], axis=-1)
    channels = [Image.fromarray(layers[..., c]).resize((px, px), Image.Resampling.BILINEAR) for c in range(4)]
    small = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    return np.clip(small, 0, 1)
