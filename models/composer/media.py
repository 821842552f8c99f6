"""Media: one brush for each medium token.

A brush takes the picture Float32[px, px, 3] after the light, and the subject's mask Float32[px, px]. It
changes background and subject alike, so both have one style.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from models.composer.easel import Picture, grid, smooth_noise

Brush = Callable[[Picture, Picture, np.random.Generator], Picture]
LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)


def unit(px: int) -> float:
    """Pixels of a picture of this width that a line of one pixel has in a picture of 128."""
    return px / 128


def whole(pixels: float, px: int) -> int:
    """A width given for 128 pixels, in whole pixels of a picture of this width; at least 1."""
    return max(1, round(pixels * unit(px)))


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


def luminance(picture: Picture) -> Picture:
    """Brightness Float32[px, px] of a picture."""
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
    """An inflated, glazed subject: lit from above left, dark below right, with gloss and a soft shadow."""
    u = unit(len(picture))
    height = u * (_blur(mask, 3.0 * u) + _blur(mask, 9.0 * u))
    down, right = (ndimage.sobel(height, axis) for axis in (0, 1))
    lit = np.tanh(1.3 * (down + right)) * mask
    moved = np.roll(mask, (round(11 * u), round(6 * u)), (0, 1))
    shade = _blur(moved, 5 * u) * (1 - mask)
    gloss = np.clip(lit - 0.45, 0, 1)[..., None]
    solid = saturated(picture, 1.25) * (1 + 0.5 * lit)[..., None]
    return np.clip(solid * (1 - 0.7 * shade[..., None]) + 0.9 * gloss, 0, 1).astype(np.float32)


SHEETS = (
    (0.30, 0.22, 0.00, (0.80, 0.90, 0.97)),
    (0.21, 0.14, 0.45, (0.52, 0.72, 0.92)),
    (0.11, 0.06, 0.90, (0.25, 0.48, 0.80)),
)
"""Wavy sheets of paper at the bottom and top of the picture, the lowest sheet first.

For each: height at the bottom and at the top as shares of the picture, phase of the wave in turns, colour.
"""


def paper_cutout(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Wavy sheets of paper, and on them the subject in flat tones; each casts a shadow."""
    u = unit(len(picture))
    rows, columns = grid(len(picture))
    tones = np.rint(_blur(saturated(picture, 1.15), 1.0) * 3.5) / 3.5
    sheet = tones * 0.90 + 0.06
    out = sheet * 0.75 + 0.20
    for up, down, turn, color in SHEETS:
        wave = 0.045 * np.sin(2 * np.pi * (1.5 * columns + turn))
        paper = np.clip(len(picture) * np.maximum(rows - (1 - up + wave), down - wave - rows), 0, 1)
        shadow = (_blur(paper, 3.0 * u) * (1 - paper))[..., None]
        out = out * (1 - 0.8 * shadow)
        out = out * (1 - paper[..., None]) + np.array(color, np.float32) * paper[..., None]
    below = round(5 * u)
    shadow = (_blur(np.roll(mask, (below, below), (0, 1)), 2.0 * u) * (1 - mask))[..., None]
    out = out * (1 - 0.6 * shadow)
    return np.clip(out * (1 - mask[..., None]) + sheet * mask[..., None], 0, 1).astype(np.float32)


def _mean_colour(picture: Picture, mask: Picture) -> Picture:
    """Mean colour Float32[3] of the subject."""
    weight = mask[..., None] + 1e-6
    return ((picture * weight).sum((0, 1)) / weight.sum((0, 1))).astype(np.float32)


def sticker(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """A small hard shadow under the white border."""
    below = whole(3, len(picture))
    moved = _blur(np.roll(mask, (below, below), (0, 1)), 0.8 * unit(len(picture)))
    shade = np.clip(moved - mask, 0, 1)
    return picture * (1 - 0.45 * shade[..., None])


def _paper(px: int, margin: float) -> Picture:
    """Float32[px, px]: 1 on the painted part of the sheet and 0 at its bare rim."""
    rows, columns = np.mgrid[0:px, 0:px] / px
    wobble = 0.02 * (np.sin(rows * 19) + np.sin(columns * 23 + 1) + np.sin((rows + columns) * 31))
    edge = np.minimum(np.minimum(rows, 1 - rows), np.minimum(columns, 1 - columns))
    return np.clip((edge + wobble - margin) * 16, 0, 1).astype(np.float32)


def watercolor(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Washes with dark rims; the subject bleeds out into a pool of its colour on paper left pale."""
    px, u = len(picture), unit(len(picture))
    wash = _blur(_displaced(picture, np.random.default_rng(3), 0.8 * u, 24), 0.7 * u)
    edges = u * np.hypot(ndimage.sobel(luminance(wash), 0), ndimage.sobel(luminance(wash), 1))
    thin = np.where(mask > 0.5, 0.18, 0.62)[..., None]
    wash = saturated(wash, 1.35) * (1 - thin) + thin - 0.32 * np.clip(edges, 0, 1)[..., None]
    tint = np.clip(saturated(_mean_colour(picture, mask), 2.2), 0, 1) * 0.75 + 0.25
    reach = ndimage.gaussian_filter(mask, px / 14) + 0.10 * smooth_noise(np.random.default_rng(4), px, 8)
    pool = np.clip((reach - 0.12) * 14, 0, 1)
    rim = np.clip(1 - np.abs(reach - 0.15) / 0.04, 0, 1)
    bleed = (np.clip(0.50 * pool + 0.35 * rim, 0, 0.8) * (1 - mask))[..., None]
    wash = wash * (1 - bleed) + bleed * tint
    paint = _paper(px, 0.05)[..., None]
    return np.clip(paint * wash + (1 - paint) * np.array([0.98, 0.97, 0.94]), 0, 1).astype(np.float32)


def pencil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Soft gray lines on white paper; a slanted hatch shades what is dark, and what is behind."""
    px, u = len(picture), unit(len(picture))
    gray = luminance(picture)
    lines = np.clip(gray / np.maximum(1e-3, _blur(gray, 2.2 * u)), 0, 1.02)
    rows, columns = np.mgrid[0:px, 0:px]
    hatch = np.clip(0.5 + 0.9 * np.sin((rows + columns) * (2 * np.pi / whole(16, px))), 0, 1)
    behind = (1 - mask) * np.clip(_blur(mask, 14.0 * u) * 1.5, 0.12, 0.62)
    dark = np.maximum(behind, mask * np.clip(0.75 - gray, 0, 0.6))
    soft = _blur(mask, 0.9 * u)
    outline = np.clip(0.30 * u * np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)), 0, 0.6)
    paper = 0.97 - 1.2 * np.clip(1 - lines, 0, 0.45) - dark * hatch - outline
    paper = np.clip(paper, 0.22, 1).astype(np.float32)
    return np.clip(0.90 * paper[..., None] + 0.10 * picture * paper[..., None], 0, 1)


def _outline(mask: Picture, thick: float) -> Picture:
    """Float32[px, px]: 1 on a line around the subject, `thick` pixels wide in a picture of 128."""
    away = ndimage.distance_transform_edt(mask < 0.5)
    width = thick * unit(len(mask))
    return np.where(away > 0, np.clip(width + 0.7 - away, 0, 1), 0).astype(np.float32)


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


def halftone(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Strong flat colours, dots of ink on a grid of 8 pixels, the subject in a thick black line."""
    px, u = len(picture), unit(len(picture))
    size = whole(8, px)
    rows, columns = (np.mgrid[0:px, 0:px] % size - (size - 1) / 2) / u
    dark = _blur(1 - luminance(picture), 1.5 * u)
    dots = np.clip(u * (1.3 + 2.6 * dark - np.hypot(rows, columns)) + 0.5, 0, 1)[..., None]
    color = np.clip(np.rint(saturated(picture, 1.6) * 3) / 3 * 0.7 + 0.3, 0, 1)
    printed = color * (1 - 0.85 * dots * np.where(mask > 0.5, 0.45, 1.0)[..., None])
    return (printed * (1 - 0.95 * _outline(mask, 2))[..., None]).astype(np.float32)


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
    return np.clip(laid * (1 - 0.85 * _outline(mask, 2))[..., None], 0, 1).astype(np.float32)


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
    outline = np.maximum(outline, _outline(mask, 0.8))
    lead = lead * np.where(mask > 0.5, 0.42, 1.0).astype(np.float32)  # thinner across the subject
    return glass * (1 - np.maximum(lead, outline))[..., None]


def neon(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Glowing tubes along the drawing's lines, over a dim picture."""
    u = unit(len(picture))
    soft = _blur(picture, 0.8 * u)
    edge = u * np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    edge = np.clip(edge * 0.62 - 0.12, 0, 1) * np.where(mask > 0.05, 1.0, 0.22)
    hue = saturated(_blur(picture, 2.5 * u), 3.0)
    hue = hue / np.maximum(0.25, hue.max(axis=-1, keepdims=True))
    tube = edge[..., None] * (0.35 + 0.65 * hue)
    glow = _blur(tube, 3.2 * u) * 1.7
    return np.clip(0.13 * picture + glow * hue + 1.1 * tube, 0, 1).astype(np.float32)


OCHRE = np.array([1.0, 0.72, 0.18], np.float32)
BLUE = np.array([0.12, 0.34, 0.80], np.float32)


@cache
def _strokes(px: int) -> tuple[Picture, Picture, NDArray[np.int64], NDArray[np.int64]]:
    """Brush strokes: relief and hue of each pixel in -1..1, rows and columns of the pixels along its stroke.

    The strokes follow swirls, as in a painted night sky. The relief is noise that is averaged along the flow
    (line integral convolution, Cabral & Leedom 1993) and lit from above.
    """
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    y, x = rows * (2 * np.pi / px), columns * (2 * np.pi / px)
    angle = 0.5 + 1.5 * np.sin(y + 0.8 * np.sin(x)) + 1.1 * np.cos(x - 0.6 * np.sin(2 * y))
    down, right = np.sin(angle), np.cos(angle)
    path, step = [], 1.5 * unit(px)
    for sign in (-1, 1):
        r, c = rows.copy(), columns.copy()
        for _ in range(9):
            at = (np.clip(np.rint(r), 0, px - 1).astype(int), np.clip(np.rint(c), 0, px - 1).astype(int))
            path.append(np.stack(at))
            r, c = r + sign * step * down[at], c + sign * step * right[at]
    along = np.stack(path)
    rng = np.random.default_rng(7)
    noises = [
        ndimage.gaussian_filter(rng.normal(size=(px, px)), wide * unit(px), mode="wrap")
        for wide in (1.7, 3.5)
    ]
    fine, broad = (noise[along[:, 0], along[:, 1]].mean(0) for noise in noises)
    lit = ndimage.sobel(fine, 0) + 0.5 * ndimage.sobel(fine, 1)
    relief = np.clip(0.4 * fine / fine.std() + 0.6 * lit / lit.std(), -2, 2) / 2
    hue = np.clip(broad / broad.std(), -1.5, 1.5) / 1.5
    return relief.astype(np.float32), hue.astype(np.float32), along[:, 0], along[:, 1]


def oil(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Thick swirling strokes with light ridges; ochre and blue are mixed into the background."""
    relief, hue, rows, columns = _strokes(len(picture))
    rich = np.clip(saturated(picture, 1.5), 0, 1)
    solid = mask > 0.5
    same = (solid[rows, columns] == solid)[..., None]  # a stroke ends at the subject's edge
    painted = (rich[rows, columns] * same).sum(0) / np.maximum(1, same.sum(0))
    kept = np.where(solid, 0.6, 0.0)[..., None]
    strokes = kept * rich + (1 - kept) * painted
    pigment = np.where(hue[..., None] > 0, OCHRE, BLUE)
    mixed = (np.where(solid, 0.12, 0.55) * np.abs(hue))[..., None]
    strokes = strokes * (1 - mixed) + mixed * pigment * (0.35 + 0.65 * luminance(strokes)[..., None])
    thick = (np.where(solid, 0.12, 0.17) * relief)[..., None]
    edge = 1 - 0.75 * _outline(mask, 1)[..., None]
    return np.clip((strokes * (1 + 0.8 * thick) + thick) * edge, 0, 1).astype(np.float32)


def woodcut(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Black lines every 8 pixels, thicker in dark parts, over a flat print on cream; black outlines."""
    px, u = len(picture), unit(len(picture))
    size = whole(8, px)
    rows = np.abs(np.arange(px) % size - (size - 1) / 2)[:, None] / u + np.zeros(px)
    dark = _blur(1 - luminance(picture), 1.2 * u)
    lines = np.clip(u * (4.4 * dark - 0.5 - rows) + 0.5, 0, 1) * np.where(mask > 0.5, 0.55, 1.0)
    soft = _blur(luminance(picture), 0.8 * u)
    edge = np.clip(1.4 * u * np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)) - 0.25, 0, 1)
    black = np.maximum(np.maximum(lines, edge * (mask > 0.05)), _outline(mask, 2))[..., None]
    print_ = 0.35 * saturated(picture, 1.2) + 0.65 * np.array([0.95, 0.89, 0.76])
    return np.clip(print_ * (1 - 0.92 * black), 0, 1).astype(np.float32)


def _lines_of(picture: Picture, mask: Picture) -> Picture:
    """Float32[px, px]: the drawing's lines, bold in the subject and faint outside of it."""
    u = unit(len(picture))
    soft = _blur(picture, 0.8 * u)
    edge = u * np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    lines = np.clip(edge * 0.85 - 0.10, 0, 1) * np.where(mask > 0.05, 1.0, 0.35)
    return np.maximum(lines, _outline(mask, 2)).astype(np.float32)


def ink(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Bold black lines around white areas with little colour; a paler background."""
    white = 0.78 + 0.22 * saturated(picture, 1.3)
    paper = 0.40 * picture + 0.52
    lines = np.clip(1.6 * _lines_of(picture, mask), 0, 1) * np.where(mask > 0.05, 1.0, 0.3)
    page = np.where(mask[..., None] > 0.5, white, paper)
    return np.clip(page * (1 - 0.95 * lines[..., None]), 0, 1).astype(np.float32)


def chalk(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Dusty pale chalk on a dark green board: thick lines, and a rubbed fill with streaks."""
    px = len(picture)
    streaks = 0.75 + 0.25 * np.sin(np.arange(px) * (2 * np.pi / whole(8, px)))[:, None]
    pale = 0.40 + 0.60 * saturated(picture, 1.4)
    fill = np.where(mask > 0.5, 0.62, 0.12) * (0.35 + 0.65 * luminance(picture)) * streaks
    cover = np.maximum(_lines_of(picture, mask), fill)
    board = np.array([0.09, 0.20, 0.16])
    return np.clip(board * (1 - cover[..., None]) + pale * cover[..., None], 0, 1).astype(np.float32)


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
    thread = np.clip(saturated(_blur(picture, 1.2 * u), 1.4) * 1.1 + 0.05, 0, 1) * bulge[..., None]
    linen = 0.40 * picture + 0.60 * np.array([0.90, 0.83, 0.70])
    edge = np.minimum(np.arange(px), np.arange(px)[::-1])
    border = (np.minimum(edge[:, None], edge[None, :]) < 2 * size) & (mask < 0.5)
    yarn = np.clip(saturated(_mean_colour(picture, mask), 1.8) * 0.85, 0, 1)
    crosses = (_crosses(px, 2 * size, 2.4 * u) * border)[..., None]
    linen = linen * (1 - crosses) + yarn * crosses
    sewn = np.where(mask[..., None] > 0.5, thread, linen) * (1 - 0.75 * _outline(mask, 1))[..., None]
    return np.clip(sewn, 0, 1).astype(np.float32)


def blueprint(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """White lines on blue paper ruled every 16 pixels."""
    px = len(picture)
    line = (np.arange(px) % whole(16, px) < unit(px)).astype(np.float32)
    ruled = 0.30 * np.maximum(line[:, None], line[None, :])
    tone = 0.25 * luminance(picture) * np.where(mask > 0.5, 1.0, 0.5)
    white = np.maximum(np.maximum(_lines_of(picture, mask), ruled), tone)[..., None]
    paper = np.array([0.07, 0.22, 0.55])
    return np.clip(paper * (1 - white) + 0.95 * white, 0, 1).astype(np.float32)


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
    return np.clip(lit * (1 - 0.8 * _outline(mask, 1))[..., None], 0, 1).astype(np.float32)


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
    """The drawing Float32[px, px, 4] in another size, alpha-weighted so that edges keep their colour."""
    alpha = drawing[..., 3:]
    layers = np.concatenate([drawing[..., :3] * alpha, alpha], axis=-1)
    channels = [Image.fromarray(layers[..., c]).resize((px, px), Image.Resampling.BILINEAR) for c in range(4)]
    small = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    return np.clip(small, 0, 1)
