"""Scenes as classes: the loss of a classifier that names the subject and the token of each slot."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.composer.compose import SLOTS


def class_counts(subjects: int) -> tuple[int, ...]:
    """Number of classes of the subject and of each slot; a slot's first class is the blank token."""
    return (subjects, *(len(tokens) for tokens in SLOTS.values()))


def scene_loss(logits: tuple[Tensor, ...], scenes: np.ndarray) -> tuple[Tensor, dict[str, float]]:
    """The sum of the cross-entropies of subject and slots, the subject's counted twice, and what to log.

    Args:
        logits: of the subject and each slot, Float[N, classes], blank tokens first.
        scenes: Int16[N, 1 + slots], as in ComposedPictures.

    Returns:
        The loss, and its value with the share of subjects that are named correctly.
    """
    target = torch.as_tensor(scenes.astype(np.int64), device=logits[0].device)
    parts = [F.cross_entropy(scores.float(), target[:, n]) for n, scores in enumerate(logits)]
    correct = float((logits[0].argmax(dim=1) == target[:, 0]).float().mean())
    loss = torch.stack(parts).sum() + parts[0]
    return loss, {"loss": loss.item(), "subject": correct}
