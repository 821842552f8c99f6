"""A picture as a PNG with its prompt, seed and model: in the form that other tools read, and as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from PIL import Image, PngImagePlugin

SAMPLERS = {
    "DPMSolverMultistepScheduler": "DPM++ 2M",
    "DPMSolverSinglestepScheduler": "DPM++ 2S",
    "EulerDiscreteScheduler": "Euler",
    "EulerAncestralDiscreteScheduler": "Euler a",
    "FlowMatchEulerDiscreteScheduler": "Euler",
    "HeunDiscreteScheduler": "Heun",
    "DDIMScheduler": "DDIM",
    "PNDMScheduler": "PLMS",
    "LCMScheduler": "LCM",
    "UniPCMultistepScheduler": "UniPC",
}
"""Names of diffusers' schedulers in other tools."""

RECORD = "palate"
"""The text chunk of the JSON. `personalize.rendering.png` reads it under the same name."""


def png_bytes(
    image: Image.Image, record: Mapping[str, Any], *, scheduler: str, model: str, fingerprint: str
) -> bytes:
    """The picture as a PNG with its record.

    Args:
        image: of any size.
        record: prompt, negative_prompt, seed, steps, guidance, picture_px, and other fields.
        scheduler: name of a class of diffusers; '' if it is not known.
        model: its name, for other tools.
        fingerprint: of the model; '' if it is not known.
    """
    size = f"{record['picture_px']}x{record['picture_px']}"
    lines = [str(record["prompt"])]
    if record["negative_prompt"]:
        lines.append(f"Negative prompt: {record['negative_prompt']}")
    sampler = f"Sampler: {SAMPLERS.get(scheduler, scheduler)}, " if scheduler else ""
    hashed = f"Model hash: {fingerprint}, " if fingerprint else ""
    lines.append(
        f"Steps: {record['steps']}, {sampler}CFG scale: {record['guidance']:g}, "
        f"Seed: {record['seed']}, Size: {size}, {hashed}Model: {_quoted(model)}"
    )
    text = PngImagePlugin.PngInfo()
    text.add_itxt("parameters", "\n".join(lines))
    text.add_itxt(RECORD, json.dumps(dict(record), ensure_ascii=False))
    stream = io.BytesIO()
    image.save(stream, format="PNG", pnginfo=text)
    return stream.getvalue()


def _quoted(value: str) -> str:
    """The value, in quotes if it has commas, colons or line breaks, as in other tools."""
    return json.dumps(value) if any(mark in value for mark in ",:\n") else value
