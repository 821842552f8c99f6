"""A small classifier of latents, and the loss by which it teaches the denoiser recognisable pictures.

The squared error of the flow hardly differs between a fox and a blur at the place of the fox, because the
details that make a subject recognisable are a small part of a picture. Therefore the denoiser has a second
loss. The reader, which has learned from composed pictures to name subject and tokens, gets the clean latents
that the denoiser predicts, and its cross-entropy is minimised. This is the reward feedback of Xu et al. 2023
(ImageReward, arXiv 2304.05977), on noised training pictures and not on half-sampled ones.

The reader is trained on softened and noised latents, as predictions are. It shares nothing with the released
CLIP, and only the form of its loss with the classifier of the evaluation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.composer.classes import class_counts, scene_loss
from models.composer.dataset import load_pictures
from models.composer.sampling import SceneSampler
from models.loop import Budget, Run, amp, device

WIDTHS = (64, 128, 192)
SLOT_WEIGHT = 0.5
"""Weight of a token in the reading loss; the subject has weight 1."""


class Reader(nn.Module):
    """Latents Float[N, C, side, side] to the logits of subject and every slot, blank tokens first."""

    def __init__(self, channels: int, side: int, subjects: int) -> None:
        """Untrained."""
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for number, width in enumerate(WIDTHS):
            for stride in (1 if number == 0 else 2, 1):
                layers += [nn.Conv2d(before, width, 3, stride, 1), nn.GroupNorm(8, width), nn.SiLU()]
                before = width
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.widths = class_counts(subjects)
        end = side // 2 ** (len(WIDTHS) - 1)
        self.head = nn.Linear(WIDTHS[-1] * end * end, sum(self.widths))

    def forward(self, latents: Tensor) -> tuple[Tensor, ...]:
        """One Float[N, classes] for the subject and each slot."""
        parts: tuple[Tensor, ...] = self.head(self.trunk(latents)).float().split(self.widths, dim=1)
        return parts


def softened(latents: Tensor) -> Tensor:
    """Latents blurred and noised, each picture by its own random share of both."""
    n = len(latents)
    blurred = F.avg_pool2d(F.pad(latents, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    share = (1.4 * torch.rand(n, 1, 1, 1, device=latents.device) - 0.5).clamp(0, 1)
    spread = (0.9 * torch.rand(n, 1, 1, 1, device=latents.device) - 0.3).clamp(min=0)
    return torch.lerp(latents, blurred, share) + spread * torch.randn_like(latents)


def train_reader(build: Path, config: dict[str, Any]) -> None:
    """Train on `build`/vae/latents.pt; checkpoint in `build`/reader."""
    torch.manual_seed(7)
    settings = config["reader"]
    data = load_pictures(build, config["data"])
    latents = torch.load(build / "vae" / "latents.pt", weights_only=True)
    reader = build_reader(latents, len(data.subjects)).train()
    run = Run(build / "reader", Budget.of(settings), settings["rate"], {"reader": reader})
    rng = np.random.default_rng(700 + run.steps)
    sampler = SceneSampler(data, config["data"]["held_out"], bias=1.0)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = sampler.rows(settings["batch"], rng)
        with amp():
            logits = reader(softened(latents[rows].to(device()).float()))
        return scene_loss(logits, data.scenes[rows])

    run.train(loss_of, settings["batch"])


def build_reader(latents: Tensor, subjects: int) -> Reader:
    """An untrained reader of latents of this shape."""
    return Reader(latents.shape[1], latents.shape[-1], subjects).to(device())


def trained_reader(build: Path, latents: Tensor, subjects: int) -> Reader:
    """The trained reader in `build`/reader, with fixed weights.

    Raises:
        FileNotFoundError: the reader was not trained yet.
    """
    reader = build_reader(latents, subjects)
    checkpoint = build / "reader" / "checkpoint.pt"
    if not checkpoint.exists():
        raise FileNotFoundError(
            f"Expected a trained reader in {checkpoint}, found none. "
            "Train it with: python -m models.training reader"
        )
    state = torch.load(checkpoint, map_location=device(), weights_only=True)
    reader.load_state_dict(state["modules"]["reader"])
    return reader.eval().requires_grad_(False)


def reading_loss(reader: Reader, latents: Tensor, scenes: Tensor, captioned: Tensor) -> Tensor:
    """Cross-entropy of the subject, plus SLOT_WEIGHT times that of each token that is not blank.

    Args:
        reader: trained.
        latents: Float[N, C, side, side], predicted by the denoiser.
        scenes: Long[N, 1 + slots], as in ComposedPictures.
        captioned: Bool[N], whether the denoiser had the picture's caption; other pictures do not count.
    """
    total = latents.new_zeros(len(latents))
    for column, scores in enumerate(reader(latents)):
        loss = F.cross_entropy(scores, scenes[:, column], reduction="none")
        total = total + (loss if column == 0 else SLOT_WEIGHT * loss * (scenes[:, column] > 0))
    return (total * captioned).mean()
