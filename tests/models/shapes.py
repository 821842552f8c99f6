"""Coloured shapes in the place of the drawings, which are fetched from a network."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from models.composer.drawings import LISTING, PACKAGE, VERSION, subject_drawings

SUBJECTS = [subject for subject, _ in subject_drawings(LISTING)]


def drawn_shapes(subjects: int, px: int) -> np.ndarray:
    """UInt8[subjects, px, px, 4]: a triangle of another colour and form for each subject."""
    rng = np.random.default_rng(0)
    out = np.zeros((subjects, px, px, 4), np.uint8)
    for subject in range(subjects):
        image = Image.new("RGBA", (px, px))
        draw = ImageDraw.Draw(image)
        color = (*(int(value) for value in rng.integers(40, 230, size=3)), 255)
        corners = [(px * 0.2, px * 0.2), (px * 0.8, px * 0.3), (px * (0.3 + 0.004 * subject), px * 0.8)]
        draw.polygon(corners, fill=color, outline=(0, 0, 0, 255))
        out[subject] = np.asarray(image)
    return out


def pack(folder: Path) -> None:
    """Write an icon set with one drawing, as npm does."""
    icons = {"icons": {"fox": {"body": '<circle cx="8" cy="8" r="8" fill="#f00"/>'}}}
    content = json.dumps(icons).encode()
    with tarfile.open(folder / f"iconify-json-{PACKAGE}-{VERSION}.tgz", "w:gz") as tar:
        member = tarfile.TarInfo("package/icons.json")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
