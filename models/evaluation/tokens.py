"""What each token does to a picture, measured against the same subject and seed without the token."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.clip import OpenClipEmbedder
from models.composer.compose import SLOTS
from models.diffusion import DiffusersRenderer
from models.evaluation.classifier import Classifier, classify
from models.evaluation.drawing import FIRST_SEED, draw
from models.evaluation.measures import taste_rank_correlation
from models.jobs import Job
from models.progress import OnProgress

WEAK = 0.5
"""A token is listed as weak when the classifier names it in a smaller share of its pictures."""


def listed_tokens(count: int | None = None) -> list[tuple[int, int, str]]:
    """(slot, number, token) of the first `count` tokens of every slot, or of all tokens; no blank tokens."""
    return [
        (slot, number, words[number])
        for slot, words in enumerate(SLOTS.values())
        for number in range(1, len(words) if count is None else min(1 + count, len(words)))
    ]


def embed(embedder: OpenClipEmbedder, pictures: np.ndarray) -> Tensor:
    """Float[N, D] of UInt8 pictures."""
    images = [Image.fromarray(picture) for picture in pictures]
    return torch.cat([embedder.embed_pictures(images[n : n + 64]) for n in range(0, len(images), 64)])


def token_effects(
    renderer: DiffusersRenderer,
    embedder: OpenClipEmbedder,
    classifier: Classifier,
    subjects: tuple[str, ...],
    on_progress: OnProgress,
    count: int | None = None,
) -> dict[str, Any]:
    """How visible each token is, and how well its words predict what it does to a picture.

    With one token of each slot there is no order to predict, and the rank correlation is None.

    Args:
        renderer: draws every token with every subject.
        embedder: of texts and pictures.
        classifier: names the tokens.
        subjects: to draw the tokens with.
        on_progress: of the drawing.
        count: tokens of each slot; None for all.
    """
    tokens = listed_tokens(count)
    names = [name for _, _, name in tokens]
    prompts = list(subjects)
    for name in names:
        prompts += [f"{subject}, {name}" for subject in subjects]
    jobs = [Job(prompt, FIRST_SEED + 90_000 + n % len(subjects)) for n, prompt in enumerate(prompts)]
    drawn = draw(renderer, jobs, on_progress, "drawing every token")
    _, scores = classify(classifier, drawn)
    seen = embed(embedder, drawn).double().reshape(1 + len(tokens), len(subjects), -1)
    effects = (seen[1:] - seen[0]).mean(dim=1)
    by_words = embedder.embed_texts(names).double()
    of_slot = torch.tensor([slot for slot, _, _ in tokens])
    text_effects = torch.stack(
        [row - by_words[of_slot == slot].mean(dim=0) for row, slot in zip(by_words, of_slot, strict=True)]
    )
    shares, margins = {}, {}
    for row, (slot, number, name) in enumerate(tokens):
        part = scores[slot + 1].reshape(1 + len(tokens), len(subjects), -1)
        shares[name] = round(float((part[row + 1].argmax(dim=1) == number).float().mean()), 2)
        margins[name] = round(float((part[row + 1, :, number] - part[0, :, number]).mean()), 2)
    return {
        "token_seen_alone": shares,
        "token_margin_nats": margins,
        "weak_tokens": sorted(name for name, value in shares.items() if value < WEAK),
        "tokens_text_picture_rank_correlation": (
            None if count == 1 else round(taste_rank_correlation(text_effects, effects), 3)
        ),
    }
