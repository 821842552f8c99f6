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

from models.composer.backgrounds import GROUNDED, PAINTERS, studio
from models.composer.details import DETAILS
from models.composer.easel import Picture, laid
from models.composer.figures import Figure, Wardrobe, grounded, modelled
from models.composer.light import LIGHTS, PALETTES
from models.composer.media import BRUSHES, prepare_drawing
from models.composer.moods import MOODS
from models.composer.placement import PLACES, Place, placed
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


OF_THINGS = ("3d render", "paper cutout", "sticker", "embroidery")
"""Media that need things to work on. The others paint a landscape that fills the picture as one subject."""

AIR = 0.10
"""Share of the background's hue in the colours of the subject, which makes both one picture."""


@dataclass(frozen=True)
class Scene:
    """The content of a picture.

    Attributes:
        subject: row of the drawings.
        tokens: one for each slot; '' for the blank token.
    """

    subject: int
    tokens: tuple[str, ...]


def compose(
    scene: Scene, drawings: NDArray[np.uint8] | Wardrobe, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Paint a scene, UInt8[px, px, 3].

    Args:
        scene: subject and tokens.
        drawings: UInt8[subjects, px, px, 4], straight alpha; or a wardrobe, which chooses a figure.
        rng: of figures, backgrounds and layouts.
    """
    medium, palette, background, light, composition, detail, mood, texture = scene.tokens
    if isinstance(drawings, Wardrobe):
        figure = drawings.figure(scene.subject, rng)
    else:
        figure = Figure(drawings[scene.subject].astype(np.float32) / 255)
    px = len(figure.layer)
    behind = light in ("glowing halo", "long shadow")
    fills = figure.backdrop is not None and not background and not composition
    if figure.backdrop is not None and fills:
        picture, mask = _filled(figure, figure.backdrop, medium, texture)
        if behind:
            picture = LIGHTS[light](picture, mask, rng)
    else:
        drawing = figure.card() if figure.backdrop is not None else modelled(figure.layer)
        places = [
            place.within(*WINDOWS[texture]) if texture in WINDOWS else place for place in PLACES[composition]
        ]
        layers = [prepare_drawing(medium, placed(drawing, place, px)) for place in places]
        mask = np.max([layer[..., 3] for layer in layers], axis=0)
        picture = _behind(background, drawing, rng)
        picture = _shadowed(picture, layers, places, background in GROUNDED)
        if behind:
            picture = LIGHTS[light](picture, mask, rng)
        air = picture.mean(axis=(0, 1)) / max(0.2, float(picture.mean()))
        for layer in layers:
            color = layer[..., :3] * (1 - AIR + AIR * air)
            picture = laid(picture, layer[..., 3], color)
    if not behind:
        picture = _keep_subject(picture, LIGHTS[light](picture, mask, rng), mask, SUBJECT_OPACITY["light"])
    picture = DETAILS[detail](_clipped(picture), mask, rng)
    painted = np.ones_like(mask) if fills and medium not in OF_THINGS else mask
    picture = BRUSHES[medium](_clipped(picture), painted, rng)
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


def _filled(
    figure: Figure, backdrop: Picture, medium: str, texture: str
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """A figure's own landscape, which fills the picture or the opening of its frame; and the mask."""
    whole = Place(1.0, 0.5, 0.5)
    place = whole.within(*WINDOWS[texture]) if texture in WINDOWS else whole
    px = len(backdrop)
    land = placed(np.concatenate([backdrop, np.ones((px, px, 1), np.float32)], axis=-1), place, px)
    layer = prepare_drawing(medium, placed(figure.layer, place, px))
    return laid(land[..., :3], layer[..., 3], layer[..., :3]), layer[..., 3]


def _behind(background: str, drawing: Picture, rng: np.random.Generator) -> NDArray[np.floating]:
    """The background, with less contrast than the subject."""
    px = len(drawing)
    if not background:
        weight = drawing[..., 3:]
        mean = (drawing[..., :3] * weight).sum(axis=(0, 1)) / max(1.0, float(weight.sum()))
        return studio(rng, px, mean)
    picture = PAINTERS[background](rng, px)
    return 0.85 * picture + 0.15 * picture.mean(axis=(0, 1))


def _shadowed(
    picture: NDArray[np.floating], layers: list[Picture], places: list[Place], ground: bool
) -> NDArray[np.floating]:
    """The picture with the shadows that the layers throw: soft behind them, and an oval on a ground."""
    px = len(picture)
    for layer, place in zip(layers, places, strict=True):
        if place.reflection:
            continue
        if ground and not place.degrees:
            picture = grounded(picture, layer[..., 3], 0.40)
    mask = np.max([layer[..., 3] for layer in layers], axis=0)
    moved = ndimage.shift(mask, (px / 52, px / 80), order=0)
    soft = ndimage.gaussian_filter(moved, px / 36)
    return picture * (1 - (0.30 if ground else 0.46) * soft[..., None])


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
