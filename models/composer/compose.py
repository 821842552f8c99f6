"""One training picture from a subject and eight tokens.

The order makes captions exact: the subject stands before the background, light falls on both, small things
are put round it, the medium treats all of that, the palette and the mood grade it, and the texture lies on
top. A blank token leaves its step out.
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
"""Tokens of each slot, blank first; the vocabulary's files must say the same."""


KEPT = {"light": 0.25, "mood": 0.40, "texture": 0.40}
"""Share of its looks that the subject keeps under a token of these slots: they colour and cover the whole
picture strongly enough to be seen anywhere, and a subject that drowns in them is not recognised by anyone."""

OVERLAID = 0.75
"""Share that a texture over the picture has of it: at 1 a medium's marks were lost below some."""


@dataclass(frozen=True)
class Scene:
    """What a picture shows: the subject's row in the drawings, and one token a slot."""

    subject: int
    tokens: tuple[str, ...]


def compose(scene: Scene, drawings: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture of a scene, UInt8[px, px, 3].

    Args:
        scene: subject and tokens.
        drawings: UInt8[subjects, px, px, 4].
        rng: backgrounds and layouts.
    """
    medium, palette, background, light, composition, detail, mood, texture = scene.tokens
    drawing = drawings[scene.subject].astype(np.float32) / 255
    px = drawing.shape[0]
    picture = PAINTERS[background](rng, px)
    picture = 0.8 * picture + 0.2 * picture.mean(axis=(0, 1))  # calmer than the subject
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
        picture = _lighter(picture, LIGHTS[light](picture, mask, rng), mask, KEPT["light"])
    picture = DETAILS[detail](_clipped(picture), mask, rng)
    picture = BRUSHES[medium](_clipped(picture), mask, rng)
    picture = PALETTES[palette](_clipped(picture))
    graded = _clipped(picture)
    picture = _lighter(graded, MOODS[mood](graded, mask, rng), mask, KEPT["mood"])
    graded = _clipped(picture)
    surface = SURFACES[texture](graded, rng)
    if texture not in FRAMES:
        surface = OVERLAID * surface + (1 - OVERLAID) * graded
        surface = _lighter(graded, surface, mask, KEPT["texture"])
    picture = surface
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def _lighter(
    before: NDArray[np.floating], after: NDArray[np.floating], mask: NDArray[np.floating], kept: float
) -> NDArray[np.floating]:
    """`after`, but the subject keeps a share of what it was."""
    share = kept * mask[..., None]
    return share * before + (1 - share) * after


def _clipped(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.clip(picture, 0, 1).astype(np.float32)


def caption(subject: str, tokens: tuple[str, ...]) -> str:
    """The prompt that names a scene: subject, then its tokens, blanks left out."""
    return ", ".join([subject, *(token for token in tokens if token)])
