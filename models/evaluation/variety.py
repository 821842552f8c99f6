"""How different the pictures of one prompt are: the variance between seeds, beside that within a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.composer.scenes import random_scene

PROMPTS, SEEDS = 6, 4
"""Prompts of a subject, and pictures of a prompt."""
WORDS = 2
"""Tokens of a prompt."""


def variety_rows(subjects: Sequence[int], seed: int = 2026) -> NDArray[np.int16]:
    """Int16[subjects * PROMPTS, 1 + slots]: random prompts of these subjects, with WORDS tokens each."""
    rng = np.random.default_rng(seed)
    rows = []
    for subject in subjects:
        for _ in range(PROMPTS):
            row = random_scene(1, WORDS, rng)
            row[0] = subject
            rows.append(row)
    return np.array(rows, np.int16)


def share_of_seeds(features: Tensor) -> float:
    """The part of the variance within a subject that lies between the seeds of one prompt, 0..1.

    Both parts are estimated without bias by an analysis of variance with one factor, the prompt. The mean is
    over subjects.

    Args:
        features: Float[subjects, prompts, seeds, D] with at least two prompts and two seeds.
    """
    _, prompts, seeds, _ = features.shape
    of_prompt = features.mean(dim=2, keepdim=True)
    of_subject = of_prompt.mean(dim=1, keepdim=True)
    within = (features - of_prompt).square().sum(dim=(1, 2, 3)) / (prompts * (seeds - 1))
    means = (of_prompt - of_subject).square().sum(dim=(1, 2, 3)) / (prompts - 1)
    between = (means - within / seeds).clamp(min=0)
    return float((within / (within + between)).mean())


def measured_variety(
    drawn: Callable[[NDArray[np.int16], int], NDArray[np.uint8]],
    seen: Callable[[NDArray[np.uint8]], Tensor],
    subjects: Sequence[int],
) -> float:
    """`share_of_seeds` of pictures that are drawn and seen for it.

    Args:
        drawn: the pictures UInt8[N, px, px, 3] of rows, with a seed for all.
        seen: features Float[N, D] of pictures.
        subjects: numbers of the subjects.
    """
    rows = variety_rows(subjects)
    features = torch.stack([seen(drawn(rows, seed)) for seed in range(SEEDS)], dim=1)
    return share_of_seeds(features.reshape(len(subjects), PROMPTS, SEEDS, -1))
