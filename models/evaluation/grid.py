"""A sheet of pictures in rows, each above its label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont


def labelled(
    pictures: NDArray[np.uint8],
    labels: Sequence[str],
    columns: int,
    *,
    shown_px: int,
    label_px: int,
    font_px: int,
    gap_px: int = 0,
) -> Image.Image:
    """A sheet of pictures, each with a label of one or more lines below it.

    Args:
        pictures: UInt8[N, px, px, 3].
        labels: N texts.
        columns: pictures in a row.
        shown_px: side of a picture on the sheet, in pixels.
        label_px: height of a label, in pixels.
        font_px: height of the font, in pixels.
        gap_px: space right of each picture, in pixels.

    Raises:
        ValueError: there are not as many labels as pictures.
    """
    wide, tall = shown_px + gap_px, shown_px + label_px
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * wide, rows * tall), "white")
    pen, font = ImageDraw.Draw(out), ImageFont.load_default(font_px)
    for n, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = n % columns * wide, n // columns * tall
        shown = Image.fromarray(picture)
        if shown.width != shown_px:
            shown = shown.resize((shown_px, shown_px), Image.Resampling.LANCZOS)
        out.paste(shown, (left, top))
        pen.multiline_text((left + 2, top + shown_px + 1), label, fill="black", font=font, spacing=1)
    return out
