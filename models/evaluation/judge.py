"""An independent judge of pictures: a small classifier of subject and tokens, trained on composed pictures.

It shares nothing with the CLIP under test, neither weights nor training, and with the reader that teaches the
denoiser from latents only the form of the loss. Much of what it trains on is blurred and bent a little, as
generated pictures are softer than composed ones and their lines waver, and that is not what it is to judge. A
part is moved, turned and resized, and only the subject is asked for there: it is to be told wherever it
stands. The judge's accuracy on composed pictures that no training step saw bounds what it can say of
generated ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.composer.compose import SLOTS
from models.training.dataset import ComposedPictures, SceneSampler
from models.training.loop import Run, amp, device
from models.training.reader import naming_loss

RATE = 2e-3
SEEN_AT_ONCE = 64
WIDTHS = (32, 64, 128, 192)
OVERALL = WIDTHS[-1]
PLACED, GRID = 32, 4
"""Channels that keep their place: a subject is a shape, and shapes are lost in means over the picture."""
MOVED = 0.3
"""Share of each batch that is moved."""
WAVER, WAVES = 2.5, 10
"""Pixels (a standard deviation, at most) that lines are bent by, and bends along a side."""


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


class Judge(nn.Module):
    """Pictures Float[N, 3, px, px] in -1..1 to features Float[N, F] and logits of subject and every slot."""

    def __init__(self, subjects: int) -> None:
        """Untrained; a slot's first class is the blank."""
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for number, width in enumerate(WIDTHS):
            layers += [
                nn.Conv2d(before, width, 5 if number == 0 else 3, 2, 2 if number == 0 else 1, bias=False)
            ]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
            if number >= 2:
                layers.append(_Residual(width))
            before = width
        self.trunk = nn.Sequential(*layers)
        self.widths = (subjects, *(len(tokens) for tokens in SLOTS.values()))
        self.places = nn.Conv2d(WIDTHS[-1], PLACED, 1)
        self.head = nn.Linear(2 * WIDTHS[-1] + PLACED * GRID * GRID, sum(self.widths))

    def features(self, x: Tensor) -> Tensor:
        """Float[N, F]: OVERALL means over the picture, what is where on a GRID x GRID grid, and the peaks."""
        maps = self.trunk(x)
        where = F.adaptive_avg_pool2d(F.relu(self.places(maps)), GRID).flatten(1)
        return torch.cat((maps.mean(dim=(2, 3)), where, maps.amax(dim=(2, 3))), dim=1)

    def logits(self, features: Tensor) -> tuple[Tensor, ...]:
        """One Float[N, classes] for the subject and each slot."""
        parts: tuple[Tensor, ...] = self.head(features).split(self.widths, dim=1)
        return parts


def to_input(pictures: np.ndarray) -> Tensor:
    """Float[N, 3, px, px] of UInt8[N, px, px, 3]."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).to(device()).permute(0, 3, 1, 2)
    return (x.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def _softened(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Most of them blurred, each by its own share of a mean over 2 or, every fourth batch, 4 pixels."""
    wide = 4 if rng.random() < 0.25 else 2
    soft = F.interpolate(
        F.avg_pool2d(x, wide), scale_factor=float(wide), mode="bilinear", align_corners=False
    )
    share = torch.as_tensor(rng.uniform(-0.6, 1, (len(x), 1, 1, 1)), dtype=x.dtype, device=x.device)
    return torch.lerp(x, soft, share.clamp(min=0.0))


def bent(x: Tensor, rng: np.random.Generator, moved: int = 0) -> Tensor:
    """All shifted by a pixel or two, most bent a little; the first `moved` also resized, turned, shifted far.

    Lines that a denoiser draws waver by a pixel or three, and a person reads them none the worse. What comes
    into view from outside mirrors the edges.
    """
    n, px = len(x), x.shape[-1]
    zoom, turn = np.ones(n), np.zeros(n)
    shift = rng.uniform(-4 / px, 4 / px, (2, n))
    zoom[:moved], turn[:moved] = 1 / rng.uniform(0.45, 1.2, moved), rng.normal(0, 0.3, moved)
    shift[:, :moved] = rng.uniform(-0.6, 0.6, (2, moved)) * zoom[:moved]
    rows = [[zoom * np.cos(turn), -zoom * np.sin(turn), shift[0]],
            [zoom * np.sin(turn), zoom * np.cos(turn), shift[1]]]  # fmt: skip
    matrix = torch.as_tensor(np.array(rows).transpose(2, 0, 1), dtype=x.dtype, device=x.device)
    amount = torch.as_tensor(rng.uniform(-0.6, 1, (n, 1, 1, 1)) * WAVER / px, dtype=x.dtype, device=x.device)
    waves = torch.as_tensor(rng.normal(0, 2, (n, 2, WAVES, WAVES)), dtype=x.dtype, device=x.device)
    waves = F.interpolate(waves * amount.clamp(min=0.0), size=(px, px), mode="bicubic", align_corners=False)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False) + waves.permute(0, 2, 3, 1)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def train_judge(
    data: ComposedPictures, held_out: int, minutes: float, folder: Path, batch: int = 64
) -> Judge:
    """The trained judge; resumes from `folder`, and trains no more when its minutes are spent.

    Args:
        data: composed pictures; the last `held_out` are not trained on.
        held_out: how many.
        minutes: of training.
        folder: of the checkpoint.
        batch: pictures a step.
    """
    torch.manual_seed(9)
    judge = Judge(len(data.subjects)).to(device()).to(memory_format=torch.channels_last).train()
    run = Run(folder, minutes, RATE, {"judge": judge})
    rng = np.random.default_rng(900 + run.steps)
    sampler, few = SceneSampler(data, held_out, bias=1.0), int(MOVED * batch)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = sampler.rows(batch, rng)
        x = bent(_softened(to_input(data.pictures[rows]), rng), rng, moved=few)
        with amp():
            logits = judge.logits(judge.features(x.contiguous(memory_format=torch.channels_last)))
        loss, notes = naming_loss(tuple(part[few:] for part in logits), data.scenes[rows[few:]])
        subjects = torch.as_tensor(data.scenes[rows[:few], 0].astype(np.int64), device=x.device)
        elsewhere = F.cross_entropy(logits[0][:few].float(), subjects)
        return loss + elsewhere, notes | {"elsewhere": elsewhere.item()}

    run.train(loss_of, batch)
    return judge.eval()


@torch.no_grad()
def look(judge: Judge, pictures: np.ndarray) -> tuple[Tensor, list[Tensor]]:
    """Of UInt8 pictures: features Float[N, F], and log probabilities Float[N, classes] of each slot."""
    features, scores = [], []
    for start in range(0, len(pictures), SEEN_AT_ONCE):
        seen = judge.features(to_input(pictures[start : start + SEEN_AT_ONCE]))
        features.append(seen.cpu())
        scores.append([part.log_softmax(dim=1).cpu() for part in judge.logits(seen)])
    return torch.cat(features), [torch.cat(parts) for parts in zip(*scores, strict=True)]


def rightly_named(scores: list[Tensor], scenes: np.ndarray) -> list[Any]:
    """For subject and slots: Bool[n], whether the judge names what the scene has, where it has something."""
    right = []
    for column, part in enumerate(scores):
        wanted = torch.as_tensor(scenes[:, column].astype(np.int64))
        named = part.argmax(dim=1) == wanted
        right.append(named if column == 0 else named[wanted > 0])
    return right
