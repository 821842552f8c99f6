"""The drawings: one openly licensed icon set, fetched as a package, rasterised once.

Every medium is painted over the same drawing, so that a model has to learn each subject once: ink and 3-D
drawings of their own, which four media began from before, were seen seldom, and these media drawn badly. The
set is fetched with ``npm pack`` when the training data is built; no drawing is kept here.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PACKAGE, VERSION = "fluent-emoji-flat", "1.2.6"
"""The npm package below ``@iconify-json``; MIT licence, Microsoft Corporation."""


def subject_drawings(listing: Path) -> Iterator[tuple[str, str]]:
    """Yield (subject phrase, drawing name) from lines such as ``a fox | fox``."""
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            phrase, bar, name = line.partition("|")
            if not bar:
                raise ValueError(f"{listing.name} line {number}: expected 'a fox | fox', found {line!r}")
            yield phrase.strip(), name.strip()


def fetch_icons(package: str, version: str, folder: Path) -> dict[str, object]:
    """Return the icon set of an ``@iconify-json`` package, fetched once into ``folder``.

    Raises:
        RuntimeError: the package could not be fetched (no network, no npm).
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"iconify-json-{package}-{version}.tgz"
    if not archive.exists():
        command = ["npm", "pack", "--silent", f"@iconify-json/{package}@{version}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not archive.exists():
            raise RuntimeError(
                f"Expected the package @iconify-json/{package}@{version}, found: {done.stderr[-300:]!r}. "
                "Training data needs npm and its registry once; the app itself needs neither."
            )
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/icons.json")
        assert member is not None
        icons: dict[str, object] = json.load(member)
    return icons


def rasterise(icons: dict[str, object], name: str, picture_px: int) -> NDArray[np.uint8]:
    """Return one drawing as UInt8[picture_px, picture_px, 4], straight alpha."""
    import resvg_py

    entries = icons["icons"]
    assert isinstance(entries, dict)
    icon = entries[name]
    width = icon.get("width", icons.get("width", 16))
    height = icon.get("height", icons.get("height", 16))
    left, top = icon.get("left", 0), icon.get("top", 0)
    body = icon["body"].replace("currentColor", "#000")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="{picture_px}" height="{picture_px}">{body}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def build_drawings(listing: Path, packages: Path, out: Path, picture_px: int = 128) -> Path:
    """Write every subject to ``out`` (``pictures`` UInt8[N, px, px, 4], ``subjects``).

    A file of these subjects in this form is kept; one of an earlier form is made anew.
    """
    subjects = list(subject_drawings(listing))
    shape = (len(subjects), picture_px, picture_px, 4)
    if out.exists():
        with np.load(out) as stored:
            same = stored["subjects"].tolist() == [phrase for phrase, _ in subjects]
            if same and stored["pictures"].shape == shape:
                return out
    icons = fetch_icons(PACKAGE, VERSION, packages)
    pictures = np.stack([rasterise(icons, name, picture_px) for _, name in subjects])
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, pictures=pictures, subjects=np.array([s for s, _ in subjects]))
    return out
