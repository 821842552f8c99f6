"""Write the trained models in the formats of the ecosystem: a diffusers folder, and an open_clip folder.

Weights are half-precision safetensors in shards of at most 16 MiB. Both libraries load them without any code
of this repository.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from models.catalog import HERE
from models.resolve import SUBJECTS
from models.training.clip import MEAN, STD, build_clip, clip_config, clip_px
from models.training.text_plan import build_text_encoder, window
from models.training.tokenizer import build_tokenizer
from models.training.unet import build_unet
from models.training.vae import build_vae

SHARD = "16MB"


def export(build: Path, config: dict[str, Any], out: Path) -> None:
    """Write stable-diffusion, clip and the list of subjects to `out`, from the checkpoints below `build`."""
    export_names(out)
    _export_diffusion(build, config, out / "stable-diffusion")
    _export_clip(build, config, out / "clip")


def export_names(out: Path) -> None:
    """Write the released list of subjects to `out`, unless it has one of its own.

    Args:
        out: the folder of the models; it is made if it is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not (out / SUBJECTS).exists():
        shutil.copy(HERE / "mini" / SUBJECTS, out / SUBJECTS)


def _export_diffusion(build: Path, config: dict[str, Any], folder: Path) -> None:
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
    from transformers import CLIPTokenizer

    tokenizer = build_tokenizer(build / "tokenizer", config["text"]["merges"], window(config))
    vae, unet = build_vae(config), build_unet(config)
    encoder = build_text_encoder(config, len(tokenizer))
    polished = build / "vae" / "polished.pt"
    kept = polished if polished.exists() else build / "vae" / "folded.pt"  # of a release
    vae.load_state_dict(torch.load(kept, weights_only=True))
    state = torch.load(build / "unet" / "checkpoint.pt", map_location="cpu", weights_only=True)["modules"]
    unet.load_state_dict(state["ema_unet"])
    encoder.load_state_dict(state["ema_encoder"])
    assert isinstance(tokenizer, CLIPTokenizer)
    pipeline = StableDiffusionPipeline(
        vae=vae.half(),
        text_encoder=encoder.half(),
        tokenizer=tokenizer,
        unet=unet.half(),
        scheduler=DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=2.0, steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    shutil.rmtree(folder, ignore_errors=True)
    pipeline.save_pretrained(folder, safe_serialization=True, max_shard_size=SHARD)


def _export_clip(build: Path, config: dict[str, Any], folder: Path) -> None:
    longest = config["text"]["context_length"]
    tokenizer = build_tokenizer(build / "tokenizer", config["text"]["merges"], longest)
    model = build_clip(config, len(tokenizer))
    state = torch.load(build / "clip" / "checkpoint.pt", map_location="cpu", weights_only=True)["modules"]
    model.load_state_dict(state["model"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    px = clip_px(config)
    preprocess = {
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
        "size": [px, px],
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    description = {"model_cfg": clip_config(config, len(tokenizer)), "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(description, indent=2) + "\n")
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in model.state_dict().items()
        if name != "attn_mask"
    }
    save_file(halves, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
