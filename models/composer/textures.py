"""Textures: one surface over the finished picture for each texture token.

The autoencoder has one latent cell for each 8 x 8 pixels. Therefore fine patterns are fixed tiles of 8, 16 or
32 pixels that start at pixel (0, 0). Large elements are thick, and their places are one of `LAYOUTS` layouts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from models.composer.easel import Picture, grid, smooth_noise
from models.composer.touches import unit, whole

Surface = Callable[[Picture, np.random.Generator], Picture]
LAYOUTS = 4


def _layout(rng: np.random.Generator) -> int:
    return int(rng.integers(LAYOUTS))


def _tiled(tile: Picture, px: int) -> Picture:
    """The tile repeated over px by px pixels, beginning at (0, 0)."""
    times = -(-px // len(tile))
    return np.tile(tile, (times, times, *(1,) * (tile.ndim - 2)))[:px, :px]


def _over(picture: Picture, share: Picture, *color: float) -> Picture:
    """The picture with `share` Float32[px, px] of a colour laid over each pixel."""
    return picture * (1 - share[..., None]) + share[..., None] * np.array(color, np.float32)


WINDOWS: dict[str, tuple[float, float, float]] = {
    "polaroid frame": (1 / 16, 1 / 8, 3 / 4),
    "ornate gold frame": (1 / 8, 1 / 8, 3 / 4),
    "film strip": (1 / 8, 1 / 8, 3 / 4),
}
"""Top, left and side of the opening of a frame, as shares of the picture.

The subject is placed in the opening before the medium's brush is applied, so the brush's marks keep their
size and their place on the grid.
"""


def _window(frame: str, px: int) -> tuple[slice, slice]:
    """Rows and columns of a frame's opening."""
    top, left, side = (round(px * share) for share in WINDOWS[frame])
    return slice(top, top + side), slice(left, left + side)


def _gray(image: Image.Image, px: int) -> Picture:
    return np.asarray(image.resize((px, px), Image.Resampling.BOX), np.float32) / 255


def clean(picture: Picture, rng: np.random.Generator) -> Picture:
    """Nothing over the picture."""
    return picture


@cache
def _grain(px: int) -> Picture:
    noise = np.random.default_rng(0).normal(size=(whole(16, px), whole(16, px)))
    noise = ndimage.gaussian_filter(noise, 0.8 * unit(px) + 0.3, mode="wrap")
    noise = (noise - noise.mean()) / noise.std()
    return _tiled(np.clip(noise, -1.3, 1.3).astype(np.float32), px)


def film_grain(picture: Picture, rng: np.random.Generator) -> Picture:
    """Coarse dark and light specks, and darker corners."""
    rows, columns = grid(len(picture))
    corner = 1 - 0.9 * np.clip(np.hypot(rows - 0.5, columns - 0.5) - 0.38, 0, 1)
    return np.clip((picture * 0.8 + 0.1) * corner[..., None] + 0.07 * _grain(len(picture))[..., None], 0, 1)


@cache
def _scratches(number: int, px: int) -> tuple[Picture, Picture]:
    rng = np.random.default_rng(100 + number)
    light, dark = Image.new("L", (2 * px, 2 * px)), Image.new("L", (2 * px, 2 * px))
    unit = px / 64
    for n in range(6):
        x = (n + rng.uniform(0.2, 0.8)) * 2 * px / 6
        y, length = rng.uniform(-0.3, 0.9) * px, rng.uniform(1.0, 2.0) * px
        x_end = x + rng.uniform(-0.22, 0.22) * px
        width = int(unit * rng.uniform(3.7, 4.3))
        ImageDraw.Draw(dark).line((x + 1.6 * unit, y, x_end + 1.6 * unit, y + length), fill=255, width=width)
        ImageDraw.Draw(light).line((x, y, x_end, y + length), fill=255, width=width)
    return _gray(light, px), _gray(dark, px)


def scratched(picture: Picture, rng: np.random.Generator) -> Picture:
    """Long pale scratches with a dark edge."""
    light, dark = _scratches(_layout(rng), len(picture))
    worn = _over(picture * 0.86 + 0.04, 0.75 * dark, 0.10, 0.09, 0.09)
    return _over(worn, 0.95 * light, 0.98, 0.96, 0.90)


@cache
def _weave(px: int) -> Picture:
    size = whole(8, px)
    across = (np.arange(size, dtype=np.float32) - (size - 1) / 2) / (size / 2)
    thread = np.repeat((1 - across**2)[:, None], size, axis=1)  # bright along its middle
    thread = thread * (1 - 0.45 * across**2)  # and bent down at its ends
    tile = np.block([[thread, thread.T], [thread.T, thread]])
    return _tiled(tile - tile.mean(), px)


def canvas_weave(picture: Picture, rng: np.random.Generator) -> Picture:
    """Threads over and under each other."""
    weave = _weave(len(picture))[..., None]
    return np.clip((picture * 0.82 + 0.10) * (1 + 0.28 * weave) + 0.05 * weave, 0, 1)


def scanlines(picture: Picture, rng: np.random.Generator) -> Picture:
    """Dark lines across, three eighths of the picture."""
    size = whole(8, len(picture))
    line = (np.arange(len(picture)) % size >= 0.6 * size).astype(np.float32)[:, None, None]
    return np.clip(picture * 0.9 + 0.1, 0, 1) * (1 - 0.62 * line)


@cache
def _facets(number: int, px: int, cells: int, warp: float) -> tuple[Picture, Picture, Picture]:
    """Label of the piece, distance to the border in pixels and tilt within the piece, each [px, px]."""
    rng = np.random.default_rng(200 + number)
    corners = np.stack([*np.mgrid[0:cells, 0:cells]], -1).reshape(-1, 2)
    seeds = (corners + rng.uniform(0.05, 0.95, corners.shape)) * px / cells
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    rows, columns = (axis + warp * smooth_noise(rng, px, 20) for axis in (rows, columns))
    distance = np.hypot(rows[..., None] - seeds[:, 0], columns[..., None] - seeds[:, 1])
    two = np.partition(distance, 1, axis=-1)[..., :2]
    label = distance.argmin(-1)
    slope = rng.normal(size=(len(seeds), 2))
    slope /= np.linalg.norm(slope, axis=1, keepdims=True)
    offset = np.stack([rows, columns], -1) - seeds[label]
    tilt = (offset * slope[label]).sum(-1) * cells / px
    return label, (two[..., 1] - two[..., 0]) / 2, tilt.astype(np.float32)


@cache
def _folds(number: int, px: int) -> Picture:
    label, border, tilt = _facets(number, px, 5, 0.0)
    shade = np.random.default_rng(300 + number).permutation(np.linspace(-1, 1, 25))[label]
    crease = np.clip(2.0 * unit(px) - border, 0, 1)
    return ndimage.gaussian_filter((0.7 * shade + 0.8 * tilt + 0.5 * crease).astype(np.float32), 0.5)


def crumpled_paper(picture: Picture, rng: np.random.Generator) -> Picture:
    """Angular facets, light and dark, of paper that was crushed and flattened."""
    fold = _folds(_layout(rng), len(picture))[..., None]
    return np.clip((picture * 0.7 + 0.17) * (1 + 0.38 * fold) + 0.07 * fold, 0, 1)


@cache
def _sparkles(px: int) -> Picture:
    size_px = whole(16, px)
    y, x = (np.mgrid[0:size_px, 0:size_px].astype(np.float32) - (size_px - 1) / 2) / unit(px)
    stars = []
    for size in (7.2, 3.8):
        star = np.abs(x) ** 0.6 + np.abs(y) ** 0.6
        stars.append(np.clip((size**0.6 + 0.55 - star) * 1.4, 0, 1))
    big, small = stars
    return _tiled(np.block([[big, small], [small, big]]).astype(np.float32), px)


def glitter(picture: Picture, rng: np.random.Generator) -> Picture:
    """Bright four-pointed sparkles over a darker picture."""
    star = _sparkles(len(picture))
    return _over(picture * 0.76, star, 1.0, 0.98, 0.78)


@cache
def _cracks(number: int, px: int) -> tuple[Picture, Picture]:
    label, border, _ = _facets(10 + number, px, 4, 1.6 * unit(px))
    crack = np.clip(1.7 * unit(px) + 0.35 - border, 0, 1).astype(np.float32)
    gone = np.zeros(16, np.bool_)
    gone[np.random.default_rng(400 + number).choice([0, 1, 2, 3, 4, 7, 8, 11, 12, 13, 14, 15], 2, False)] = (
        True
    )
    return crack, np.where(gone[label], 1 - crack, 0).astype(np.float32)


def cracked_paint(picture: Picture, rng: np.random.Generator) -> Picture:
    """Crooked dark cracks, and flakes fallen off the pale ground."""
    crack, gone = _cracks(_layout(rng), len(picture))
    flaked = _over(picture, 0.92 * gone, 0.86, 0.79, 0.66)
    return _over(flaked, 0.92 * crack, 0.16, 0.10, 0.07)


@cache
def _drops(number: int, px: int) -> tuple[Picture, Picture, Picture, Picture]:
    """For each pixel: row and column of the pixel that shows through the drop, shade, and gleam."""
    rng = np.random.default_rng(500 + number)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    from_row, from_column = rows.copy(), columns.copy()
    shade, gleam = np.zeros((px, px), np.float32), np.zeros((px, px), np.float32)
    centers: list[tuple[float, float, float]] = []
    for _ in range(400):
        radius = px / 128 * (rng.uniform(8, 10) if len(centers) < 6 else rng.uniform(4.5, 6.5))
        y, x = rng.uniform(0, px, 2)
        if len(centers) < 20 and all(np.hypot(y - b, x - a) > radius + r + 2 for b, a, r in centers):
            centers.append((y, x, radius))
    for n, (y, x, radius) in enumerate(centers):
        away = np.hypot(rows - y, columns - x) / radius
        if n < 4:  # a drop that ran down has a tail above it
            tail = np.hypot((columns - x) / (0.5 * radius), np.clip(rows - y + 2.6 * radius, None, 0) / 3)
            away = np.minimum(away, np.where(rows < y, np.maximum(tail, 0.55), 9))
        inside = away < 1
        from_row[inside] = (y - 1.8 * (rows - y))[inside]
        from_column[inside] = (x - 1.8 * (columns - x))[inside]
        light = 0.75 * (rows - y) / radius  # dark above, light below
        light = light - 0.8 * np.clip((away - 0.72) * 6, 0, 1)
        light = np.where(np.hypot(rows - y, columns - x) < radius, light, -0.38)  # the tail is slightly dark
        shade[inside] = np.clip(light, -0.85, 0.75)[inside]
        spot = np.hypot(rows - y + 0.35 * radius, columns - x + 0.3 * radius) / radius
        gleam = np.maximum(gleam, np.clip((0.42 - spot) * 5, 0, 1))
    from_row, from_column = (np.clip(axis, 0, px - 1) for axis in (from_row, from_column))
    return from_row, from_column, shade, gleam.astype(np.float32)


def wet_glass(picture: Picture, rng: np.random.Generator) -> Picture:
    """Round drops with a dark rim and a gleam, some run down, on a cool misted pane."""
    row, column, shade, gleam = _drops(_layout(rng), len(picture))
    mist = np.float32(0.16)
    soft = 0.7 * unit(len(picture))
    pane = ndimage.gaussian_filter(picture, (soft, soft, 0)) * (1 - mist) + mist * np.array(
        [0.70, 0.82, 0.90], np.float32
    )
    seen = np.where((shade != 0)[..., None], picture[row.astype(int), column.astype(int)], pane)
    dark, light = np.clip(-shade, 0, 1), np.clip(shade, 0, 1)
    seen = _over(_over(seen, dark, 0.03, 0.08, 0.14), light, 0.88, 0.96, 1.0)
    return _over(seen, gleam, 1.0, 1.0, 1.0)


@cache
def _lights(number: int, px: int) -> tuple[Picture, Picture]:
    rng = np.random.default_rng(600 + number)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    colors = np.array([[1, 0.72, 0.22], [1, 0.36, 0.50], [0.35, 0.68, 1], [0.45, 0.92, 0.45]], np.float32)
    share, color = np.zeros((px, px), np.float32), np.zeros((px, px, 3), np.float32)
    rim = 2.5 * unit(px)
    turn = rng.uniform(0, 2 * np.pi)
    for n in range(12):
        angle, far = turn + n * 2 * np.pi / 12, px * rng.uniform(0.40, 0.60)
        y, x = px / 2 + far * np.sin(angle), px / 2 + far * np.cos(angle)
        radius = px / 128 * rng.uniform(10, 15)
        away = np.hypot(rows - y, columns - x)
        disc = np.clip(radius - away, 0, 1)
        disc = disc * (0.66 + 0.30 * np.clip(1 - np.abs(away - radius + rim) / rim, 0, 1))
        color = np.where((disc > 0)[..., None], colors[n % 4] * disc[..., None] + color, color)
        share = share + disc
    mean = color / np.maximum(share, 1e-3)[..., None]
    return np.clip(share, 0, 0.96).astype(np.float32), mean.astype(np.float32)


def bokeh(picture: Picture, rng: np.random.Generator) -> Picture:
    """Large coloured discs of out-of-focus light around the middle of a dimmer picture."""
    share, color = _lights(_layout(rng), len(picture))
    return picture * 0.78 * (1 - share[..., None]) + share[..., None] * color


def round_frame(picture: Picture, rng: np.random.Generator) -> Picture:
    """A circle with a dark ring on cream."""
    px = len(picture)
    rows, columns = grid(px)
    distance = np.hypot(rows - 0.5, columns - 0.5) * px
    outside = np.clip(distance - px * 0.465, 0, 1)
    ring = np.clip(px * 0.02 + 0.5 - np.abs(distance - px * 0.465), 0, 1)
    return _over(_over(picture, outside, 0.97, 0.94, 0.85), ring, 0.20, 0.12, 0.12)


def polaroid(picture: Picture, rng: np.random.Generator) -> Picture:
    """An instant photograph: the picture in a white card, wide below, on gray."""
    px = len(picture)
    card = np.full((px, px, 3), 0.55, np.float32)
    card[:, px // 16 : px - px // 16] = 0.99
    window = _window("polaroid frame", px)
    card[window] = picture[window]
    return card


@cache
def _gilding(px: int) -> Picture:
    """Brightness of the gold at each pixel of the frame, 0..1."""
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    depth = np.minimum(np.minimum(rows, px - 1 - rows), np.minimum(columns, px - 1 - columns))
    beside = np.minimum(rows, px - 1 - rows) > np.minimum(columns, px - 1 - columns)
    along = np.where(beside, rows, columns)
    size = whole(8, px)
    place = (along % size - (size - 1) / 2) / (4.2 * unit(px))
    bead = 1 - np.hypot(place, (depth - px * 7.5 / 128) / (px * 4.5 / 128))
    gold = np.clip(0.12 + 1.3 * np.clip(bead, 0, 1), 0, 1)
    gold = np.where((depth < px * 3 / 128) | (depth >= px * 12 / 128), 0.72, gold)
    corner_row, corner_column = np.minimum(rows, px - 1 - rows), np.minimum(columns, px - 1 - columns)
    away = np.hypot(corner_row - px * 9 / 128, corner_column - px * 9 / 128) * 128 / px
    petal = 0.62 + 0.38 * np.cos(away * 2 * np.pi / 8)
    return np.where(away < 13, petal, gold).astype(np.float32)


def gold_frame(picture: Picture, rng: np.random.Generator) -> Picture:
    """A beaded gold frame with round ornaments at the corners."""
    px = len(picture)
    edge = _window("ornate gold frame", px)[0].start
    gold = _gilding(px)[..., None]
    framed = (1 - gold) * np.array([0.30, 0.15, 0.02], np.float32) + gold * np.array(
        [1.0, 0.82, 0.30], np.float32
    )
    rows, columns = np.mgrid[0:px, 0:px]
    depth = np.minimum(np.minimum(rows, px - 1 - rows), np.minimum(columns, px - 1 - columns))
    from_corner = np.hypot(*(np.minimum(axis, px - 1 - axis) - px * 9 / 128 for axis in (rows, columns)))
    inside = (depth >= edge) & (from_corner >= px * 13 / 128)
    inner = picture.copy()
    inner[depth < edge + px // 64] *= 0.35
    return np.where(inside[..., None], inner, framed)


def film_strip(picture: Picture, rng: np.random.Generator) -> Picture:
    """A frame of black film with square holes above and below, and its neighbours at the sides."""
    px = len(picture)
    sliver = px // 16
    strip = np.full((px, px, 3), 0.04, np.float32)
    down, across = _window("film strip", px)
    strip[down, across] = picture[down, across]
    strip[down, :sliver] = picture[down, across.stop - sliver : across.stop]
    strip[down, px - sliver :] = picture[down, across.start : across.start + sliver]
    size = whole(16, px)
    holes = (np.arange(px) % size >= size // 4) & (np.arange(px) % size < 3 * size // 4)
    for top in (px * 4 // 128, px - px * 12 // 128):
        strip[top : top + px // 16, holes] = 0.96
    return strip


@cache
def _tear(number: int, px: int) -> tuple[Picture, Picture]:
    """Masks Float32[px, px] of the paper and of its printed side."""
    rng = np.random.default_rng(700 + number)
    rows, columns = np.mgrid[0:px, 0:px].astype(np.float32)
    outer, inner = np.full((px, px), 99, np.float32), np.full((px, px), 99, np.float32)
    teeth = 16
    axis = np.linspace(0, teeth, px)
    for depth, along in ((rows, 1), (px - 1 - rows, 1), (columns, 0), (px - 1 - columns, 0)):
        edge = np.interp(axis, np.arange(teeth + 1), rng.uniform(2, 9, teeth + 1)) * px / 128
        rim = np.interp(axis, np.arange(teeth + 1), rng.uniform(4, 8, teeth + 1)) * px / 128
        lines = [line[None, :] if along else line[:, None] for line in (edge, edge + rim)]
        outer = np.minimum(outer, depth - lines[0])
        inner = np.minimum(inner, depth - lines[1])
    return np.clip(outer, 0, 1).astype(np.float32), np.clip(inner, 0, 1).astype(np.float32)


def torn_paper(picture: Picture, rng: np.random.Generator) -> Picture:
    """A sheet with ragged white edges, on dark slate."""
    paper, printed = _tear(_layout(rng), len(picture))
    sheet = _over(picture, 1 - printed, 0.98, 0.97, 0.94)
    return _over(sheet, 1 - paper, 0.20, 0.23, 0.28)


SURFACES: dict[str, Surface] = {
    "": clean,
    "film grain": film_grain,
    "scratched": scratched,
    "canvas weave": canvas_weave,
    "scanlines": scanlines,
    "crumpled paper": crumpled_paper,
    "glitter": glitter,
    "cracked paint": cracked_paint,
    "wet glass": wet_glass,
    "bokeh lights": bokeh,
    "round frame": round_frame,
    "polaroid frame": polaroid,
    "ornate gold frame": gold_frame,
    "film strip": film_strip,
    "torn paper edges": torn_paper,
}

FRAMES = ("round frame", "polaroid frame", "ornate gold frame", "film strip", "torn paper edges")
"""The surfaces that surround the picture; the others lie over it."""
