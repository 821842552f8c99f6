"""How much of a picture an autoencoder keeps: the noise that it adds, and the sharpness of edges."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

EDGE = 0.08
"""Smallest change of brightness between two pixels, of a range of 0..1, that counts as an edge."""
BATCH = 16


def reconstructed(vae: Any, x: Tensor) -> Tensor:
    """Pictures Float[N, 3, px, px] in -1..1 through a diffusers.AutoencoderKL and back."""
    parts = [vae.decode(vae.encode(part).latent_dist.mean).sample for part in torch.split(x, BATCH)]
    return torch.cat(parts).float().clamp(-1, 1)


def noise_db(x: Tensor, y: Tensor) -> float:
    """Peak signal-to-noise ratio of `y` against `x`, both Float[N, 3, px, px] in -1..1, in decibels."""
    error = ((x - y) / 2).pow(2).mean(dim=(1, 2, 3))
    return float((-10 * error.log10()).mean())


def sharpness(x: Tensor, y: Tensor) -> float:
    """Gradient energy of `y` on the edges of `x`, relative to that of `x`: 1 is as sharp, 0 is without edges.

    Both are Float[N, 3, px, px] in -1..1. An edge is a pixel of `x` whose brightness changes by more than
    EDGE to the pixels below and beside it. What lies between edges does not count.
    """
    energy, whole = _gradient(y), _gradient(x)
    edges = whole > EDGE**2
    return float((energy * edges).sum() / (whole * edges).sum().clamp(min=1e-9))


def edge_energy(x: Tensor) -> float:
    """Mean gradient energy of pictures Float[N, 3, px, px] in -1..1 on their own edges."""
    energy = _gradient(x)
    return float((energy * (energy > EDGE**2)).mean())


def _gradient(pictures: Tensor) -> Tensor:
    """Float[N, px - 1, px - 1]: the squared gradient of the brightness, which is in 0..1."""
    gray = (pictures / 2 + 0.5).mean(dim=1)
    down = gray[:, 1:, :-1] - gray[:, :-1, :-1]
    across = gray[:, :-1, 1:] - gray[:, :-1, :-1]
    return down.pow(2) + across.pow(2)
