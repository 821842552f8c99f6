"""Details: small things around the subject, drawn before the medium, for each detail token.

A detail takes the picture Float32[px, px, 3] and the subject's mask Float32[px, px]. Its things have one of
four fixed layouts along the edges and corners, and each is moved by up to 2 pixels. A thing that would hide
the subject is drawn behind it. If the subject leaves no space, as in a close-up, the outermost things stay in
front.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from models.composer.easel import Picture

Detail = Callable[[Picture, Picture, np.random.Generator], Picture]
Color = tuple[int, int, int]
Shape = Callable[[ImageDraw.ImageDraw, int], None]
Spot = tuple[float, float]

LAYOUTS = 4
JITTER = 2
_SIDE = 128  # shapes and layouts are in pixels of a picture of this width
_ROOM = 44  # width of a thing's canvas
_FINE = 4  # a canvas is drawn this many times larger

INK: Color = (24, 20, 48)
WHITE: Color = (255, 255, 255)
RED: Color = (232, 24, 40)
ORANGE: Color = (255, 136, 8)
YELLOW: Color = (255, 224, 32)
GREEN: Color = (24, 180, 64)
BLUE: Color = (24, 100, 240)
PINK: Color = (255, 84, 160)
VIOLET: Color = (140, 48, 220)
CYAN: Color = (24, 200, 240)
BRIGHT: tuple[Color, ...] = (RED, YELLOW, BLUE, GREEN, PINK, ORANGE, CYAN, VIOLET)


@dataclass(frozen=True)
class Kind:
    """A kind of things.

    Attributes:
        shape: draws thing number n around (0, 0).
        outline: its colour.
        count: number of things.
        turn: largest rotation of a thing, in degrees.
        ring: smallest distance of things from the middle, in pixels.
        width: of the outline, in pixels.
        spots: places in a layout, which replace the ring.
        dusk: factor of the background's colours.
    """

    shape: Shape
    outline: Color
    count: int
    turn: float = 20.0
    ring: float = 47.0
    width: float = 1.3
    spots: Callable[[int], tuple[Spot, ...]] | None = None
    dusk: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Thing:
    """A drawn thing.

    Attributes:
        image: Float32[n, n, 4], premultiplied alpha.
        top: row of its upper left corner.
        left: column of its upper left corner.
        outward: distance from the middle, 0..1.
    """

    image: Picture
    top: int
    left: int
    outward: float


def _at(points: list[Spot]) -> list[Spot]:
    middle = _ROOM / 2
    return [((x + middle) * _FINE, (y + middle) * _FINE) for x, y in points]


def _polygon(draw: ImageDraw.ImageDraw, points: list[Spot], color: Color) -> None:
    draw.polygon(_at(points), fill=color)


def _oval(draw: ImageDraw.ImageDraw, x: float, y: float, rx: float, ry: float, color: Color) -> None:
    (left, top), (right, bottom) = _at([(x - rx, y - ry), (x + rx, y + ry)])
    draw.ellipse((left, top, right, bottom), fill=color)


def _line(draw: ImageDraw.ImageDraw, points: list[Spot], width: float, color: Color) -> None:
    draw.line(_at(points), fill=color, width=round(width * _FINE), joint="curve")
    for x, y in (points[0], points[-1]):
        _oval(draw, x, y, width / 2, width / 2, color)


def _round(degrees: float, radius: float) -> Spot:
    angle = np.deg2rad(degrees)
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))


def _flake(draw: ImageDraw.ImageDraw, n: int) -> None:
    if n % 2:
        _oval(draw, 0, 0, 4.3, 4.3, WHITE)
        return
    for degrees in range(0, 360, 60):
        _line(draw, [(0, 0), _round(degrees, 8.5)], 2.6, WHITE)
        for side in (-26, 26):
            _line(draw, [_round(degrees, 4.5), _round(degrees + side, 8.2)], 1.7, WHITE)


def _drop(draw: ImageDraw.ImageDraw, n: int) -> None:
    if n < 3:
        for x, y, r in ((-9, 3, 6), (0, -1, 9), (9, 3, 6.5)):
            _oval(draw, x, y, r, r, (104, 112, 136))
        _polygon(draw, [(-9, 3), (9, 3), (9, 9.3), (-9, 9)], (104, 112, 136))
        return
    _polygon(draw, [(3.5, -10), (-4.2, 2), (3.8, 5)], (40, 130, 255))
    _oval(draw, -0.6, 3.6, 4.4, 4.4, (40, 130, 255))
    _oval(draw, -1.8, 3.6, 1.5, 1.9, (200, 232, 255))


def _bubble(draw: ImageDraw.ImageDraw, n: int) -> None:
    r = (10.0, 7.0, 8.5)[n % 3]
    _oval(draw, 0, 0, r, r, (255, 140, 230))
    _oval(draw, 0.7, 0.7, r - 1.5, r - 1.5, (90, 226, 255))
    _oval(draw, 0.4, 0.4, r - 3.0, r - 3.0, (196, 244, 255))
    _oval(draw, -0.36 * r, -0.38 * r, 0.27 * r, 0.27 * r, WHITE)


def _heart(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = (RED, PINK)[n % 2]
    t = np.linspace(0, 2 * np.pi, 60)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    scale = (0.60, 0.50)[n % 2]
    _polygon(draw, [(float(a * scale), float(b * scale)) for a, b in zip(x, y, strict=True)], color)
    _oval(draw, -5 * scale * 1.2, -5 * scale * 1.2, 1.7, 1.7, (255, 200, 214))


def _star(draw: ImageDraw.ImageDraw, n: int) -> None:
    long = (11.0, 8.5)[n % 2]
    points = [_round(45 * k, long if k % 2 == 0 else 0.32 * long) for k in range(8)]
    _polygon(draw, points, YELLOW)
    _oval(draw, 0, 0, 0.27 * long, 0.27 * long, (255, 252, 216))


def _note(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = ((20, 16, 40), (72, 16, 150))[n % 2]
    if n % 3 == 1:
        for x in (-5.5, 5.0):
            _oval(draw, x - 1.5, 6.5, 3.8, 3.0, color)
            _line(draw, [(x + 1.3, 6), (x + 1.3, -7)], 2.0, color)
        _polygon(draw, [(-5.2, -9.5), (7.3, -9.5), (7.3, -5), (-5.2, -5)], color)
        return
    _oval(draw, -2.5, 6.5, 4.4, 3.5, color)
    _line(draw, [(1, 6), (1, -9)], 2.2, color)
    _line(draw, [(1, -8.5), (6, -4.5), (6.5, 0)], 2.8, color)


def _butterfly(draw: ImageDraw.ImageDraw, n: int) -> None:
    outer, inner = ((ORANGE, YELLOW), (BLUE, CYAN), (PINK, (255, 206, 230)))[n % 3]
    for side in (-1, 1):
        wing = [(0, -1), (3, -7), (8.5, -9.5), (10.8, -6), (9, -0.5), (0, 1.5)]
        _polygon(draw, [(side * x, y) for x, y in wing], outer)
        _oval(draw, side * 4.8, 4.4, 4.4, 4.6, outer)
        _oval(draw, side * 6.6, -4.8, 2.4, 2.4, inner)
        _oval(draw, side * 4.8, 4.8, 1.9, 1.9, inner)
        _line(draw, [(0, -6), (side * 3, -11)], 0.9, INK)
    _oval(draw, 0, 0.5, 1.6, 7.5, INK)


def _flower(draw: ImageDraw.ImageDraw, n: int) -> None:
    petal, heart = ((PINK, YELLOW), (WHITE, ORANGE), (VIOLET, YELLOW))[n % 3]
    for degrees in (35, 145):
        x, y = _round(degrees, 8.5)
        _oval(draw, x, y, 3.6, 2.6, (30, 150, 50))
    for k in range(5):
        x, y = _round(72 * k - 90, 5.4)
        _oval(draw, x, y, 4.2, 4.2, petal)
    _oval(draw, 0, 0, 3.4, 3.4, heart)


def _scrap(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = BRIGHT[n % len(BRIGHT)]
    if n % 4 == 3:
        _oval(draw, 0, 0, 3.8, 3.8, color)
    else:
        _polygon(draw, [(-5, -2.7), (5, -2.7), (5, 2.7), (-5, 2.7)], color)


def _leaf(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = (ORANGE, (214, 52, 16), (240, 180, 20))[n % 3]
    half = [(0, -11), (3.5, -7.5), (5.9, -2.5), (5.4, 2.5), (3, 6), (0, 7.5)]
    _polygon(draw, half + [(-x, y) for x, y in reversed(half)], color)
    _line(draw, [(0, -8), (0, 11)], 1.5, (112, 44, 8))
    for y in (-2.5, 2.5):
        _line(draw, [(-3.2, y - 2.6), (0, y), (3.2, y - 2.6)], 1.0, (112, 44, 8))


def _firefly(draw: ImageDraw.ImageDraw, n: int) -> None:
    for r, color in (
        (10.0, (36, 72, 20)),
        (8.0, (84, 140, 14)),
        (5.8, (200, 240, 28)),
        (3.4, (255, 255, 190)),
    ):
        _oval(draw, 0, 0, r, r, color)


def _flag(draw: ImageDraw.ImageDraw, n: int) -> None:
    _polygon(draw, [(-8.6, -9), (8.6, -9), (0, 11)], BRIGHT[n % 6])
    _line(draw, [(-10, -9), (10, -9)], 2.0, INK)


def _bolt(draw: ImageDraw.ImageDraw, n: int) -> None:
    bolt = [(2.5, -12), (-6.5, 1.5), (-0.8, 1.5), (-4, 12), (6.5, -3), (0.8, -3), (6, -12)]
    _polygon(draw, bolt, YELLOW)


def _burst(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = ((255, 60, 70), YELLOW, (60, 230, 255), (255, 90, 220), (90, 255, 100))[n % 5]
    for k in range(8):
        _line(draw, [_round(45 * k, 4.0), _round(45 * k, 8.0)], 2.0, color)
        x, y = _round(45 * k, 11.2)
        _oval(draw, x, y, 1.7, 1.7, color)
    _oval(draw, 0, 0, 2.2, 2.2, WHITE)


def _block(draw: ImageDraw.ImageDraw, n: int) -> None:
    front, top, side = (
        (RED, (255, 130, 130), (150, 8, 24)),
        (BLUE, (130, 184, 255), (8, 48, 160)),
        ((250, 200, 20), (255, 240, 150), (186, 126, 0)),
        (GREEN, (140, 240, 150), (4, 110, 36)),
    )[n % 4]
    _polygon(draw, [(-9, -5), (5, -5), (5, 9), (-9, 9)], front)
    _polygon(draw, [(-9, -5), (-5, -9.5), (9, -9.5), (5, -5)], top)
    _polygon(draw, [(5, -5), (9, -9.5), (9, 4.5), (5, 9)], side)
    if n % 2:
        _oval(draw, -2, 2, 3.6, 3.6, WHITE)
    else:
        _polygon(draw, [(-2, -2.5), (2.4, 5.6), (-6.4, 5.6)], WHITE)


def _ribbon(draw: ImageDraw.ImageDraw, n: int) -> None:
    color = (*[RED] * 4, *[BLUE] * 4, YELLOW, VIOLET)[n % 10]
    y = np.linspace(-20, 20, 50)
    x = 4.6 * np.sin(y * 2 * np.pi / 20)
    _line(draw, [(float(a), float(b)) for a, b in zip(x, y, strict=True)], 5.4, color)


def _ring(layout: int, count: int, radius: float) -> tuple[Spot, ...]:
    """Places spread evenly outside of a rounded square around the middle."""
    rng = np.random.default_rng((layout, count))
    spots: list[Spot] = []
    while len(spots) < count:
        tries = rng.uniform(9, _SIDE - 9, size=(60, 2))
        far = (np.abs(tries - _SIDE / 2) ** 3).sum(axis=1) ** (1 / 3)
        tries = tries[far > radius]
        if not len(tries):
            continue
        if spots:
            gap = np.hypot(*(tries[:, None] - np.array(spots)[None]).transpose(2, 0, 1)).min(axis=1)
            tries = tries[[int(np.argmax(gap))]]
        spots.append((float(tries[0, 0]), float(tries[0, 1])))
    return tuple(spots)


def _rain_spots(layout: int) -> tuple[Spot, ...]:
    shift = (-5, 0, 5, 9)[layout]
    clouds = ((22.0 + shift, 11.0), (62.0 + shift, 8.0), (104.0 + shift / 2, 12.0))
    drops = [spot for spot in _ring(layout, 18, 43) if spot[1] > 25]
    return (*clouds, *drops)


def _flag_spots(layout: int) -> tuple[Spot, ...]:
    start, sag = (5, 11, 7, 13)[layout], (8, 6, 4, 7)[layout]
    across = [start + 19.7 * k for k in range(-1, 7)]
    return tuple((x, 10.5 + sag * (1 - ((x - 64) / 64) ** 2)) for x in across if -6 < x < 134)


def _block_spots(layout: int) -> tuple[Spot, ...]:
    left, right = (11, 13, 10, 14)[layout], (117, 114, 116, 115)[layout]
    ground = [(left, 116), (right, 116), (left + 21, 117), (right - 21, 117)]
    stacked = [(left + 3, 98), (right - 3, 98), (left, 80), (right, 80)]
    more = [[(53, 118)], [(75, 118)], [(64, 118)], [(53, 118), (75, 118)]][layout]
    return tuple([*ground, *more, *(stacked if layout % 2 else stacked[:3])])


def _ribbon_spots(layout: int) -> tuple[Spot, ...]:
    shift = (0, 3, -1, 2)[layout]
    return tuple(
        (x + shift, y) for x in (9, 118, 26, 101) for y in (18, 58, 98, 138) if y < 30 or x in (9, 118)
    )


def _drawn(kind: Kind, n: int, degrees: float, px: int) -> Picture:
    """Float32[n, n, 4], premultiplied alpha: the rotated thing with its outline."""
    image = Image.new("RGBA", (_ROOM * _FINE, _ROOM * _FINE))
    kind.shape(ImageDraw.Draw(image), n)
    drawing = np.asarray(image.rotate(degrees, Image.Resampling.NEAREST), np.float32) / 255
    inside = drawing[..., 3] > 0.5
    near = ndimage.distance_transform_edt(~inside) <= kind.width * _FINE
    color = np.where(inside[..., None], drawing[..., :3], np.array(kind.outline, np.float32) / 255)
    whole = np.concatenate([color * near[..., None], near[..., None]], axis=-1).astype(np.float32)
    size = max(1, round(_ROOM * px / _SIDE))
    return np.stack(
        [
            np.asarray(Image.fromarray(whole[..., c]).resize((size, size), Image.Resampling.BOX))
            for c in range(4)
        ],
        axis=-1,
    )


@cache
def _layout(token: str, layout: int, px: int) -> tuple[Thing, ...]:
    """The things of a token in one layout."""
    kind = KINDS[token]
    rng = np.random.default_rng(layout)
    spots = kind.spots(layout) if kind.spots else _ring(layout, kind.count, kind.ring)
    things = []
    for n, (x, y) in enumerate(spots):
        image = _drawn(kind, n, rng.uniform(-kind.turn, kind.turn), px)
        top, left = (round(v * px / _SIDE - len(image) / 2) for v in (y, x))
        outward = max(abs(x - _SIDE / 2), abs(y - _SIDE / 2)) / (_SIDE / 2)
        things.append(Thing(image, top, left, outward))
    return tuple(things)


def _scattered(token: str, picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """The picture with the things of a token, in a random layout."""
    px = len(picture)
    kind = KINDS[token]
    things = _layout(token, int(rng.integers(LAYOUTS)), px)
    pad = max(len(thing.image) for thing in things)
    wide = np.pad(mask, pad)
    moves = rng.integers(-JITTER, JITTER + 1, size=(len(things), 2)) * px // _SIDE
    boxes = []
    for thing, (down, right) in zip(things, moves, strict=True):
        top, left = thing.top + int(down) + pad, thing.left + int(right) + pad
        boxes.append((slice(top, top + len(thing.image)), slice(left, left + len(thing.image))))
    hidden = [
        float((thing.image[..., 3] * wide[box]).sum() / thing.image[..., 3].sum())
        for thing, box in zip(things, boxes, strict=True)
    ]
    ranks = np.argsort(np.argsort([h - t.outward for h, t in zip(hidden, things, strict=True)]))
    few = len(things) // 2
    canvas = np.pad(picture, ((pad, pad), (pad, pad), (0, 0)))
    canvas *= 1 - (1 - wide[..., None]) * (1 - np.array(kind.dusk, np.float32))
    for thing, box, over, rank in zip(things, boxes, hidden, ranks, strict=True):
        in_front = over < 0.4 or (rank < few and thing.outward > 0.65)
        image = thing.image if in_front else thing.image * (1 - wide[box])[..., None]
        canvas[box] = canvas[box] * (1 - image[..., 3:]) + image[..., :3]
    return canvas[pad : pad + px, pad : pad + px].astype(np.float32)


def nothing(picture: Picture, mask: Picture, rng: np.random.Generator) -> Picture:
    """No detail."""
    return picture


KINDS: dict[str, Kind] = {
    "falling snow": Kind(_flake, (40, 90, 170), 20, turn=30, ring=44, width=1.0),
    "rain": Kind(_drop, (12, 30, 90), 0, turn=6, spots=_rain_spots, dusk=(0.74, 0.80, 0.90)),
    "soap bubbles": Kind(_bubble, (20, 60, 150), 12, turn=0, width=1.0),
    "floating hearts": Kind(_heart, (120, 0, 30), 12, turn=20, width=1.0),
    "twinkling stars": Kind(_star, (40, 24, 90), 14, turn=8, ring=46),
    "music notes": Kind(_note, WHITE, 11, turn=14, width=2.2),
    "butterflies": Kind(_butterfly, INK, 9, turn=35, ring=48, width=1.1),
    "flowers around": Kind(_flower, (96, 8, 72), 14, turn=30, ring=48, width=1.0),
    "confetti": Kind(_scrap, INK, 38, turn=90, ring=43, width=0.8),
    "falling leaves": Kind(_leaf, (84, 28, 4), 12, turn=110, width=1.0),
    "fireflies": Kind(_firefly, (8, 44, 20), 13, turn=0, ring=45, dusk=(0.36, 0.46, 0.40)),
    "bunting flags": Kind(_flag, INK, 0, turn=3, width=0.9, spots=_flag_spots),
    "lightning bolts": Kind(_bolt, (40, 24, 90), 9, turn=14, width=1.6),
    "fireworks": Kind(_burst, (16, 12, 64), 9, turn=22, ring=48, width=1.6, dusk=(0.34, 0.34, 0.56)),
    "toy blocks": Kind(_block, INK, 0, turn=4, width=1.1, spots=_block_spots),
    "ribbons": Kind(_ribbon, INK, 0, turn=0, width=1.1, spots=_ribbon_spots),
}

DETAILS: dict[str, Detail] = {"": nothing, **{token: partial(_scattered, token) for token in KINDS}}
