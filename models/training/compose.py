"""One training picture from a subject and five tokens: background, subject, light, medium, palette, finish.

The order makes captions exact: the medium treats light and background too, the palette grades everything,
and the surface lies on top. A blank token leaves its step out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from models.training.backgrounds import PAINTERS, Picture
from models.training.finishes import CENTERED, PLACES, SURFACES, Place, clean
from models.training.light import LIGHTS, PALETTES
from models.training.media import BRUSHES, SET_OF, prepare_drawing, resized

SLOTS: dict[str, tuple[str, ...]] = {
    "medium": tuple(BRUSHES),
    "palette": tuple(PALETTES),
    "background": tuple(PAINTERS),
    "light": tuple(LIGHTS),
    "finish": ("", *PLACES, *SURFACES),
}
"""Tokens of each slot, blank first; the vocabulary's files must say the same."""


@dataclass(frozen=True)
class Scene:
    """What a picture shows: the subject's row in the drawings, and one token a slot."""

    subject: int
    tokens: tuple[str, ...]


def _placed(drawing: Picture, place: Place, px: int, rng: np.random.Generator) -> Picture:
    """Float32[px, px, 4]: the drawing at its place, with a small jitter."""
    share, row, column, degrees = place
    size = max(8, int(px * share * rng.uniform(0.97, 1.03)))
    small = resized(drawing, size)
    if degrees:
        premultiplied = small.copy()
        premultiplied[..., :3] *= small[..., 3:]
        angle = degrees + rng.uniform(-4, 4)
        channels = [
            np.asarray(Image.fromarray(premultiplied[..., c]).rotate(angle, Image.Resampling.BILINEAR))
            for c in range(4)
        ]
        small = np.stack(channels, axis=-1)
        small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    layer = np.zeros((3 * px, 3 * px, 4), np.float32)
    top = int(px + px * (row + rng.uniform(-0.015, 0.015)) - size / 2)
    left = int(px + px * (column + rng.uniform(-0.015, 0.015)) - size / 2)
    layer[top : top + size, left : left + size] = small
    return layer[px : 2 * px, px : 2 * px]


def compose(
    scene: Scene, drawings: NDArray[np.uint8], sets: tuple[str, ...], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture of a scene, UInt8[px, px, 3].

    Args:
        scene: subject and tokens.
        drawings: UInt8[subjects, sets, px, px, 4].
        sets: names of the icon sets, in the order of the second axis.
        rng: positions, jitter and noise.
    """
    medium, palette, background, light, finish = scene.tokens
    drawing = drawings[scene.subject, sets.index(SET_OF[medium])].astype(np.float32) / 255
    px = drawing.shape[0]
    picture = PAINTERS[background](rng, px)
    picture = 0.8 * picture + 0.2 * picture.mean(axis=(0, 1))  # calmer than the subject
    mask = np.zeros((px, px), np.float32)
    layers = []
    for place in PLACES.get(finish, CENTERED):
        layer = prepare_drawing(medium, _placed(drawing, place, px, rng))
        layers.append(layer)
        mask = np.maximum(mask, layer[..., 3])
    behind = light in ("glowing halo", "long shadow")
    if behind:
        picture = LIGHTS[light](picture, mask, rng)
    near = ndimage.gaussian_filter(mask, 3.0)[..., None]
    picture = picture * (1 - 0.3 * near)
    for layer in layers:
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3] * layer[..., 3:]
    if not behind:
        picture = LIGHTS[light](picture, mask, rng)
    picture = BRUSHES[medium](np.clip(picture, 0, 1).astype(np.float32), mask, rng)
    picture = PALETTES[palette](np.clip(picture, 0, 1).astype(np.float32))
    picture = SURFACES.get(finish, clean)(np.clip(picture, 0, 1).astype(np.float32), rng)
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def caption(subject: str, tokens: tuple[str, ...]) -> str:
    """The prompt that names a scene: subject, then its tokens, blanks left out."""
    return ", ".join([subject, *(token for token in tokens if token)])
