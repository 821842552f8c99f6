"""The catalogue of models: its entries, and `Model`, an entry whose files are on this machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from models.fingerprint import fingerprint_of

HERE = Path(__file__).parent
DIFFUSION, CLIP = "stable-diffusion", "clip"
INDEX, CLIP_INDEX = "model_index.json", "open_clip_config.json"


@dataclass(frozen=True)
class Adapter:
    """A LoRA: its folder and its file."""

    folder: Path
    file: str


@dataclass(frozen=True)
class Model:
    """A text-to-image pipeline with the CLIP for its pictures, and the settings to run them.

    Attributes:
        name: in the catalogue, or of the folder or repository.
        pipeline: folder in the format of diffusers.
        clip: folder in the format of open_clip.
        title: name for people.
        licence: SPDX name where there is one.
        steps: denoising steps.
        guidance: classifier-free guidance scale; 0 or 1 for none.
        words: most words of style in a prompt that its pictures still show.
        picture_px: side of the square pictures, in pixels; 0 for the pipeline's own size.
        dtype: of the weights on a GPU: "float16", "bfloat16" or "float32"; on a CPU it is always "float32".
        variant: of the files of weights, such as "fp16"; "" for none.
        scheduler: class of diffusers that replaces the pipeline's own; "" for its own.
        negative: whether a negative prompt has an effect.
        vocabulary: name of the only vocabulary that it knows; "" if it knows any words.
        subjects: file of the only subjects that it knows; None if it knows any.
        adapter: a LoRA to fuse into the pipeline, or None.
        revision: commit of a hub repository; "" for a folder, which is identified by its content.
        clip_revision: the same of the CLIP.
    """

    name: str
    pipeline: Path
    clip: Path
    title: str
    licence: str
    steps: int
    guidance: float
    words: int = 4
    picture_px: int = 0
    dtype: str = "float16"
    variant: str = ""
    scheduler: str = ""
    negative: bool = True
    vocabulary: str = ""
    subjects: Path | None = None
    adapter: Adapter | None = None
    revision: str = ""
    clip_revision: str = field(default="", repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits of the pipeline's files, its scheduler and its LoRA."""
        parts = [self.revision or fingerprint_of(self.pipeline), self.scheduler]
        if self.adapter is not None:
            parts.append(f"{self.adapter.folder.name}/{self.adapter.file}")
        return fingerprint_of(*parts)

    @cached_property
    def clip_fingerprint(self) -> str:
        """12 hexadecimal digits of the CLIP's files."""
        return fingerprint_of(self.clip_revision or fingerprint_of(self.clip))


def catalog() -> dict[str, dict[str, dict[str, Any]]]:
    """Entries by kind ("diffusion", "clip", "family") and name."""
    return tomllib.loads((HERE / "catalog.toml").read_text(encoding="utf-8"))


def available() -> tuple[str, ...]:
    """Names of the pipelines in the catalogue."""
    return tuple(catalog()["diffusion"])


def memory_gb(name: str) -> float:
    """Memory of a GPU that a model of the catalogue needs, about, in GB; 0 where nothing says so."""
    return float(catalog()["diffusion"].get(name, {}).get("memory_gb", 0.0))
