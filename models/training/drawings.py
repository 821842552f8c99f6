"""The drawings: three openly licensed icon sets of one family, fetched as packages, rasterised once.

The same subject exists in all three under one name and with the same outline, so that a model has to learn
each subject's shape once, and its colours and shading by medium. The sets are fetched with ``npm pack`` when
the training data is built; no drawing is kept in this repository.
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

SETS: dict[str, tuple[str, str, str]] = {
    "render": ("fluent-emoji", "1.2.7", "MIT, Microsoft Corporation"),
    "flat": ("fluent-emoji-flat", "1.2.6", "MIT, Microsoft Corporation"),
    "ink": ("fluent-emoji-high-contrast", "1.2.6", "MIT, Microsoft Corporation"),
}
"""Name used here -> (npm package below ``@iconify-json``, version, licence and holder)."""


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
    """Write every subject in every set to ``out`` (``pictures`` UInt8[N,3,px,px,4], ``subjects``)."""
    if out.exists():
        return out
    subjects = list(subject_drawings(listing))
    columns = []
    for package, version, _ in SETS.values():
        icons = fetch_icons(package, version, packages)
        columns.append(np.stack([rasterise(icons, name, picture_px) for _, name in subjects]))
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, pictures=np.stack(columns, axis=1), subjects=np.array([s for s, _ in subjects]))
    return out
