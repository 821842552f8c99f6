"""Go on from exported models: checkpoints for a new build, made of the weights that ship.

The optimisers begin anew, and so do the minutes, except the autoencoder's, which count as spent: the
denoiser's latents hang on it. The head that reads the plan is not exported; the layout step learns it again.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from models.training.clip import build_clip
from models.training.loop import Run
from models.training.text_plan import GRID, build_head, build_text_encoder, window
from models.training.tokenizer import build_tokenizer
from models.training.unet import build_unet
from models.training.vae import build_vae


def adopt(build: Path, config: dict[str, Any], models: Path) -> None:
    """Write checkpoints below `build` from `models`/stable-diffusion and `models`/clip; none is replaced.

    Raises:
        ValueError: there are checkpoints already, or the models are of another shape than the config says.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from safetensors.torch import load_file
    from transformers import CLIPTextModel

    parts = ("vae", "clip", "layout", "unet")
    there = [part for part in parts if (build / part / "checkpoint.pt").exists()]
    if there:
        raise ValueError(
            f"Expected a build without checkpoints, found some of {', '.join(there)} in {build}. "
            "Choose another --build, or go on with the steps themselves."
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
        "vae": (vae, read(AutoencoderKL, "vae")),
        "unet": (unet, read(UNet2DConditionModel, "unet")),
        "encoder": (encoder, read(CLIPTextModel, "text_encoder")),
        "clip": (clip, {name: value.to(single) for name, value in stored.items()}),
    }
    for name, (module, state) in found.items():
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(
                f"Expected a {name} of the shape that the config says, found another ({error}). "
                "Use the config that the models were made with."
            ) from error
    side = config["data"]["picture_px"] // 2 ** (len(config["vae"]["channels"]) - 1)
    head = build_head(config, torch.zeros(1, config["vae"]["latent_channels"], side, side))
    assert side % GRID == 0
    averages = {"ema_unet": copy.deepcopy(unet), "ema_encoder": copy.deepcopy(encoder)}
    done = Run(build / "vae", config["vae"]["minutes"], config["vae"]["rate"], {"model": vae})
    done.seconds = 60.0 * config["vae"]["minutes"]
    done.save()
    _begun(build / "clip", config["clip"], {"model": clip})
    _begun(build / "layout", config["layout"], {"encoder": encoder, "head": head})
    _begun(build / "unet", config["unet"], {"unet": unet, "encoder": encoder, "head": head, **averages})


def _begun(folder: Path, settings: dict[str, Any], modules: dict[str, torch.nn.Module]) -> None:
    Run(folder, settings["minutes"], settings["rate"], modules).save()
