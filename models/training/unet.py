"""The training of the denoiser with its text encoder: flow matching on the autoencoder's latents.

The model predicts the flow v = noise - latent at x_t = (1 - t) latent + t noise (Lipman et al. 2023; Liu et
al. 2023), with logit-normal times (Esser et al. 2024). The DPM-Solver++ scheduler of diffusers samples such a
model without changes (`prediction_type="flow_prediction", use_flow_sigmas=True`). Two losses are added to the
flow's: the error of the text plan (`text_plan`), and the reader's cross-entropy of the predicted picture
(`reader`).

Muon (Jordan et al. 2024) in place of AdamW was tried from one checkpoint, with the same 3,024 pictures and
210 s of two cores each. The flow error of averaged weights fell from 0.585 to 0.564 with Muon and to 0.561
with AdamW. A step of Muon gains more, but its matrix products take half a second on two cores.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from models.composer.dataset import ComposedPictures, load_pictures
from models.composer.sampling import SceneSampler
from models.loop import Budget, Run, amp, device
from models.training.reader import reading_loss, trained_reader
from models.training.text_plan import (
    COMPOSITION,
    build_head,
    build_text_encoder,
    plan_loss,
    subject_weights,
    window,
)
from models.training.tokenizer import build_tokenizer, padded_ids

SAMPLES = (
    "a fox, watercolor",
    "a castle, neon sign, starry night",
    "an owl, pixel art, vivid colors",
    "a cup of coffee, 3d render",
    "a rocket, sticker, polka dots",
    "a tree, oil painting, sunset sky",
    "a cat, stained glass",
    "a sailboat, moonlight, ocean waves",
    "a mushroom, black and white, film grain",
    "a robot, mosaic, red and cream",
    "a guitar, ink outline",
    "a rose, pencil sketch",
    "a penguin, falling snow, snowy mountains",
    "a house, golden hour, green meadow",
    "a dragon, halftone print",
    "a butterfly",
)


def build_unet(config: dict[str, Any]) -> Any:
    """An untrained diffusers.UNet2DConditionModel.

    All levels but the finest attend to the words. The words are also pooled into the time embedding, which
    scales and shifts every level. Palette and medium affect all places alike, so the pooled words are enough
    for the finest level.
    """
    from diffusers import UNet2DConditionModel

    settings = config["unet"]
    channels, depth = settings["channels"], len(settings["channels"])
    latent = config["vae"]["latent_channels"]
    unet = UNet2DConditionModel(
        sample_size=config["data"]["picture_px"] // 2 ** (len(config["vae"]["channels"]) - 1),
        in_channels=latent,
        out_channels=latent,
        down_block_types=["DownBlock2D", *["CrossAttnDownBlock2D"] * (depth - 1)],
        up_block_types=[*["CrossAttnUpBlock2D"] * (depth - 1), "UpBlock2D"],
        block_out_channels=channels,
        layers_per_block=settings["layers_per_block"],
        cross_attention_dim=config["text"]["width"],
        attention_head_dim=settings["attention_heads"],
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=settings["attention_heads"],
    )
    return unet.to(device()).to(memory_format=torch.channels_last)


def spread_times(count: int, shift: float) -> torch.Tensor:
    """Float[count]: logit-normal times, stratified into `count` equally likely parts, in random order."""
    parts = (torch.randperm(count) + torch.rand(count)) / count
    return torch.sigmoid(shift + torch.special.ndtri(parts.clamp(1e-4, 1 - 1e-4)))


@torch.no_grad()
def _follow(average: torch.nn.Module, model: torch.nn.Module, decay: float) -> None:
    """Update an exponential moving average of the model's parameters."""
    for a, b in zip(average.parameters(), model.parameters(), strict=True):
        a.lerp_(b, 1 - decay)


@torch.no_grad()
def sample_sheet(
    unet: Any, encoder: Any, vae: Any, tokenizer: Any, longest: int, steps: int, guidance: float = 2.5
) -> Image.Image:
    """SAMPLES drawn by plain Euler steps with guidance, to follow the training; the pipeline draws better."""
    ids = padded_ids(tokenizer, [*SAMPLES, *[""] * len(SAMPLES)], longest).to(device())
    generator = torch.Generator().manual_seed(5)
    shape = (len(SAMPLES), unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
    x = torch.randn(shape, generator=generator).to(device())
    with amp():
        words = encoder(ids).last_hidden_state
        times = torch.linspace(1, 0, steps + 1)
        for now, then in zip(times[:-1], times[1:], strict=True):
            flow = unet(torch.cat([x, x]), (now * 1000).to(device()), words).sample.float()
            named, plain = flow.chunk(2)
            x = x + (then - now) * (plain + guidance * (named - plain))
        pictures = vae.decode(x).sample.float()
    px = pictures.shape[-1]
    grid = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().cpu().reshape(2, 8, 3, px, px)
    return Image.fromarray(grid.permute(0, 3, 1, 4, 2).reshape(2 * px, 8 * px, 3).numpy())


def train_unet(build: Path, config: dict[str, Any]) -> None:
    """Train on `build`/vae/latents.pt; checkpoint, averages and sample sheets go to `build`/unet."""
    from diffusers.models.attention_processor import AttnProcessor

    from models.training.vae import build_vae

    torch.manual_seed(3)
    settings, longest = config["unet"], window(config)
    data: ComposedPictures = load_pictures(build, config["data"])
    latents = torch.load(build / "vae" / "latents.pt", weights_only=True)
    tokenizer = build_tokenizer(build / "tokenizer", config["text"]["merges"], longest)
    vae = build_vae(config)
    vae.load_state_dict(torch.load(build / "vae" / "folded.pt", weights_only=True))
    unet, encoder = build_unet(config), build_text_encoder(config, len(tokenizer))
    head = build_head(config, latents)
    planned = torch.load(build / "layout" / "checkpoint.pt", map_location=device(), weights_only=True)
    encoder.load_state_dict(planned["modules"]["encoder"])
    head.load_state_dict(planned["modules"]["head"])
    averages = {"ema_unet": copy.deepcopy(unet), "ema_encoder": copy.deepcopy(encoder)}
    if device().type == "cpu":
        unet.set_attn_processor(
            AttnProcessor()
        )  # on short sequences the backward pass of the fused kernel is slower
    modules = {"unet": unet, "encoder": encoder, "head": head, **averages}
    run = Run(build / "unet", Budget.of(settings), settings["rate"], modules)
    if not run.steps:  # a checkpoint from a release has the encoder and head of before the step `layout`
        for module in (encoder, averages["ema_encoder"]):
            module.load_state_dict(planned["modules"]["encoder"])
        head.load_state_dict(planned["modules"]["head"])
    fast: Any = torch.compile(unet) if run.budget.pays_compiling else unet
    rng = np.random.default_rng(300 + run.steps)
    sampler = SceneSampler(data, config["data"]["held_out"], settings["clean_bias"])
    weights = subject_weights(latents.shape[-1], settings["subject_weight"])
    reader = trained_reader(build, latents, len(data.subjects))

    def loss_of(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        rows = sampler.rows(settings["batch"], rng)
        kept = rng.random(len(rows)) >= settings["caption_dropout"]
        captions = [data.caption(int(row), rng) if keep else "" for row, keep in zip(rows, kept, strict=True)]
        ids = padded_ids(tokenizer, captions, longest)
        clean = latents[rows].to(device()).float().contiguous(memory_format=torch.channels_last)
        noise = torch.randn_like(clean)
        t = spread_times(len(rows), settings["noise_shift"]).to(clean.device)
        at = t[:, None, None, None]
        weight = weights[data.scenes[rows, COMPOSITION].astype(np.int64), None].to(clean.device)
        with amp():
            words = encoder(ids.to(device())).last_hidden_state
            flow = fast((1 - at) * clean + at * noise, t * 1000, words).sample.float()
            plan = plan_loss(words, head, clean, weight)
            scenes = torch.as_tensor(data.scenes[rows].astype(np.int64), device=clean.device)
            captioned = torch.as_tensor(kept, device=clean.device)
            reading = reading_loss(reader, (1 - at) * clean + at * noise - at * flow, scenes, captioned)
        loss = ((flow - (noise - clean)).pow(2) * weight).mean()
        notes = {"flow": loss.item(), "plan": plan.item(), "reading": reading.item()}
        return loss + settings["plan_weight"] * plan + settings["reading_weight"] * reading, notes

    def after_step() -> None:
        decay = min(settings["ema_decay"], (1 + run.steps) / (10 + run.steps))
        _follow(averages["ema_unet"], unet, decay)
        _follow(averages["ema_encoder"], encoder, decay)

    def report() -> None:
        sheet = sample_sheet(
            averages["ema_unet"], averages["ema_encoder"], vae, tokenizer, longest, settings["sheet_steps"]
        )
        sheet.save(build / "unet" / f"samples_{int(run.seconds / 60):03d}.png")

    run.train(loss_of, settings["batch"], after_step, report)
