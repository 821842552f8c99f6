"""A decoder for pictures of twice the side, on the latents that a released denoiser draws.

Denoiser, text encoder and latents stay as they are. The pictures get twice the pixels, and sharp edges. Two
kinds of latents teach the decoder. For latents of composed pictures the right picture is known. For latents
that the denoiser drew it is not. There the picture has to look composed to two critics of patches, one of the
whole picture and one of the halved one (Wang et al. 2018, arXiv 1711.11585). Halved, it has to be what the
released decoder draws; otherwise the critics bring textures that no word asks for.

The decoder of the mini models learned in two parts: 60 minutes of one core with the weights 0.1 for the
critics, 3 for the strength of edges and 1 for what the released decoder draws, then 13 minutes of two cores
with those of doubling.toml. After the first part outlines were crisp, but regular textures broke: mosaics had
twice as many tiles, and chalk and woodcut had a grid. Two raters preferred its pictures in only 21 and 25 of
40 pairs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.composer.dataset import ComposedPictures
from models.errors import ModelError
from models.evaluation.autoencoder import edge_energy, noise_db, sharpness
from models.loop import Budget, Run, amp, device
from models.training.sharp import Critic, Eye, critic_losses, energy_loss, feature_loss
from models.training.vae import build_vae, edge_loss, released_autoencoder, to_input, write_sheet
from models.training.vae_growth import grow

SHOWN = 48
"""Held-out pictures that the figures of a report are of."""


def train_doubling(data: ComposedPictures, config: dict[str, Any], build: Path, models: Path) -> Any:
    """The autoencoder with a trained decoder and encoder. Resumes from `build`/doubling and `build`/halving.

    Args:
        data: composed pictures of twice the side of what the released models draw.
        config: has [data], [vae], [doubling] and [halving].
        build: work folder.
        models: folder of the released models.

    Raises:
        ModelError: the models have an autoencoder of another number of levels.
    """
    torch.manual_seed(11)
    folder, released = models / "stable-diffusion", released_autoencoder(models)
    levels, wanted = len(released.config.block_out_channels), len(config["vae"]["channels"]) - 1
    if levels != wanted:
        raise ModelError(
            f"Expected an autoencoder of {wanted} levels in {folder}, found one of {levels}. "
            "Name models that were not doubled yet with --out, or correct `channels` in [vae]."
        )
    vae = build_vae(config)
    grow(vae, released)
    (build / "doubling").mkdir(parents=True, exist_ok=True)
    latents = _kept(build / "doubling" / "latents.pt", lambda: halved_latents(released, data))
    drawn = _kept(build / "doubling" / "drawn.pt", lambda: drawn_latents(data, config, folder))
    eye = Eye(models / "clip")
    _train_decoder(vae, released, eye, data, latents, drawn, config, build / "doubling")
    _train_encoder(vae, data, latents, config, build / "halving")
    return vae.eval()


def _train_decoder(
    vae: Any,
    released: Any,
    eye: Eye,
    data: ComposedPictures,
    latents: Tensor,
    drawn: Tensor,
    config: dict[str, Any],
    folder: Path,
) -> None:
    settings = config["doubling"]
    vae.decoder.to(memory_format=torch.channels_last)
    critics = [Critic().to(device()).to(memory_format=torch.channels_last) for _ in range(2)]
    modules = {"decoder": vae.decoder, "post_quant_conv": vae.post_quant_conv}
    run = Run(
        folder, Budget.of(settings), settings["rate"], {**modules, "whole": critics[0], "halved": critics[1]}
    )
    rng = np.random.default_rng(500 + run.steps)
    train, shown = len(data.pictures) - config["data"]["held_out"], min(SHOWN, len(drawn) // 2)
    side = latents.shape[-1]
    scale = config["data"]["picture_px"] // side
    crop = settings["crop_px"] // scale

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        cropped = run.share < settings["crops_until"]
        batch, others = (settings[name] if cropped else settings[name] // 2 for name in ("batch", "drawn"))
        rows = rng.integers(train, size=batch)
        z, pictures = latents[rows].float(), data.pictures[rows]
        free = drawn[rng.integers(shown, len(drawn), size=others)].float()
        with torch.no_grad():
            wanted = released.decode(free.to(device())).sample
        if cropped:
            top, left = (int(v) for v in rng.integers(0, side - crop + 1, size=2))
            z, free = (part[..., top : top + crop, left : left + crop] for part in (z, free))
            pictures = pictures[:, top * scale : (top + crop) * scale, left * scale : (left + crop) * scale]
            half = scale // 2
            wanted = wanted[..., top * half : (top + crop) * half, left * half : (left + crop) * half]
        x = to_input(np.ascontiguousarray(pictures))
        amount = torch.as_tensor(settings["noise"] * rng.random((batch, 1, 1, 1)), dtype=z.dtype)
        with amp():
            made = vae.decode(torch.cat((z + amount * torch.randn_like(z), free)).to(x.device)).sample.float()
        y, other = made[:batch], made[batch:]
        parts = {
            "l1": (x - y).abs().mean(),
            "squares": 2 * (x - y).pow(2).mean(),
            "edge": settings["edge_weight"] * edge_loss(x, y),
            "energy": settings["energy_weight"] * energy_loss(x, y),
            "features": settings["feature_weight"] * feature_loss(eye, x, y),
            "same": settings["same_weight"] * _apart(other, wanted),
        }
        weight = settings["critic_weight"] if run.share > settings["critic_from"] else 0.0
        for name, critic, width in (("whole", critics[0], 1), ("halved", critics[1], 2)):
            judged, taught = critic_losses(critic, F.avg_pool2d(x, width), F.avg_pool2d(made, width))
            parts |= {f"{name}_judged": judged, f"{name}_taught": weight * taught}
        return torch.stack(list(parts.values())).sum(), {name: part.item() for name, part in parts.items()}

    @torch.no_grad()
    def report() -> None:
        vae.decoder.eval()
        x = to_input(data.pictures[-shown:])
        y, free = (
            torch.cat(
                [vae.decode(one.to(x.device)).sample.float().clamp(-1, 1) for one in torch.split(some, 8)]
            )
            for some in (latents[-shown:].float(), drawn[:shown].float())
        )
        vae.decoder.train()
        figures = {
            "samples": run.samples,
            "db": noise_db(x, y),
            "sharpness": sharpness(x, y),
            "drawn_energy": edge_energy(free) / edge_energy(x),
        }
        with (folder / "held_out.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(figures) + "\n")
        write_sheet(torch.cat((x[:6], y[:6], free[:6])), 6, folder / "sheet.png")

    run.train(loss_of, settings["batch"] + settings["drawn"], report=report)


def _apart(doubled: Tensor, wanted: Tensor) -> Tensor:
    """Mean difference of a doubled picture, halved, and the one wanted; and the same of both halved again."""
    halved = F.avg_pool2d(doubled, 2)
    coarse = (F.avg_pool2d(halved, 2) - F.avg_pool2d(wanted, 2)).abs().mean()
    return ((halved - wanted).abs().mean() + coarse) / 2


def _train_encoder(
    vae: Any, data: ComposedPictures, latents: Tensor, config: dict[str, Any], folder: Path
) -> None:
    """Teach the encoder of the whole picture the latents that the released one has of the halved picture."""
    settings = config["halving"]
    modules = {"encoder": vae.encoder, "quant_conv": vae.quant_conv}
    run = Run(folder, Budget.of(settings), settings["rate"], modules)
    rng = np.random.default_rng(600 + run.steps)
    train = len(data.pictures) - config["data"]["held_out"]

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = rng.integers(train, size=settings["batch"])
        x = to_input(data.pictures[rows])
        with amp():
            mean = vae.encode(x).latent_dist.mean.float()
        loss = (mean - latents[rows].float().to(x.device)).pow(2).mean()
        return loss, {"apart": loss.item()}

    run.train(loss_of, settings["batch"])


@torch.no_grad()
def halved_latents(released: Any, data: ComposedPictures, batch: int = 50) -> Tensor:
    """Half[N, C, h, w], the released autoencoder's latents of all pictures, each halved before."""
    rows = []
    for start in range(0, len(data.pictures), batch):
        x = to_input(data.pictures[start : start + batch])
        with amp():
            rows.append(released.encode(F.avg_pool2d(x, 2)).latent_dist.mean.half().cpu())
    return torch.cat(rows)


def drawn_latents(data: ComposedPictures, config: dict[str, Any], pipeline: Path, batch: int = 16) -> Tensor:
    """Half[N, C, h, w], latents that the released denoiser draws for captions of training pictures."""
    from diffusers import StableDiffusionPipeline

    pipe: Any = StableDiffusionPipeline.from_pretrained(pipeline, dtype=torch.float32).to(device())
    pipe.set_progress_bar_config(disable=True)
    settings = config["doubling"]
    train = len(data.pictures) - config["data"]["held_out"]
    rows = np.random.default_rng(7).choice(train, settings["drawn_latents"], replace=False)
    found = []
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        found.append(
            pipe(
                [data.caption(int(row)) for row in part],
                num_inference_steps=settings["drawn_steps"],
                guidance_scale=settings["drawn_guidance"],
                generator=[torch.Generator().manual_seed(9000 + int(row)) for row in part],
                output_type="latent",
            )
            .images.half()
            .cpu()
        )
    return torch.cat(found)


def write_autoencoder(vae: Any, models: Path) -> None:
    """Replace the autoencoder of the pipeline in `models`, in half precision."""
    folder = models / "stable-diffusion" / "vae"
    shutil.rmtree(folder)
    vae.half().save_pretrained(folder, safe_serialization=True)


def _kept(file: Path, make: Callable[[], Tensor]) -> Tensor:
    """What is in a file; made and written there first if the file is missing."""
    if not file.exists():
        made = make()
        partial = file.with_suffix(".tmp")
        torch.save(made, partial)
        partial.rename(file)
    found: Tensor = torch.load(file, weights_only=True)
    return found
