"""The text plan: the text encoder learns a rough plan of the picture, and the denoiser follows it.

The pipeline pads every prompt to the encoder's window. Captions are shorter, so the last GRID x GRID places
of the window never hold words. They hold the plan: place (r, c) is trained to predict the latents of that
part of the picture through a linear head, which is not exported. The denoiser's coarsest level has the same
number of places, and its cross-attention finds the part of the plan that it needs.

The text encoder learns the look of a subject from captions and latents alone, several times faster than the
denoiser would. The denoiser learns to follow a plan once, for all subjects.

Source: aligning inner states with a clean picture, so that a denoiser learns faster, is from Yu et al. 2024
(arXiv 2410.06940), who align states of the denoiser itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.composer.compose import SLOTS
from models.composer.dataset import load_pictures
from models.composer.placement import PLACES
from models.composer.sampling import SceneSampler
from models.loop import Budget, Run, amp, device
from models.training.tokenizer import build_tokenizer, padded_ids

GRID = 4
PLANNED = GRID * GRID
"""Number of places at the end of the window that hold the plan."""
FITTED = 4096
"""Captions that the first head is fitted to."""
SPREAD = 0.26
"""Standard deviation of the weight around a subject, as a share of the subject's size."""
COMPOSITION = 1 + list(SLOTS).index("composition")
"""Column of the composition in scenes."""


def window(config: dict[str, Any]) -> int:
    """The text encoder's window: the CLIP's window and the plan."""
    return int(config["text"]["context_length"]) + PLANNED


def build_text_encoder(config: dict[str, Any], vocab_size: int) -> Any:
    """An untrained transformers.CLIPTextModel."""
    from transformers import CLIPTextConfig, CLIPTextModel

    text = config["text"]
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocab_size,
            hidden_size=text["width"],
            intermediate_size=text["encoder_hidden"],
            num_hidden_layers=text["encoder_layers"],
            num_attention_heads=text["heads"],
            max_position_embeddings=window(config),
            hidden_act="gelu",
            projection_dim=config["clip"]["embed_dim"],
            bos_token_id=vocab_size - 2,
            eos_token_id=vocab_size - 1,
            pad_token_id=vocab_size - 1,
        )
    ).to(device())


def build_head(config: dict[str, Any], latents: Tensor) -> nn.Linear:
    """The linear head from a state of the encoder to the latents of one part, Float[C * side * side]."""
    channels, side = latents.shape[1], latents.shape[-1] // GRID
    return nn.Linear(config["text"]["width"], channels * side * side).to(device())


def plan_of(states: Tensor, head: nn.Linear, channels: int) -> Tensor:
    """The latents Float[N, C, h, w] that the last places of `states` Float[N, L, width] predict."""
    parts = head(states[:, -PLANNED:])
    n, side = len(parts), int((parts.shape[-1] // channels) ** 0.5)
    parts = parts.reshape(n, GRID, GRID, channels, side, side)
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(n, channels, GRID * side, GRID * side)


def plan_loss(states: Tensor, head: nn.Linear, latents: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error of the plan, with the weight of each place in `weight` Float[N, 1, h, w]."""
    plan = plan_of(states, head, latents.shape[1]).float()
    return ((plan - latents).square() * weight).mean()


@torch.no_grad()
def fit_head(head: nn.Linear, encoder: Any, ids: Tensor, latents: Tensor, batch: int = 256) -> None:
    """Set the head to the least-squares solution for the encoder as it is.

    An encoder of released models already holds a plan. With a random head, its training would first make it
    forget that plan.

    Args:
        head: as from build_head.
        encoder: the text encoder.
        ids: Long[N, window] of captions.
        latents: Float[N, C, side, side] of their pictures.
        batch: captions encoded at once.
    """
    states = torch.cat(
        [encoder(part.to(device())).last_hidden_state[:, -PLANNED:] for part in torch.split(ids, batch)]
    )
    n, channels, side = len(latents), latents.shape[1], latents.shape[-1] // GRID
    parts = latents.reshape(n, channels, GRID, side, GRID, side).permute(0, 2, 4, 1, 3, 5)
    wanted = parts.reshape(n * PLANNED, channels * side * side).to(states).double()
    known = states.reshape(n * PLANNED, -1).double()
    known = torch.cat([known, known.new_ones(len(known), 1)], dim=1)
    square = known.T @ known
    square.diagonal().add_(1e-4 * square.diagonal().mean())
    solved = torch.linalg.solve(square, known.T @ wanted)
    head.weight.copy_(solved[:-1].T)
    head.bias.copy_(solved[-1])


def subject_weights(side: int, strength: float) -> Tensor:
    """Float[compositions, side, side]: weights of the loss, larger at the place of the subject.

    There is one map for each token of the composition slot, the blank token first. The mean of a map is 1.

    Args:
        side: of the latents.
        strength: weight at the subject's centre, minus 1, before the map is divided by its mean.
    """
    axis = (torch.arange(side) + 0.5) / side
    maps = []
    for token in SLOTS["composition"]:
        near = torch.zeros(side, side)
        for place in PLACES[token]:
            away = (axis[:, None] - place.row).square() + (axis[None, :] - place.column).square()
            near = torch.maximum(near, torch.exp(-away / (2 * (SPREAD * place.size) ** 2)))
        weight = 1 + strength * near
        maps.append(weight / weight.mean())
    return torch.stack(maps)


def train_text_plan(build: Path, config: dict[str, Any]) -> None:
    """Train the text encoder alone to predict the plan; the checkpoint is in `build`/layout."""
    torch.manual_seed(6)
    settings, longest = config["layout"], window(config)
    data = load_pictures(build, config["data"])
    latents = torch.load(build / "vae" / "latents.pt", weights_only=True)
    tokenizer = build_tokenizer(build / "tokenizer", config["text"]["merges"], longest)
    encoder, head = build_text_encoder(config, len(tokenizer)), build_head(config, latents)
    run = Run(build / "layout", Budget.of(settings), settings["rate"], {"encoder": encoder, "head": head})
    rng = np.random.default_rng(600 + run.steps)
    sampler = SceneSampler(data, config["data"]["held_out"], settings["clean_bias"])
    weights = subject_weights(latents.shape[-1], config["unet"]["subject_weight"])
    if not run.steps:
        rows = sampler.rows(FITTED, rng)
        ids = padded_ids(tokenizer, [data.caption(int(row), rng) for row in rows], longest)
        fit_head(head, encoder, ids, latents[rows].float())

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = sampler.rows(settings["batch"], rng)
        ids = padded_ids(tokenizer, [data.caption(int(row), rng) for row in rows], longest)
        with amp():
            states = encoder(ids.to(device())).last_hidden_state
            weight = weights[data.scenes[rows, COMPOSITION].astype(np.int64), None].to(device())
            loss = plan_loss(states, head, latents[rows].to(device()).float(), weight)
        return loss, {"plan": loss.item()}

    run.train(loss_of, settings["batch"])
