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
"""Random tastes that the rank correlation is averaged over."""


def share(right: Tensor) -> dict[str, float | int | None]:
    """Share of true values, its standard error, and the number of values; of no values, both are None."""
    n = len(right)
    if not n:
        return {"share": None, "error": None, "of": 0}
    p = float(right.float().mean())
    return {"share": round(p, 3), "error": round(math.sqrt(max(p * (1 - p), 0) / n), 3), "of": n}


def frechet_distance(one: Tensor, other: Tensor) -> float:
    r"""Frechet distance of the normals fitted to two sets of features Float[N, F] (Heusel et al. 2017).

    .. math:: |\mu_1 - \mu_2|^2 + \mathrm{tr}(C_1 + C_2 - 2 (C_1 C_2)^{1/2})

    It falls with N, so compare only distances of sets of the same size.
    """
    a, b = one.double().numpy(), other.double().numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(ca @ cb + 1e-9 * np.eye(len(ca)))
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(ca) + np.trace(cb) - 2 * np.trace(np.real(root)))


def taste_rank_correlation(text_effects: Tensor, picture_effects: Tensor, seed: int = 0) -> float:
    """Spearman's rho of the tokens' utilities by text and by picture, averaged over random tastes.

    A taste is a random mixture of picture effects, like a taste that was learned from pictures. Each token
    has one utility from its effect on pictures and one from its text. Rho is 0 if the two are unrelated and
    1 if they give the same order.

    Args:
        text_effects: Float[S, D], text embedding of a token minus the mean of its slot.
        picture_effects: Float[S, D], change of the embedding of rendered pictures by the token.
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
    """Median time of `repeats` runs, after one run that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[repeats // 2]


def bytes_below(folder: Path) -> int:
    """Size of all files in a folder and its subfolders, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
