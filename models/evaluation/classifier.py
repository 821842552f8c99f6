"""An independent classifier of pictures: it names the subject and the token of each slot.

It is trained on composed pictures. It shares nothing with the CLIP under test, and only the form of its loss
with the reader that teaches the denoiser.

Most of its training pictures are blurred and bent a little, because generated pictures are softer than
composed ones and their lines waver, and the classifier shall not measure that. Some pictures of each batch
are moved, turned and resized; for those the loss is on the subject alone, so that the classifier finds a
subject anywhere. Its accuracy on composed pictures that no training step used is an upper bound of what it
can measure on generated ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.composer.classes import class_counts, scene_loss
from models.composer.dataset import ComposedPictures
from models.composer.sampling import SceneSampler
from models.loop import Budget, Run, amp, device

RATE = 2e-3
BATCH = 64
"""Pictures that are classified at once."""
WIDTHS = (32, 64, 128, 192)
USUAL_PX = 128
"""Side of the pictures that the widths are for. The first layer steps further over larger ones."""
OVERALL = WIDTHS[-1]
"""The first features, which are means over the picture."""
PLACED, GRID = 32, 4
"""Channels that are averaged over a grid and not over the picture: means over the picture lose shapes."""
MOVED = 0.3
"""Share of each batch that is moved."""
WAVER, WAVES = 2.5, 10
"""Largest standard deviation of the bends in pixels of 128, and number of bends along a side."""
CHECKPOINT_NAME = "judge"
"""The key of the weights in a checkpoint. It is older than this module's name."""


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


class Classifier(nn.Module):
    """Pictures Float[N, 3, px, px] in -1..1 to features Float[N, F] and logits of subject and every slot."""

    def __init__(self, subjects: int, px: int = USUAL_PX) -> None:
        """Untrained.

        Args:
            subjects: number of subjects.
            px: side of the pictures; a multiple of USUAL_PX.
        """
        super().__init__()
        layers: list[nn.Module] = []
        before, step = 3, 2 * max(1, px // USUAL_PX)
        for number, width in enumerate(WIDTHS):
            kernel, stride = (2 * step + 1, step) if number == 0 else (3, 2)
            layers += [nn.Conv2d(before, width, kernel, stride, kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
            if number >= 2:
                layers.append(_Residual(width))
            before = width
        self.trunk = nn.Sequential(*layers)
        self.widths = class_counts(subjects)
        self.places = nn.Conv2d(WIDTHS[-1], PLACED, 1)
        self.head = nn.Linear(2 * WIDTHS[-1] + PLACED * GRID * GRID, sum(self.widths))

    def features(self, x: Tensor) -> Tensor:
        """Float[N, F]: OVERALL means over the picture, means over a GRID x GRID grid, and maxima."""
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
    """Most pictures blurred over 2 of 128 pixels (4 in every fourth batch), each by its own random share."""
    wide = (4 if rng.random() < 0.25 else 2) * max(1, x.shape[-1] // USUAL_PX)
    soft = F.interpolate(
        F.avg_pool2d(x, wide), scale_factor=float(wide), mode="bilinear", align_corners=False
    )
    share = torch.as_tensor(rng.uniform(-0.6, 1, (len(x), 1, 1, 1)), dtype=x.dtype, device=x.device)
    return torch.lerp(x, soft, share.clamp(min=0.0))


def bent(x: Tensor, rng: np.random.Generator, moved: int = 0) -> Tensor:
    """All pictures shifted by up to 2 of 128 pixels, most bent a little; the first `moved` changed more.

    Lines that a denoiser draws waver by one to three such pixels, which people hardly notice. The first
    `moved` pictures are also resized, turned and shifted far. Pixels from outside of a picture mirror its
    edges.

    Args:
        x: Float[N, C, px, px].
        rng: random generator.
        moved: number of pictures that are moved.
    """
    n, px = len(x), x.shape[-1]
    zoom, turn = np.ones(n), np.zeros(n)
    shift = rng.uniform(-4 / USUAL_PX, 4 / USUAL_PX, (2, n))
    zoom[:moved], turn[:moved] = 1 / rng.uniform(0.45, 1.2, moved), rng.normal(0, 0.3, moved)
    shift[:, :moved] = rng.uniform(-0.6, 0.6, (2, moved)) * zoom[:moved]
    rows = [[zoom * np.cos(turn), -zoom * np.sin(turn), shift[0]],
            [zoom * np.sin(turn), zoom * np.cos(turn), shift[1]]]  # fmt: skip
    matrix = torch.as_tensor(np.array(rows).transpose(2, 0, 1), dtype=x.dtype, device=x.device)
    amount = torch.as_tensor(
        rng.uniform(-0.6, 1, (n, 1, 1, 1)) * WAVER / USUAL_PX, dtype=x.dtype, device=x.device
    )
    waves = torch.as_tensor(rng.normal(0, 2, (n, 2, WAVES, WAVES)), dtype=x.dtype, device=x.device)
    waves = F.interpolate(waves * amount.clamp(min=0.0), size=(px, px), mode="bicubic", align_corners=False)
    grid = F.affine_grid(matrix, list(x.shape), align_corners=False) + waves.permute(0, 2, 3, 1)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def train_classifier(
    data: ComposedPictures,
    held_out: int,
    budget: Budget,
    folder: Path,
    batch: int = 64,
    stop: Callable[[Classifier, int], bool] | None = None,
) -> Classifier:
    """The trained classifier; resumes from `folder`, and does not train when the budget is spent.

    Args:
        data: composed pictures; the last `held_out` are not used.
        held_out: number of those.
        budget: of the training.
        folder: of the checkpoint.
        batch: pictures a step.
        stop: called with the classifier and the steps done, before each step; True ends the training.

    Raises:
        ValueError: the checkpoint belongs to a classifier of other subjects.
    """
    torch.manual_seed(9)
    net = (
        Classifier(len(data.subjects), data.pictures.shape[1])
        .to(device())
        .to(memory_format=torch.channels_last)
        .train()
    )
    run = Run(folder, budget, RATE, {CHECKPOINT_NAME: net})
    rng = np.random.default_rng(900 + run.steps)
    sampler, few = SceneSampler(data, held_out, bias=1.0), int(MOVED * batch)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rows = sampler.rows(batch, rng)
        x = bent(_softened(to_input(data.pictures[rows]), rng), rng, moved=few)
        with amp():
            logits = net.logits(net.features(x.contiguous(memory_format=torch.channels_last)))
        loss, notes = scene_loss(tuple(part[few:] for part in logits), data.scenes[rows[few:]])
        subjects = torch.as_tensor(data.scenes[rows[:few], 0].astype(np.int64), device=x.device)
        elsewhere = F.cross_entropy(logits[0][:few].float(), subjects)
        return loss + elsewhere, notes | {"elsewhere": elsewhere.item()}

    run.train(loss_of, batch, stop=None if stop is None else lambda steps: stop(net, steps))
    return net.eval()


@torch.no_grad()
def classify(net: Classifier, pictures: np.ndarray) -> tuple[Tensor, list[Tensor]]:
    """Features Float[N, F] of UInt8 pictures, and log probabilities Float[N, classes] of each slot."""
    features, scores = [], []
    for start in range(0, len(pictures), BATCH):
        part = net.features(to_input(pictures[start : start + BATCH]))
        features.append(part.cpu())
        scores.append([logits.log_softmax(dim=1).cpu() for logits in net.logits(part)])
    return torch.cat(features), [torch.cat(parts) for parts in zip(*scores, strict=True)]


def correct(scores: list[Tensor], scenes: np.ndarray) -> list[Tensor]:
    """Bool[n] for the subject and each slot: whether the highest score is right; blank tokens do not count.

    Args:
        scores: of the subject and each slot, Float[N, classes].
        scenes: Int16[N, 1 + slots].
    """
    found = []
    for column, part in enumerate(scores):
        target = torch.as_tensor(scenes[:, column].astype(np.int64))
        right = part.argmax(dim=1) == target
        found.append(right if column == 0 else right[target > 0])
    return found
