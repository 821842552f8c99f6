"""The memory layout in which a CPU draws faster, and its comparison with the layout that diffusers loads.

Two settings, both of PyTorch and diffusers:

- The denoiser and the autoencoder are in channels-last order, which the CPU's convolutions read directly.
- The autoencoder decodes one picture at a time, so that its layers at full size fit into the cache.

Pictures differ by rounding, at most one step of 255. `python -m models memory-layout mini` compares both
layouts in turns. On one core, four pictures of the mini models need 0.93 of the time to denoise and 0.83 to
decode. A decoder for 256 pixels, which does not ship yet, needs 0.58.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import torch

from models.catalog import Model
from models.errors import ModelError
from models.output import write_line
from models.pipeline import accepted, load_pipeline
from models.resolve import find_model
from models.threads import use_threads

PROMPTS = ("a fox, watercolor", "a castle, neon sign", "an owl, pixel art", "a tree, oil painting")


def lay_out(pipeline: Any) -> None:
    """Set the layout of a pipeline on the CPU; parts that a family does not have are left out."""
    for name in ("unet", "transformer", "vae"):
        part = getattr(pipeline, name, None)
        if isinstance(part, torch.nn.Module):
            part.to(memory_format=torch.channels_last)
    vae = getattr(pipeline, "vae", None)
    if vae is not None and hasattr(vae, "enable_slicing"):
        vae.enable_slicing()


def add_layout(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``memory-layout``."""
    parser = commands.add_parser(
        "memory-layout", help="CPU time of a round in Palate's memory layout and in the usual one"
    )
    parser.set_defaults(run=lambda chosen: compare(chosen.model, chosen.threads, chosen.repeats, chosen.json))
    parser.add_argument("model", nargs="?", default="mini", help="name in the catalogue, or a folder")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads; 0 for all cores")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each layout; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def compare(model: str, threads: int, repeats: int, as_json: bool) -> int:
    """Write the CPU time of four pictures in both layouts and the ratios; returns 0.

    Raises:
        ModelError: `repeats` is below 1, or the model cannot be loaded or has no UNet and autoencoder.
    """
    if repeats < 1:
        raise ModelError(f"Expected --repeats of at least 1, found {repeats}. Choose a larger number.")
    use_threads(threads)
    found = measured(find_model(model), repeats)
    write_line(json.dumps(found) if as_json else _table(found))
    return 0


def measured(model: Model, repeats: int) -> dict[str, float]:
    """Median CPU seconds of both parts in both layouts, over turns that follow one another.

    Args:
        model: of the catalogue or a folder.
        repeats: turns of each layout, after one that does not count.
    """
    pipelines = {name: load_pipeline(model, torch.device("cpu")) for name in ("usual", "laid_out")}
    usual = pipelines["usual"]
    if any(getattr(usual, part, None) is None for part in ("unet", "vae")):
        raise ModelError(
            f"Expected a model with a UNet and an autoencoder, found a {type(usual).__name__}. "
            "Compare another one."
        )
    lay_out(pipelines["laid_out"])
    turns = [
        {name: _seconds(pipeline, model) for name, pipeline in pipelines.items()} for _ in range(repeats + 1)
    ]
    found = {}
    for number, part in enumerate(("denoise", "decode")):
        for name in pipelines:
            found[f"{part}_{name}_s"] = statistics.median(turn[name][number] for turn in turns[1:])
        ratios = [turn["laid_out"][number] / turn["usual"][number] for turn in turns[1:]]
        found[f"{part}_ratio"] = statistics.median(ratios)
    return found


def _seconds(pipeline: Any, model: Model) -> tuple[float, float]:
    """CPU seconds to denoise four pictures, and to decode them."""
    begun = time.process_time()
    settings = accepted(
        pipeline,
        {"num_inference_steps": model.steps, "guidance_scale": model.guidance, "output_type": "latent"},
    )
    latents = pipeline(prompt=list(PROMPTS), **settings).images
    denoised = time.process_time()
    with torch.inference_mode():
        pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor)
    return denoised - begun, time.process_time() - denoised


def _table(found: dict[str, float]) -> str:
    return "\n".join(
        f"{part}: {found[f'{part}_laid_out_s']:.2f} s of CPU time, usually {found[f'{part}_usual_s']:.2f} s; "
        f"ratio {found[f'{part}_ratio']:.2f}"
        for part in ("denoise", "decode")
    )
