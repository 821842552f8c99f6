"""Checkpoints for a new build, made from the weights of a release.

The state of the optimisers is new, and so are the budgets. Only the autoencoder's budget counts as spent,
because the denoiser depends on its latents. A released one is folded already. The linear head of the text
plan is not a part of a release; the step `layout` fits and trains it again.

With `kept_channels` in the config of the autoencoder, the build has a new autoencoder whose first channels
are those of the release. The denoiser gets further channels, which it reads and predicts as zero at first.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from models.loop import Budget, Run
from models.training.clip import build_clip
from models.training.text_plan import GRID, build_head, build_text_encoder, window
from models.training.tokenizer import build_tokenizer
from models.training.unet import build_unet
from models.training.vae import build_vae


def start_from_release(build: Path, config: dict[str, Any], models: Path) -> None:
    """Write checkpoints below `build` from `models`/stable-diffusion and `models`/clip.

    Raises:
        ValueError: `build` has checkpoints already, or the models and the config have different shapes.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import load_file
    from transformers import CLIPTextModel

    kept = config["vae"].get("kept_channels", 0)
    parts = ("clip", "layout", "unet") if kept else ("vae", "clip", "layout", "unet")
    existing = [part for part in parts if (build / part / "checkpoint.pt").exists()]
    if existing:
        raise ValueError(
            f"Expected a build without checkpoints, found those of {', '.join(existing)} in {build}. "
            "Choose another --build, or continue with the training steps."
        )
    folder = models / "stable-diffusion"
    single = torch.float32
    tokenizer = build_tokenizer(build / "tokenizer", config["text"]["merges"], window(config))
    vae, unet = build_vae(config), build_unet(config)
    encoder, clip = build_text_encoder(config, len(tokenizer)), build_clip(config, len(tokenizer))
    stored = load_file(models / "clip" / "open_clip_model.safetensors")

    def read(kind: Any, subfolder: str) -> dict[str, torch.Tensor]:
        state: dict[str, torch.Tensor] = kind.from_pretrained(
            folder, subfolder=subfolder, dtype=single
        ).state_dict()
        return state

    found = {
        "unet": (unet, widened(read(UNet2DConditionModel, "unet"), unet)),
        "encoder": (encoder, read(CLIPTextModel, "text_encoder")),
        "clip": (clip, {name: value.to(single) for name, value in stored.items()}),
    }
    if not kept:
        found["vae"] = (vae, read(AutoencoderKL, "vae"))
    for name, (module, state) in found.items():
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(
                f"Expected a {name} of the config's shape, found another ({error}). "
                "Use the config that the models were trained with."
            ) from error
    side = config["data"]["picture_px"] // 2 ** (len(config["vae"]["channels"]) - 1)
    head = build_head(config, torch.zeros(1, config["vae"]["latent_channels"], side, side))
    assert side % GRID == 0
    averages = {"ema_unet": copy.deepcopy(unet), "ema_encoder": copy.deepcopy(encoder)}
    if not kept:
        done = Run(build / "vae", Budget.of(config["vae"]), config["vae"]["rate"], {"model": vae})
        done.finish()
        done.save()
        torch.save(vae.state_dict(), build / "vae" / "folded.pt")
    _begin(build / "clip", config["clip"], {"model": clip})
    _begin(build / "layout", config["layout"], {"encoder": encoder, "head": head})
    _begin(build / "unet", config["unet"], {"unet": unet, "encoder": encoder, "head": head, **averages})


def widened(state: dict[str, torch.Tensor], unet: Any) -> dict[str, torch.Tensor]:
    """The weights of a denoiser, with zeros for the latent channels that `unet` has more.

    Args:
        state: of a diffusers.UNet2DConditionModel with at most as many latent channels.
        unet: the model that gets them.
    """
    wide: dict[str, torch.Tensor] = dict(state)
    for name in ("conv_in.weight", "conv_out.weight", "conv_out.bias"):
        old, shape = state[name], unet.state_dict()[name].shape
        if all(have <= want for have, want in zip(old.shape, shape, strict=True)):
            wide[name] = torch.zeros(shape)
            wide[name][tuple(slice(have) for have in old.shape)] = old
    return wide


def _begin(folder: Path, settings: dict[str, Any], modules: dict[str, torch.nn.Module]) -> None:
    """Write a checkpoint with nothing of its budget spent."""
    Run(folder, Budget.of(settings), settings["rate"], modules).save()
