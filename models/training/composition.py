"""Where the subject stands: one or more copies of it for each composition token.

`PLACES` gives the (size, centre row, centre column, degrees, mirrored) of each copy in shares of the picture;
`placed` draws one copy there.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from models.training.backgrounds import Picture
from models.training.media import resized

Place = tuple[float, float, float, float, bool]

PLACES: dict[str, tuple[Place, ...]] = {
    "": ((0.84, 0.51, 0.50, 0, False),),
    "close-up": ((1.28, 0.50, 0.50, 0, False),),
    "tiny and far away": ((0.38, 0.62, 0.50, 0, False),),
    "two of them": ((0.56, 0.30, 0.29, 0, False), (0.56, 0.70, 0.71, 0, False)),
    "three in a row": tuple((0.40, 0.50, column, 0, False) for column in (0.18, 0.50, 0.82)),
    "tilted": ((0.84, 0.50, 0.50, 38, False),),
    "upside down": ((0.84, 0.50, 0.50, 180, False),),
    "at the left edge": ((0.66, 0.52, 0.29, 0, False),),
    "at the right edge": ((0.66, 0.52, 0.71, 0, False),),
    "high up": ((0.60, 0.27, 0.50, 0, False),),
    "peeking from below": ((1.00, 0.80, 0.50, 0, False),),
    "many small copies": tuple(
        (0.40, row, column, 0, False) for row in (0.27, 0.74) for column in (0.18, 0.50, 0.82)
    ),
    "big and small": ((0.74, 0.40, 0.37, 0, False), (0.40, 0.79, 0.80, 0, False)),
    "side by side mirrored": ((0.54, 0.52, 0.25, 0, False), (0.54, 0.52, 0.75, 0, True)),
}
"""Copies for each token, in the order they are drawn; the blank token is one centered subject."""


def _rotated(drawing: Picture, degrees: float) -> Picture:
    """The drawing turned counterclockwise about its middle, alpha-weighted."""
    layers = drawing.astype(np.float32)
    layers[..., :3] *= drawing[..., 3:]
    channels = [Image.fromarray(layers[..., c]).rotate(degrees, Image.Resampling.BILINEAR) for c in range(4)]
    turned = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    turned[..., :3] /= np.maximum(turned[..., 3:], 1e-3)
    return np.clip(turned, 0, 1)


def placed(drawing: Picture, place: Place, px: int, rng: np.random.Generator) -> Picture:
    """Float32[px, px, 4], straight alpha: one copy of the drawing at its place, with a small jitter.

    Args:
        drawing: Float32[n, n, 4], straight alpha.
        place: where the copy goes.
        px: side of the picture.
        rng: jitter of size, position and, for turned copies, angle.
    """
    share, row, column, degrees, mirrored = place
    size = max(8, int(px * share * rng.uniform(0.97, 1.03)))
    small = resized(drawing, size)
    if mirrored:
        small = small[:, ::-1]
    if degrees:
        small = _rotated(small, degrees + rng.uniform(-4, 4))
    layer = np.zeros((3 * px, 3 * px, 4), np.float32)
    top = int(px + px * (row + rng.uniform(-0.015, 0.015)) - size / 2)
    left = int(px + px * (column + rng.uniform(-0.015, 0.015)) - size / 2)
    layer[top : top + size, left : left + size] = small
    return layer[px : 2 * px, px : 2 * px]
