"""Coloured shapes in the place of the drawings, which are fetched from a network."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from models.composer.dataset import subject_phrases
from models.composer.library import SETS, drawing_names, made_from
from models.composer.recipes import LISTING, read_subjects

SUBJECTS = list(subject_phrases())
SHAPES = 40


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


def write_library(build: Path, config: Mapping[str, Any]) -> None:
    """A library of shapes that counts as that of the config's [data]: two shapes for every drawing."""
    px = int(config["picture_px"])
    names = drawing_names(read_subjects(LISTING))
    np.save(build / "library.npy", drawn_shapes(SHAPES, px))
    rows = {name: [number % SHAPES, (7 * number + 1) % SHAPES] for number, name in enumerate(names)}
    notes = {"made": made_from(names, px, config.get("sets", ())), "rows": rows}
    (build / "library.json").write_text(json.dumps(notes), encoding="utf-8")


def pack(folder: Path) -> None:
    """Write icon sets that have every drawing, each the same disc, as npm does."""
    disc = {"body": '<circle cx="8" cy="8" r="8" fill="#f00"/>'}
    names = {name.rpartition(":")[2].rstrip("~") for name in drawing_names(read_subjects(LISTING))}
    content = json.dumps({"icons": dict.fromkeys(sorted(names), disc)}).encode()
    for name, version in SETS.items():
        with tarfile.open(folder / f"iconify-json-{name}-{version}.tgz", "w:gz") as tar:
            member = tarfile.TarInfo("package/icons.json")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
