"""Which models there are: the catalogue, or a folder of one's own in the same layout."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from models.errors import ModelError

HERE = Path(__file__).parent
DIFFUSION, CLIP = "stable-diffusion", "clip"
_OWN_DEFAULTS: dict[str, Any] = {"steps": 12, "guidance": 3.0, "picture_px": 0}
_NEEDED = (f"{DIFFUSION}/model_index.json", f"{CLIP}/open_clip_config.json")


@dataclass(frozen=True)
class Model:
    """One pair of Stable Diffusion and CLIP, and how to run it.

    Attributes:
        name: how it is asked for.
        folder: holds stable-diffusion/ and clip/.
        title: for people.
        licence: SPDX name.
        steps: denoising steps.
        guidance: classifier-free guidance scale.
        picture_px: side of the square pictures, in pixels.
    """

    name: str
    folder: Path
    title: str
    licence: str
    steps: int
    guidance: float
    picture_px: int

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits that change when a file of either network does."""
        digest = hashlib.sha256()
        for file in sorted(self.folder.rglob("*")):
            part = file.relative_to(self.folder).parts[0]
            if part in (DIFFUSION, CLIP) and file.suffix in (".safetensors", ".json", ".txt"):
                digest.update(file.relative_to(self.folder).as_posix().encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:12]


def available() -> tuple[str, ...]:
    """Names in the catalogue."""
    return tuple(_catalog())


def find_model(name: str) -> Model:
    """The model of that name, or in that folder.

    Raises:
        ModelError: no such name or folder, or files are missing there.
    """
    entries = _catalog()
    if name in entries:
        entry: dict[str, Any] = entries[name]
        folder = HERE / str(entry["folder"])
    else:
        folder = _own_folder(name, tuple(entries))
        entry = {"title": folder.name, "licence": "unknown", **_OWN_DEFAULTS, **_own_settings(folder)}
    for needed in _NEEDED:
        if not (folder / needed).is_file():
            raise ModelError(
                f"Expected the file {needed} in the model's folder {folder}, found none. "
                "Restore the folder, or make it again with: python -m models.training all"
            )
    return Model(
        name=name if name in entries else folder.name,
        folder=folder,
        title=str(entry["title"]),
        licence=str(entry["licence"]),
        steps=int(entry["steps"]),
        guidance=float(entry["guidance"]),
        picture_px=int(entry["picture_px"]),
    )


def _own_folder(name: str, known: tuple[str, ...]) -> Path:
    """The folder of that name, which is in no catalogue."""
    try:
        folder = Path(name).expanduser()
        if name and folder.is_dir():
            return folder
    except (OSError, RuntimeError, ValueError):  # too long, a home that nobody has, a null byte
        pass
    raise ModelError(
        f"Expected a model out of {', '.join(known)}, or a folder with {' and '.join(_NEEDED)}; "
        f"found '{name[:200]}', which is neither. Correct --model."
    )


def _own_settings(folder: Path) -> dict[str, Any]:
    """Steps, guidance and size that a folder states in its palate.toml, if it has one."""
    file = folder / "palate.toml"
    if not file.is_file():
        return {}
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
        kinds = {"steps": int, "guidance": float, "picture_px": int, "title": str, "licence": str}
        return {name: kind(stated[name]) for name, kind in kinds.items() if name in stated}
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"Expected steps, guidance and picture_px as numbers in {file}, found: {error}. Correct the file."
        ) from error


def _catalog() -> dict[str, dict[str, Any]]:
    return tomllib.loads((HERE / "catalog.toml").read_text(encoding="utf-8"))
