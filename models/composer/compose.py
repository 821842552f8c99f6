"""One training picture from a subject and one token in each of eight slots.

The order of the steps keeps the caption true: the subject is placed before the background, light falls on
both, and details are added around the subject. The medium transforms the result, the palette and the mood
change its colours, and the texture is laid over it. A blank token skips its step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.composer.backgrounds import PAINTERS
from models.composer.details import DETAILS
from models.composer.light import LIGHTS, PALETTES
from models.composer.media import BRUSHES, prepare_drawing
from models.composer.moods import MOODS
from models.composer.placement import PLACES, placed
from models.composer.textures import FRAMES, SURFACES, WINDOWS

SLOTS: dict[str, tuple[str, ...]] = {
    "medium": tuple(BRUSHES),
    "palette": tuple(PALETTES),
    "background": tuple(PAINTERS),
    "light": tuple(LIGHTS),
    "composition": tuple(PLACES),
    "detail": tuple(DETAILS),
    "mood": tuple(MOODS),
    "texture": tuple(SURFACES),
}
"""Tokens of each slot, the blank token first. The files of assets/vocabulary/mini have the same tokens."""

SUBJECT_OPACITY = {"light": 0.25, "mood": 0.40, "texture": 0.40}
"""Share of the unchanged subject that is kept under a token of these slots.

These tokens colour or cover the whole picture, and remain visible around the subject. Without this share, the
subject would not be recognisable under some of them.
"""

TEXTURE_OPACITY = 0.75
"""Opacity of a texture that lies over the picture. At 1, some textures hid the marks of the medium."""


@dataclass(frozen=True)
class Scene:
    """The content of a picture.

    Attributes:
        subject: row of the drawings.
        tokens: one for each slot; '' for the blank token.
    """

    subject: int
    tokens: tuple[str, ...]


def compose(scene: Scene, drawings: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint a scene, UInt8[px, px, 3].

    Args:
        scene: subject and tokens.
        drawings: UInt8[subjects, px, px, 4], straight alpha.
        rng: of backgrounds and layouts.
    """
    medium, palette, background, light, composition, detail, mood, texture = scene.tokens
    drawing = drawings[scene.subject].astype(np.float32) / 255
    px = drawing.shape[0]
    picture = PAINTERS[background](rng, px)
    picture = 0.8 * picture + 0.2 * picture.mean(axis=(0, 1))  # less contrast than the subject
    mask = np.zeros((px, px), np.float32)
    layers = []
    for place in PLACES[composition]:
        if texture in WINDOWS:
            place = place.within(*WINDOWS[texture])
        layer = prepare_drawing(medium, placed(drawing, place, px))
        layers.append(layer)
        mask = np.maximum(mask, layer[..., 3])
    behind = light in ("glowing halo", "long shadow")
    if behind:
        picture = LIGHTS[light](picture, mask, rng)
    near = ndimage.gaussian_filter(mask, 3.5)[..., None]
    picture = picture * (1 - 0.48 * near)
    for layer in layers:
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3] * layer[..., 3:]
    if not behind:
        picture = _keep_subject(picture, LIGHTS[light](picture, mask, rng), mask, SUBJECT_OPACITY["light"])
    picture = DETAILS[detail](_clipped(picture), mask, rng)
    picture = BRUSHES[medium](_clipped(picture), mask, rng)
    picture = PALETTES[palette](_clipped(picture))
    graded = _clipped(picture)
    picture = _keep_subject(graded, MOODS[mood](graded, mask, rng), mask, SUBJECT_OPACITY["mood"])
    graded = _clipped(picture)
    surface = SURFACES[texture](graded, rng)
    if texture not in FRAMES:
        surface = TEXTURE_OPACITY * surface + (1 - TEXTURE_OPACITY) * graded
        surface = _keep_subject(graded, surface, mask, SUBJECT_OPACITY["texture"])
    picture = surface
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def _keep_subject(
    before: NDArray[np.floating], after: NDArray[np.floating], mask: NDArray[np.floating], opacity: float
) -> NDArray[np.floating]:
    """`after`, with the subject of `before` over it at this opacity."""
    share = opacity * mask[..., None]
    return share * before + (1 - share) * after


def _clipped(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.clip(picture, 0, 1).astype(np.float32)


def caption(subject: str, tokens: tuple[str, ...]) -> str:
    """The prompt of a scene: its subject and its tokens without the blank ones, separated by commas."""
    return ", ".join([subject, *(token for token in tokens if token)])
