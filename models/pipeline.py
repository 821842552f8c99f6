"""Loading a diffusers pipeline: its weights, scheduler, LoRA, device and type.

Families of pipelines differ in their arguments, the length of their prompts and the size of their pictures.
All of this is read from the pipeline itself.
"""

from __future__ import annotations

import copy
import inspect
import json
from pathlib import Path
from typing import Any

import torch

from models.catalog import INDEX, Model
from models.devices import weights_dtype
from models.errors import ModelError
from models.parts import check_channels, state_windows, variant_in

UNBOUNDED = 100_000
"""A tokenizer with a larger window counts as unlimited."""


def load_pipeline(model: Model, device: torch.device) -> Any:
    """The pipeline on `device`; nothing is downloaded, and only safetensors are read.

    Raises:
        ModelError: diffusers could not read the folder, the scheduler or the LoRA.
    """
    from diffusers import AutoPipelineForText2Image
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    dtype = weights_dtype(model.dtype, device)
    try:
        pipeline: Any = AutoPipelineForText2Image.from_pretrained(
            model.pipeline,
            dtype=dtype,
            variant=model.variant or variant_in(model.pipeline),
            local_files_only=True,
            use_safetensors=True,
        )
        if model.scheduler:
            pipeline.scheduler = _scheduler(model.scheduler).from_config(pipeline.scheduler.config)
        if model.adapter is not None:
            pipeline.load_lora_weights(
                str(model.adapter.folder), weight_name=model.adapter.file, local_files_only=True
            )
            pipeline.fuse_lora()
            pipeline.unload_lora_weights()
        check_channels(pipeline, model.pipeline)
        state_windows(pipeline)
    except ModelError:
        raise
    except Exception as error:
        if isinstance(error, ValueError) and "can't find a pipeline linked to" in str(error):
            raise ModelError(
                f"Expected a text-to-image model in {model.pipeline}, found that diffusers draws from text "
                f"with no pipeline of its kind ({_kind_of(model.pipeline)}). Choose another with --model."
            ) from error
        raise ModelError(
            f"Expected a diffusers pipeline in {model.pipeline}, found one that does not load "
            f"({type(error).__name__}: {error}). Restore its files."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _kind_of(folder: Path) -> str:
    return str(json.loads((folder / INDEX).read_text(encoding="utf-8")).get("_class_name", "unknown"))


def _scheduler(name: str) -> Any:
    import diffusers

    found = getattr(diffusers, name, None) if name.endswith("Scheduler") else None
    if found is None:
        raise ModelError(
            f"Expected scheduler to be a class of diffusers such as EulerDiscreteScheduler, found '{name}'. "
            "Correct it in the model's settings."
        )
    return found


def accepted(pipeline: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that this pipeline accepts."""
    parameters = inspect.signature(pipeline.__call__).parameters
    return {name: value for name, value in arguments.items() if name in parameters}


def side_of(pipeline: Any) -> int:
    """Side of the pictures that the pipeline was trained for, in pixels."""
    scale = int(getattr(pipeline, "vae_scale_factor", 8))
    for part in ("unet", "transformer"):
        network = getattr(pipeline, part, None)
        size = getattr(getattr(network, "config", None), "sample_size", None)
        if isinstance(size, int) and size > 0:
            return size * scale
    size = getattr(pipeline, "default_sample_size", None)
    return int(size) * scale if isinstance(size, int) else 512


def chosen_side(pipeline: Any, picture_px: int, title: str) -> int:
    """Side of the pictures to draw, in pixels: `picture_px`, or the pipeline's own for 0.

    Raises:
        ModelError: the pipeline has no latents for such a side. It would draw a smaller picture.
    """
    scale = int(getattr(pipeline, "vae_scale_factor", 8))
    if picture_px % scale:
        near = max(1, round(picture_px / scale)) * scale
        raise ModelError(
            f"Expected pictures whose side is a multiple of {scale} pixels from {title}, found {picture_px}. "
            f"Set --picture-px {near}, or leave it out."
        )
    return picture_px or side_of(pipeline)


class Windows:
    """The longest prompt of a pipeline, measured with copies of its tokenizers, which are not thread-safe."""

    def __init__(self, pipeline: Any) -> None:
        """Copy all tokenizers. The one with the widest window counts, as it reads long prompts."""
        stated = inspect.signature(pipeline.__call__).parameters.get("max_sequence_length")
        longest = stated.default if stated and isinstance(stated.default, int) else UNBOUNDED
        self._tokenizers = []
        for name, part in pipeline.components.items():
            if name.startswith("tokenizer") and part is not None:
                own = int(min(getattr(part, "model_max_length", UNBOUNDED), UNBOUNDED))
                clip = "CLIP" in type(part).__name__
                self._tokenizers.append((copy.deepcopy(part), own if clip else min(own, longest)))
        self.widest = max((window for _, window in self._tokenizers), default=UNBOUNDED)

    def room(self, prompt: str) -> int:
        """Word pieces that still fit after a prompt; negative if the pipeline would not read its end."""
        rooms = [
            window - len(tokenizer(prompt, truncation=False, verbose=False)["input_ids"])
            for tokenizer, window in self._tokenizers
        ]
        return max(rooms, default=UNBOUNDED)
