"""What is known of a model: the entries of catalog.toml, and `Model`, one of them with its files in place."""

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
    """A LoRA: the folder where it lies and its file."""

    folder: Path
    file: str


@dataclass(frozen=True)
class Model:
    """A text-to-image pipeline and the CLIP that sees its pictures, and how to run them.

    Attributes:
        name: how it is asked for.
        pipeline: folder as diffusers saves one.
        clip: folder as open_clip reads one.
        title: for people.
        licence: SPDX name where there is one.
        steps: denoising steps.
        guidance: classifier-free guidance scale; 0 or 1 for none.
        picture_px: side of the square pictures, in pixels; 0 for what the pipeline was made for.
        dtype: of the weights on a GPU: "float16", "bfloat16" or "float32"; on a CPU they have 32 bits.
        variant: of the weights' files, such as "fp16"; "" for plain ones.
        scheduler: class of diffusers to use instead of the pipeline's own; "" for its own.
        negative: whether a negative prompt does anything.
        vocabulary: name of the words it knows; "" if any will do.
        adapter: a LoRA to fuse in, or None.
        revision: commit of a hub repository; "" when the folder's content says which version it is.
    """

    name: str
    pipeline: Path
    clip: Path
    title: str
    licence: str
    steps: int
    guidance: float
    picture_px: int = 0
    dtype: str = "float16"
    variant: str = ""
    scheduler: str = ""
    negative: bool = True
    vocabulary: str = ""
    adapter: Adapter | None = None
    revision: str = ""
    clip_revision: str = field(default="", repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits of the pipeline's files and of what is changed about it."""
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
