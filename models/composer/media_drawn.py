"""Media of lines and paint: watercolor, pencil, ink, chalk, woodcut, blueprint, halftone print and oil."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.composer.easel import Picture, smooth_noise
from models.composer.touches import blurred, luminance, mean_colour, outlined, saturated, unit, whole


def _displaced(picture: Picture, rng: np.random.Generator, pixels: float, cells: int) -> Picture:
    px = len(picture)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    rows = np.clip(np.rint(rows + pixels * smooth_noise(rng, px, cells)), 0, px - 1).astype(int)
    columns = np.clip(np.rint(columns + pixels * smooth_noise(rng, px, cells)), 0, px - 1).astype(int)
    return picture[rows, columns]


def _paper(px: int, margin: float) -> Picture:
    """Float32[px, px]: 1 on the painted part of the sheet and 0 at its bare rim."""
    rows, columns = np.mgrid[0:px, 0:px] / px
    wobble = 0.02 * (np.sin(rows * 19) + np.sin(columns * 23 + 1) + np.sin((rows + columns) * 31))
    edge = np.minimum(np.minimum(rows, 1 - rows), np.minimum(columns, 1 - columns))
    return np.clip((edge + wobble - margin) * 16, 0, 1).astype(np.float32)


def watercolor(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Washes with dark rims; the subject bleeds out into a pool of its colour on paper left pale."""
    px, u = len(picture), unit(len(picture))
    wash = blurred(_displaced(picture, np.random.default_rng(3), 0.8 * u, 24), 0.7 * u)
    edges = u * np.hypot(ndimage.sobel(luminance(wash), 0), ndimage.sobel(luminance(wash), 1))
    thin = np.where(mask > 0.5, 0.18, 0.62)[..., None]
    wash = saturated(wash, 1.35) * (1 - thin) + thin - 0.32 * np.clip(edges, 0, 1)[..., None]
    tint = np.clip(saturated(mean_colour(picture, mask), 2.2), 0, 1) * 0.75 + 0.25
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
    lines = np.clip(gray / np.maximum(1e-3, blurred(gray, 2.2 * u)), 0, 1.02)
    rows, columns = np.mgrid[0:px, 0:px]
    hatch = np.clip(0.5 + 0.9 * np.sin((rows + columns) * (2 * np.pi / whole(16, px))), 0, 1)
    behind = (1 - mask) * np.clip(blurred(mask, 14.0 * u) * 1.5, 0.12, 0.62)
    dark = np.maximum(behind, mask * np.clip(0.75 - gray, 0, 0.6))
    soft = blurred(mask, 0.9 * u)
    outline = np.clip(0.30 * u * np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)), 0, 0.6)
    paper = 0.97 - 1.2 * np.clip(1 - lines, 0, 0.45) - dark * hatch - outline
    paper = np.clip(paper, 0.22, 1).astype(np.float32)
    return np.clip(0.90 * paper[..., None] + 0.10 * picture * paper[..., None], 0, 1)


def _lines_of(picture: Picture, mask: Picture) -> Picture:
    """Float32[px, px]: the drawing's lines, bold in the subject and faint outside of it."""
    u = unit(len(picture))
    soft = blurred(picture, 0.8 * u)
    edge = u * np.sqrt(sum(ndimage.sobel(soft[..., c], a) ** 2 for c in range(3) for a in (0, 1)))
    lines = np.clip(edge * 0.85 - 0.10, 0, 1) * np.where(mask > 0.05, 1.0, 0.35)
    return np.maximum(lines, outlined(mask, 2)).astype(np.float32)


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


def woodcut(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Black lines every 8 pixels, thicker in dark parts, over a flat print on cream; black outlines."""
    px, u = len(picture), unit(len(picture))
    size = whole(8, px)
    rows = np.abs(np.arange(px) % size - (size - 1) / 2)[:, None] / u + np.zeros(px)
    dark = blurred(1 - luminance(picture), 1.2 * u)
    lines = np.clip(u * (4.4 * dark - 0.5 - rows) + 0.5, 0, 1) * np.where(mask > 0.5, 0.55, 1.0)
    soft = blurred(luminance(picture), 0.8 * u)
    edge = np.clip(1.4 * u * np.hypot(ndimage.sobel(soft, 0), ndimage.sobel(soft, 1)) - 0.25, 0, 1)
    black = np.maximum(np.maximum(lines, edge * (mask > 0.05)), outlined(mask, 2))[..., None]
    print_ = 0.35 * saturated(picture, 1.2) + 0.65 * np.array([0.95, 0.89, 0.76])
    return np.clip(print_ * (1 - 0.92 * black), 0, 1).astype(np.float32)


def blueprint(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """White lines on blue paper ruled every 16 pixels."""
    px = len(picture)
    line = (np.arange(px) % whole(16, px) < unit(px)).astype(np.float32)
    ruled = 0.30 * np.maximum(line[:, None], line[None, :])
    tone = 0.25 * luminance(picture) * np.where(mask > 0.5, 1.0, 0.5)
    white = np.maximum(np.maximum(_lines_of(picture, mask), ruled), tone)[..., None]
    paper = np.array([0.07, 0.22, 0.55])
    return np.clip(paper * (1 - white) + 0.95 * white, 0, 1).astype(np.float32)


def halftone(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """Strong flat colours, dots of ink on a grid of 8 pixels, the subject in a thick black line."""
    px, u = len(picture), unit(len(picture))
    size = whole(8, px)
    rows, columns = (np.mgrid[0:px, 0:px] % size - (size - 1) / 2) / u
    dark = blurred(1 - luminance(picture), 1.5 * u)
    dots = np.clip(u * (1.3 + 2.6 * dark - np.hypot(rows, columns)) + 0.5, 0, 1)[..., None]
    color = np.clip(np.rint(saturated(picture, 1.6) * 3) / 3 * 0.7 + 0.3, 0, 1)
    printed = color * (1 - 0.85 * dots * np.where(mask > 0.5, 0.45, 1.0)[..., None])
    return (printed * (1 - 0.95 * outlined(mask, 2))[..., None]).astype(np.float32)


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
    edge = 1 - 0.75 * outlined(mask, 1)[..., None]
    return np.clip((strokes * (1 + 0.8 * thick) + thick) * edge, 0, 1).astype(np.float32)
