"""A small classifier of latents, and the loss that asks the denoiser for pictures it can read.

The flow's squared error is much the same for a fox and for a blur where a fox should be: what makes a subject
recognisable is a small part of it. So beside it the clean latents that the denoiser predicts are shown to a
reader that learned, from composed pictures, to name subject and tokens, and the denoiser is also taught
through the reader's cross-entropy: the reward feedback of Xu et al. 2023 (ImageReward, arXiv 2304.05977), on
noised training pictures instead of half-sampled ones. The reader sees its pictures softened and noised, as
predictions are; it shares nothing with the CLIP that ships nor with the judge of the evaluation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.composer.compose import SLOTS
from models.training.dataset import SceneSampler, load_pictures
from models.training.loop import Run, amp, device

WIDTHS = (64, 128, 192)
SLOT_WEIGHT = 0.5
"""Of a token beside the subject, in what a picture must be read as."""


class Reader(nn.Module):
    """Latents Float[N, C, side, side] to the logits of subject and every slot, blanks first."""

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
        self.widths = (subjects, *(len(tokens) for tokens in SLOTS.values()))
        end = side // 2 ** (len(WIDTHS) - 1)
        self.head = nn.Linear(WIDTHS[-1] * end * end, sum(self.widths))

    def forward(self, latents: Tensor) -> tuple[Tensor, ...]:
        """One Float[N, classes] for the subject and each slot."""
        parts: tuple[Tensor, ...] = self.head(self.trunk(latents)).float().split(self.widths, dim=1)
        return parts


def softened(latents: Tensor) -> Tensor:
    """Each latent picture by its own share blurred, and by another noised."""
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
    run = Run(build / "reader", settings["minutes"], settings["rate"], {"reader": reader})
    rng = np.random.default_rng(700 + run.steps)
    sampler = SceneSampler(data, config["data"]["held_out"], bias=1.0)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = sampler.rows(settings["batch"], rng)
        with amp():
            logits = reader(softened(latents[rows].to(device()).float()))
        return naming_loss(logits, data.scenes[rows])

    run.train(loss_of, settings["batch"])


def naming_loss(logits: tuple[Tensor, ...], scenes: np.ndarray) -> tuple[Tensor, dict[str, float]]:
    """What teaches a classifier of scenes, and what to write down: cross-entropies, the subject's twice.

    Args:
        logits: of the subject and each slot, Float[N, classes], blanks first.
        scenes: Int16[N, 1 + slots], as in ComposedPictures.
    """
    target = torch.as_tensor(scenes.astype(np.int64), device=logits[0].device)
    parts = [F.cross_entropy(scores.float(), target[:, n]) for n, scores in enumerate(logits)]
    right = float((logits[0].argmax(dim=1) == target[:, 0]).float().mean())
    loss = torch.stack(parts).sum() + parts[0]
    return loss, {"loss": loss.item(), "subject": right}


def build_reader(latents: Tensor, subjects: int) -> Reader:
    """An untrained reader of such latents."""
    return Reader(latents.shape[1], latents.shape[-1], subjects).to(device())


def trained_reader(build: Path, latents: Tensor, subjects: int) -> Reader:
    """The reader in `build`/reader, for reading alone: its weights are fixed.

    Raises:
        FileNotFoundError: it was not trained yet.
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


def reading_loss(reader: Reader, latents: Tensor, scenes: Tensor, said: Tensor) -> Tensor:
    """Cross-entropy of what the scenes have: the subject, and SLOT_WEIGHT of each token that is not blank.

    Args:
        reader: trained.
        latents: Float[N, C, side, side], predicted.
        scenes: Long[N, 1 + slots], as in ComposedPictures.
        said: Bool[N], whose caption the denoiser was told; the others do not count.
    """
    total = latents.new_zeros(len(latents))
    for column, scores in enumerate(reader(latents)):
        loss = F.cross_entropy(scores, scenes[:, column], reduction="none")
        total = total + (loss if column == 0 else SLOT_WEIGHT * loss * (scenes[:, column] > 0))
    return (total * said).mean()
