"""Figures of merit: shares with their errors, the Frechet distance, rank correlations, sizes and times."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import linalg, stats
from torch import Tensor

TASTES = 200
"""Random tastes that the rank correlation is the mean of."""


def share(right: Tensor) -> dict[str, float | int]:
    """The share that is true, its standard error, and of how many."""
    n = len(right)
    p = float(right.float().mean()) if n else math.nan
    return {
        "share": round(p, 3),
        "error": round(math.sqrt(max(p * (1 - p), 0) / n), 3) if n else math.nan,
        "of": n,
    }


def frechet_distance(one: Tensor, other: Tensor) -> float:
    r"""Between the normals fitted to two sets of features Float[N, F] (Heusel et al. 2017).

    .. math:: |\mu_1 - \mu_2|^2 + \mathrm{tr}(C_1 + C_2 - 2 (C_1 C_2)^{1/2})

    It falls with N, so compare distances of equally many.
    """
    a, b = one.double().numpy(), other.double().numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(ca @ cb + 1e-9 * np.eye(len(ca)))
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(ca) + np.trace(cb) - 2 * np.trace(np.real(root)))


def taste_rank_correlation(text_effects: Tensor, picture_effects: Tensor, seed: int = 0) -> float:
    """Spearman's rho of the tokens' utilities by text and by picture, mean over random tastes.

    A taste is a random mixture of picture effects, as one learned from pictures is; each token then has a
    utility by what it does to a picture, and one by what its words say: 0 when unrelated, 1 in one order.

    Args:
        text_effects: Float[S, D], a token's text embedding less the mean of its slot's.
        picture_effects: Float[S, D], what the token changes in the embedding of rendered pictures.
        seed: of the tastes.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(TASTES, len(picture_effects), generator=generator, dtype=picture_effects.dtype)
    tastes = weights @ picture_effects
    by_text, by_picture = tastes @ text_effects.T, tastes @ picture_effects.T
    rhos = [
        float(stats.spearmanr(a.numpy(), b.numpy()).statistic)
        for a, b in zip(by_text, by_picture, strict=True)
    ]
    return sum(rhos) / len(rhos)


def median_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Of `repeats` runs after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[repeats // 2]


def bytes_below(folder: Path) -> int:
    """Of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
