"""Losses that make an autoencoder sharp: the eye of a fixed network, and a critic of small patches.

Where the latents lose a line's exact place, the middle of all likely places has the least L1 error, and it
is a blur. Three more losses do not reward the blur. The edges in a small window shall be as strong as those
of the composed picture, wherever they are in it. The features of the released CLIP's first layers differ
between a line and a blur (Johnson et al. 2016, arXiv 1603.08155). The critic learns to tell composed patches
from decoded ones (Isola et al. 2017, arXiv 1611.07004; Esser et al. 2021, arXiv 2012.09841), and the decoder
learns to pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrizations import spectral_norm

from models.loop import device

GAIN = 8.0
"""Factor of the critic's scores: it has to learn as fast as the decoder, at the decoder's learning rate."""

WINDOW = 8
"""Side in pixels of the windows in which edges are as strong as they should be."""


class Critic(nn.Module):
    """Pictures Float[N, 3, px, px] to one score for each patch of 22 pixels; high is "composed"."""

    def __init__(self, width: int = 32) -> None:
        """Untrained."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * width, 3 * width, 3, 1, 1)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(3 * width, 1, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Float[N, 1, px / 4, px / 4]."""
        scores: Tensor = GAIN * self.layers(pictures)
        return scores


def critic_losses(critic: Critic, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The hinge loss that trains the critic, and the loss by which the critic teaches the decoder.

    Each reaches only its own network: the first sees decoded pictures without their gradient, the second a
    critic whose weights are constants. So both can be added and have one optimiser.

    Args:
        critic: in training.
        x: composed pictures, Float[N, 3, px, px] in -1..1.
        y: the same pictures decoded.
    """
    judged = F.relu(1 - critic(x)).mean() + F.relu(1 + critic(y.detach())).mean()
    constants = {name: p.detach() for name, p in critic.named_parameters()}
    taught = -functional_call(critic, constants, (y,)).mean()
    return judged, taught


def sharp_losses(
    critic: Critic, eye: Eye, x: Tensor, y: Tensor, settings: Mapping[str, Any], critic_weight: float
) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum of the three losses and of the critic's own, and each of them to log.

    Args:
        critic: in training.
        eye: fixed.
        x: composed pictures, Float[N, 3, px, px] in -1..1.
        y: the same pictures decoded.
        settings: has `feature_weight` and `energy_weight`, and `judged` if eye and critic see fewer than N.
        critic_weight: of what the critic teaches.
    """
    seen = settings.get("judged", len(x))
    features, energy = feature_loss(eye, x[:seen], y[:seen]), energy_loss(x, y)
    judged, taught = critic_losses(critic, x[:seen], y[:seen])
    loss = settings["feature_weight"] * features + settings["energy_weight"] * energy
    notes = {"features": features, "energy": energy, "judged": judged, "taught": taught}
    return loss + judged + critic_weight * taught, {name: value.item() for name, value in notes.items()}


def energy_loss(x: Tensor, y: Tensor) -> Tensor:
    """Mean difference of the strength of edges in small windows, wherever in a window the edges are.

    Where the latents have lost the exact place of a line, this loss is small for a sharp line beside it, and
    large for a blur.

    Args:
        x: composed pictures, Float[N, 3, px, px].
        y: the same pictures decoded.
    """
    return torch.stack([(_strength(x, axis) - _strength(y, axis)).abs().mean() for axis in (2, 3)]).mean()


def _strength(pictures: Tensor, axis: int) -> Tensor:
    """Root of the mean squared difference of neighbours in each window."""
    return (F.avg_pool2d(pictures.diff(dim=axis).square(), WINDOW, WINDOW // 2) + 1e-4).sqrt()


class Eye(nn.Module):
    """The first layers of the released CLIP's picture tower, with fixed weights."""

    def __init__(self, weights: Path) -> None:
        """Read the weights of an OpenCLIP folder such as models/mini/clip."""
        import open_clip

        super().__init__()
        model: Any = open_clip.create_model(f"local-dir:{weights}", pretrained_image=False)
        self.tower = model.visual.eval().requires_grad_(False).to(device())

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Features of three depths, each with unit mean square over its channels."""
        tower = self.tower
        x = tower.stem(2 * pictures)  # the CLIP's input has mean 0.5 and deviation 0.25
        features = [x]
        for layer in (tower.layer1, tower.layer2):
            x = layer(x)
            features.append(x)
        return [f / (f.pow(2).mean(dim=1, keepdim=True) + 1e-6).sqrt() for f in features]


def feature_loss(eye: Eye, x: Tensor, y: Tensor) -> Tensor:
    """Mean difference of the eye's features of two batches of pictures."""
    with torch.no_grad():
        wanted = eye(x)
    return torch.stack([(a - b).abs().mean() for a, b in zip(wanted, eye(y), strict=True)]).mean()
