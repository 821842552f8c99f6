"""The parts of a pipeline on disk: the variant of their weights, and what is no text-to-image model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.catalog import INDEX
from models.errors import ModelError
from models.hub import PICKLES, WEIGHTS, variant_of

PREFERRED = ("fp16", "bf16")
"""Variants that are read first where several fit."""


def variant_in(folder: Path) -> str | None:
    """The variant of weights that every part without plain weights has; None if no part needs one.

    Raises:
        ModelError: a part has only pickles, or no variant fits all parts.
    """
    variants = {part: _variants(folder / part) for part in _parts(folder)}
    needed = {part: found for part, found in variants.items() if found and "" not in found}
    for part in variants:
        if not variants[part] and any(file.suffix in PICKLES for file in (folder / part).glob("*")):
            raise ModelError(
                f"Expected weights of {part} as {WEIGHTS} files in {folder}, found that it does not load: "
                "they are pickles, which can run code. Save them as safetensors, or choose another model."
            )
    if not needed:
        return None
    common = set.intersection(*needed.values())
    if not common:
        found = "; ".join(f"{part}: {', '.join(sorted(names))}" for part, names in needed.items())
        raise ModelError(
            f"Expected one variant of the weights in {folder}, found {found}. Save all parts in one variant."
        )
    return next((name for name in PREFERRED if name in common), min(common))


def _parts(folder: Path) -> list[str]:
    """Names of the parts that the pipeline's index lists and that have a folder."""
    index: Mapping[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    listed = [name for name, kind in index.items() if isinstance(kind, list) and all(kind[:2])]
    return [name for name in listed if (folder / name).is_dir()]


def _variants(part: Path) -> set[str]:
    """The variants of a part's weights; "" is that of plain weights."""
    return {variant_of(file.name) for file in part.glob(f"*{WEIGHTS}")}


def what_is_there(place: Path) -> str:
    """What a file or a folder that is no pipeline of diffusers seems to be, and what to do with it; or ""."""
    one_file = "Convert it with diffusers: from_single_file, then save_pretrained. Name that folder."
    if place.is_file():
        return (
            f"found one file of weights. {one_file}" if place.suffix in (WEIGHTS, *PICKLES, ".gguf") else ""
        )
    names = {path.name for path in place.iterdir()}
    weights = sorted(name for name in names if name.endswith((WEIGHTS, *PICKLES)))
    if "adapter_config.json" in names or any("lora" in name.lower() for name in weights):
        return "found a LoRA. Fuse it into its model with diffusers, and name the folder of that model."
    if "config.json" in names and weights:
        return "found one network without a pipeline. Name the folder of the whole pipeline."
    if weights:
        return f"found the file {weights[0]} without a pipeline. {one_file}"
    inner = sorted(path.parent.name for path in place.glob(f"*/{INDEX}"))
    return f"found pipelines in its folders. Name one of them: {', '.join(inner[:5])}." if inner else ""


def check_channels(pipeline: Any, folder: Path) -> None:
    """Check that a pipeline draws from text alone.

    Raises:
        ModelError: its denoiser also takes a picture, as models for inpainting and editing do.
    """
    unet, vae = getattr(pipeline, "unet", None), getattr(pipeline, "vae", None)
    takes = getattr(getattr(unet, "config", None), "in_channels", None)
    gives = getattr(getattr(vae, "config", None), "latent_channels", None)
    if isinstance(takes, int) and isinstance(gives, int) and takes != gives:
        raise ModelError(
            f"Expected a text-to-image model in {folder}, found one that changes pictures: its denoiser "
            f"takes {takes} channels instead of {gives}. Choose the model without inpainting or editing."
        )


def state_windows(pipeline: Any) -> None:
    """Give each tokenizer without a stated length the length that its text encoder reads."""
    for name, tokenizer in pipeline.components.items():
        if not name.startswith("tokenizer") or getattr(tokenizer, "model_max_length", 0) < 100_000:
            continue
        encoder = getattr(pipeline, name.replace("tokenizer", "text_encoder"), None)
        length = getattr(getattr(encoder, "config", None), "max_position_embeddings", None)
        if isinstance(length, int) and length > 0:
            tokenizer.model_max_length = length
