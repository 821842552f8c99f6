"""Openly licensed icon sets, fetched as packages, and their drawings as pictures.

A set is fetched with ``npm pack`` when the data is composed; no drawing is kept in the repository.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.errors import ModelError


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
