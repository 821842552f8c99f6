"""The training of the autoencoder; mean and spread of the latents are folded into its 1 x 1 convolutions.

After folding, every latent channel has mean 0 and standard deviation 1 over the training pictures. The
pipeline's scaling factor is therefore 1, and no channel dominates the diffusion loss.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from models.catalog import HERE
from models.composer.dataset import ComposedPictures
from models.evaluation.autoencoder import noise_db, reconstructed, sharpness
from models.loop import Budget, Run, amp, device
from models.training.sharp import Critic, Eye, sharp_losses
from models.training.vae_growth import grow

CLIP = HERE / "mini" / "clip"
"""The released CLIP, whose first layers are the eye of the losses."""
SHOWN = 32
"""Held-out pictures that the figures of a report are of."""


def build_vae(config: dict[str, Any]) -> Any:
    """An untrained diffusers.AutoencoderKL."""
    from diffusers import AutoencoderKL

    channels = config["vae"]["channels"]
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=["DownEncoderBlock2D"] * len(channels),
        up_block_types=["UpDecoderBlock2D"] * len(channels),
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=config["vae"]["latent_channels"],
        norm_num_groups=1,  # groups of few channels would remove a picture's colours
        sample_size=config["data"]["picture_px"],
        scaling_factor=1.0,
        mid_block_add_attention=False,
    ).to(device())


def released_autoencoder(models: Path = HERE / "mini") -> Any:
    """The autoencoder of released models, with fixed weights.

    Args:
        models: folder of the models.
    """
    from diffusers import AutoencoderKL

    folder = models / "stable-diffusion"
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", dtype=torch.float32)
    return vae.eval().requires_grad_(False).to(device())


def to_input(pictures: np.ndarray) -> torch.Tensor:
    """Float[N, 3, px, px] in -1..1."""
    x = torch.from_numpy(pictures).to(device()).permute(0, 3, 1, 2).float() / 127.5 - 1
    return x.contiguous()


def edge_loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean difference of the steps between neighbouring pixels, down and across."""
    return torch.stack([(x.diff(dim=axis) - y.diff(dim=axis)).abs().mean() for axis in (2, 3)]).sum()


def write_sheet(pictures: torch.Tensor, columns: int, file: Path) -> None:
    """Write pictures Float[N, 3, px, px] in -1..1 in rows of `columns`."""
    n, _, px, _ = pictures.shape
    tiles = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().reshape(-1, columns, 3, px, px)
    sheet = tiles.permute(0, 3, 1, 4, 2).reshape(n // columns * px, columns * px, 3)
    Image.fromarray(sheet.numpy()).save(file)


def train_vae(data: ComposedPictures, config: dict[str, Any], folder: Path) -> Any:
    """The trained autoencoder before folding; resumes from `folder`.

    Noise on the latents makes the decoder forgive the small errors of a denoiser. With `kept_channels`, the
    training begins from the released autoencoder (`vae_growth`). The first channels of the latents stay those
    of the released one for the picture of half the side. So the released denoiser goes on from what it knows,
    and learns the other channels.
    """
    torch.manual_seed(2)
    settings = config["vae"]
    vae = build_vae(config).train()
    modules: dict[str, torch.nn.Module] = {"model": vae}
    sharp, kept = "critic_weight" in settings, settings.get("kept_channels", 0)
    released: Any = released_autoencoder() if kept else None
    if sharp:
        critic, eye = Critic().to(device()), Eye(CLIP)
        modules["critic"] = critic
    run = Run(folder, Budget.of(settings), settings["rate"], modules)
    smaller = kept and len(released.config.block_out_channels) < len(settings["channels"])
    if kept and not run.steps:
        grow(vae, released)
    rng = np.random.default_rng(200 + run.steps)
    train = len(data.pictures) - config["data"]["held_out"]

    def loss_of(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        pictures = data.pictures[rng.integers(train, size=settings["batch"])]
        if run.share < settings["crops_until"]:
            top, left = rng.integers(0, pictures.shape[1] - settings["crop_px"] + 1, size=2)
            pictures = pictures[:, top : top + settings["crop_px"], left : left + settings["crop_px"]]
        x = to_input(np.ascontiguousarray(pictures))
        with amp():
            mean = vae.encode(x).latent_dist.mean
            spread = mean.detach().std(dim=(0, 2, 3), keepdim=True)
            latents = mean + settings["noise"] * spread * torch.randn_like(mean)
            y = vae.decode(latents).sample.float()
        l1 = (x - y).abs().mean()
        edge = edge_loss(x, y)
        squares = (x - y).pow(2).mean() + (F.avg_pool2d(x, 8) - F.avg_pool2d(y, 8)).pow(2).mean()
        size = mean.float().pow(2).mean()
        notes = {"l1": l1.item(), "edge": edge.item(), "size": size.item()}
        loss = l1 + 0.5 * edge + 4 * squares + settings["kl_weight"] * 100 * size
        if sharp:
            weight = settings["critic_weight"] if run.share > settings["critic_from"] else 0.0
            more, told = sharp_losses(critic, eye, x, y, settings, weight)
            loss, notes = loss + more, notes | told
        if kept:
            with torch.no_grad(), amp():
                wanted = released.encode(F.avg_pool2d(x, 2) if smaller else x).latent_dist.mean.float()
            apart = (mean[:, :kept].float() - wanted).pow(2).mean()
            loss, notes = loss + settings["kept_weight"] * apart, notes | {"apart": apart.item()}
        return loss, notes

    def report() -> None:
        with torch.no_grad(), amp():
            x = to_input(data.pictures[-SHOWN:])
            y = reconstructed(vae, x)
        figures = {"samples": run.samples, "db": noise_db(x, y), "sharpness": sharpness(x, y)}
        with (folder / "held_out.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(figures) + "\n")
        write_sheet(torch.cat([x[:8], y[:8]]), 8, folder / "reconstructions.png")

    run.train(loss_of, settings["batch"], report=report)
    return vae.eval()


@torch.no_grad()
def encode_all(vae: Any, data: ComposedPictures, batch: int = 100) -> torch.Tensor:
    """Half[N, C, h, w], latents of all pictures."""
    rows = []
    for start in range(0, len(data.pictures), batch):
        with amp():
            rows.append(
                vae.encode(to_input(data.pictures[start : start + batch])).latent_dist.mean.half().cpu()
            )
    return torch.cat(rows)


@torch.no_grad()
def fold_statistics(vae: Any, latents: torch.Tensor, kept: int = 0) -> torch.Tensor:
    """Give the latents mean 0 and standard deviation 1 in each channel; returns them, Half[N, C, h, w].

    The first `kept` channels stay as they are, because a released denoiser knows them.
    """
    mean = latents.float().mean(dim=(0, 2, 3)).to(device())
    std = latents.float().std(dim=(0, 2, 3)).to(device())
    mean[:kept], std[:kept] = 0.0, 1.0
    channels = len(mean)
    quant, post = vae.quant_conv, vae.post_quant_conv
    quant.weight[:channels] /= std[:, None, None, None]
    quant.bias[:channels] = (quant.bias[:channels] - mean) / std
    post.bias += (post.weight[:, :, 0, 0] * mean).sum(dim=1)
    post.weight *= std[None, :, None, None]
    shape = (1, channels, 1, 1)
    return ((latents.float() - mean.cpu().reshape(shape)) / std.cpu().reshape(shape)).half()
