"""The drawings of the subjects: one openly licensed icon set, fetched as a package and rasterised once.

All media are painted over the same drawing of a subject, so a model learns each subject only once. Earlier,
four media had ink or 3-D drawings of their own. The models saw those seldom and drew these media badly. The
set is fetched with ``npm pack`` when the data is composed; no drawing is kept in the repository.
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

from models.errors import ModelError

LISTING = Path(__file__).with_name("drawings.txt")
"""The subjects of the mini models, and the drawing of each."""

PACKAGE, VERSION = "fluent-emoji-flat", "1.2.6"
"""The npm package below ``@iconify-json``; MIT licence, Microsoft Corporation."""


def subject_drawings(listing: Path) -> Iterator[tuple[str, str]]:
    """Yield (subject phrase, drawing name) from lines such as ``a fox | fox``.

    Raises:
        ValueError: a line has another form.
    """
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            phrase, bar, name = line.partition("|")
            if not bar:
                raise ValueError(
                    f"{listing.name} line {number}: expected 'a fox | fox', found {line!r}. Correct it."
                )
            yield phrase.strip(), name.strip()


def fetch_icons(package: str, version: str, folder: Path) -> dict[str, object]:
    """The icon set of an ``@iconify-json`` package, fetched once into ``folder``.

    Raises:
        ModelError: npm is missing, or could not fetch the package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"iconify-json-{package}-{version}.tgz"
    if not archive.exists():
        name = f"@iconify-json/{package}@{version}"
        try:
            done = subprocess.run(
                ["npm", "pack", "--silent", name], cwd=folder, capture_output=True, text=True, check=False
            )
            reason = done.stderr.strip()[-300:] or f"npm ended with code {done.returncode}"
        except FileNotFoundError:
            reason = "npm is not installed"
        if not archive.exists():
            raise ModelError(
                f"Expected the drawings of {name}, found none: {reason}. Install npm, connect to a network, "
                f"and try again; or run this elsewhere and copy the file: npm pack {name} (into {folder})."
            )
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/icons.json")
        assert member is not None
        icons: dict[str, object] = json.load(member)
    return icons


def rasterise(icons: dict[str, object], name: str, picture_px: int) -> NDArray[np.uint8]:
    """One drawing as UInt8[picture_px, picture_px, 4], straight alpha.

    Raises:
        ModelError: the package resvg-py is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise ModelError(
            "Expected the package resvg-py, which rasterises the drawings, found that it is not installed. "
            "Install it with: pip install resvg-py"
        ) from error

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
    """Write every subject's drawing to ``out`` (``pictures`` UInt8[N, px, px, 4], ``subjects``).

    A file with the same subjects and sizes is kept; another file is replaced.

    Raises:
        ModelError: the drawings could not be fetched or rasterised.
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
