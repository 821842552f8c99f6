"""Evaluate a model: what it draws on captions that it never saw, what each token does, what its CLIP sees."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.catalog import Model
from models.clip import OpenClipEmbedder
from models.composer.compose import SLOTS, caption
from models.diffusion import DiffusersRenderer
from models.evaluation.judge import OVERALL, Judge, look, rightly_named, to_input
from models.evaluation.measures import (
    bytes_below,
    frechet_distance,
    median_seconds,
    share,
    taste_rank_correlation,
)
from models.training.dataset import ComposedPictures, scene_of

OnProgress = Callable[[str, int, int], None]
COLUMNS = ("subject", *SLOTS)
SLOTS_IN_ORDER = tuple(SLOTS.values())
FIRST_SEED = 40_000
AUTOENCODED = 200
WEAK = 0.5
"""A token that the judge sees in fewer of its pictures is listed as weak."""


@dataclass(frozen=True)
class Job:
    """One picture to draw."""

    prompt: str
    seed: int
    negative_prompt: str = ""


def evaluate(
    model: Model,
    data: ComposedPictures,
    judge: Judge,
    held_out: int,
    pictures: int,
    on_progress: OnProgress = lambda what, done, of: None,
    token_subjects: int = 6,
) -> dict[str, Any]:
    """All numbers.

    Args:
        model: to evaluate.
        data: composed pictures, of which the last `held_out` were not trained on by anything.
        judge: trained on the others.
        held_out: how many.
        pictures: to draw from held-out captions; at most half of `held_out`, as halves are compared.
        on_progress: told about the slow steps.
        token_subjects: subjects that each token is drawn with, alone, to see what it does.
    """
    pictures = min(pictures, held_out // 2)
    renderer, embedder = DiffusersRenderer(model), OpenClipEmbedder(model)
    real, scenes = data.pictures[-held_out:], data.scenes[-held_out:]
    real_features, real_scores = look(judge, real)
    asked = scenes[:pictures]
    jobs = [
        Job(caption(data.subjects[row[0]], scene_of(row).tokens), FIRST_SEED + n)
        for n, row in enumerate(asked)
    ]
    drawn = draw(renderer, jobs, on_progress, "drawing held-out captions")
    features, scores = look(judge, drawn)
    features, real_features = features[:, :OVERALL], real_features[:, :OVERALL]
    right = rightly_named(scores, asked)
    by_clip = clip_scores(embedder, drawn, data.subjects)
    real_by_clip = clip_scores(embedder, real, data.subjects)
    half = (real_features[:pictures], real_features[pictures : 2 * pictures])
    result: dict[str, Any] = {
        "model": model.name,
        "fingerprint": model.fingerprint,
        "generated": dict(zip(COLUMNS, map(share, right), strict=True)),
        "composed": dict(zip(COLUMNS, map(share, rightly_named(real_scores, scenes)), strict=True)),
        "frechet_generated": round(frechet_distance(features, half[1]), 3),
        "frechet_two_real_halves": round(frechet_distance(*half), 3),
        "clip_on_composed": dict(zip(COLUMNS, map(share, rightly_named(real_by_clip, scenes)), strict=True)),
        "clip_on_generated": dict(zip(COLUMNS, map(share, rightly_named(by_clip, asked)), strict=True)),
        "by_words": {
            "generated": by_words(scores, asked),
            "composed": by_words(real_scores, scenes),
            "clip_on_generated": by_words(by_clip, asked),
            "clip_on_composed": by_words(real_by_clip, scenes),
        },
    }
    step = max(1, len(data.subjects) // token_subjects)
    result["autoencoder_psnr_db"] = autoencoder_psnr(model, real[:AUTOENCODED])
    result.update(
        _token_effects(renderer, embedder, judge, data.subjects[::step][:token_subjects], on_progress)
    )
    four = [Job(job.prompt, 7) for job in jobs[:4]]
    seen = [Image.fromarray(picture) for picture in drawn[:4]]
    result.update(
        seconds_round_of_4=round(median_seconds(lambda: renderer.render(four)), 2),
        seconds_embed_4=round(median_seconds(lambda: embedder.embed_pictures(seen)), 3),
        threads=torch.get_num_threads(),
        bytes=bytes_below(model.pipeline) + bytes_below(model.clip),
    )
    renderer.close()
    return result


def by_words(scores: list[Tensor], scenes: np.ndarray) -> dict[str, dict[str, dict[str, float | int]]]:
    """Shares of subject and slots rightly named, apart for each number of tokens that the captions have."""
    words = (scenes[:, 1:] > 0).sum(axis=1)
    shares = {}
    for n in sorted(set(words.tolist())):
        of = torch.as_tensor(words == n)
        right = rightly_named([part[of] for part in scores], scenes[words == n])
        shares[str(n)] = dict(zip(COLUMNS, map(share, right), strict=True))
    return shares


def draw(renderer: DiffusersRenderer, jobs: list[Job], on_progress: OnProgress, what: str) -> np.ndarray:
    """UInt8[N, px, px, 3], the pictures of all jobs."""
    pictures: list[np.ndarray] = []
    on_progress(what, 0, len(jobs))
    for start in range(0, len(jobs), 8):
        for content in renderer.render(jobs[start : start + 8]):
            pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
        on_progress(what, len(pictures), len(jobs))
    return np.stack(pictures)


def embed(embedder: OpenClipEmbedder, pictures: np.ndarray) -> Tensor:
    """Float[N, D] of UInt8 pictures."""
    images = [Image.fromarray(picture) for picture in pictures]
    return torch.cat([embedder.embed_pictures(images[n : n + 64]) for n in range(0, len(images), 64)])


def clip_scores(embedder: OpenClipEmbedder, pictures: np.ndarray, subjects: tuple[str, ...]) -> list[Tensor]:
    """For subject and slots: Float[N, classes], how near a picture is to each word, never to a blank."""
    seen = embed(embedder, pictures)
    scores = [seen @ embedder.embed_texts(subjects).T]
    for tokens in SLOTS.values():
        blank = torch.full((len(seen), 1), -torch.inf)
        scores.append(torch.cat((blank, seen @ embedder.embed_texts(tokens[1:]).T), dim=1))
    return scores


@torch.no_grad()
def autoencoder_psnr(model: Model, pictures: np.ndarray) -> float:
    """Peak signal-to-noise ratio of UInt8 pictures through the model's autoencoder and back, in decibels."""
    from diffusers import AutoencoderKL

    vae: Any = AutoencoderKL.from_pretrained(model.pipeline, subfolder="vae").eval()
    x = to_input(pictures).cpu()
    y = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
    error = ((x - y) / 2).pow(2).mean(dim=(1, 2, 3))
    return round(float((-10 * error.log10()).mean()), 2)


def _token_effects(
    renderer: DiffusersRenderer,
    embedder: OpenClipEmbedder,
    judge: Judge,
    subjects: tuple[str, ...],
    on_progress: OnProgress,
) -> dict[str, Any]:
    """What each token does, against the same subject and seed without it."""
    prompts = list(subjects)
    tokens = [(slot, number) for slot, words in enumerate(SLOTS.values()) for number in range(1, len(words))]
    names = [SLOTS_IN_ORDER[slot][number] for slot, number in tokens]
    for name in names:
        prompts += [f"{subject}, {name}" for subject in subjects]
    jobs = [Job(prompt, FIRST_SEED + 90_000 + n % len(subjects)) for n, prompt in enumerate(prompts)]
    drawn = draw(renderer, jobs, on_progress, "drawing every token")
    _, scores = look(judge, drawn)
    seen = embed(embedder, drawn).double().reshape(1 + len(tokens), len(subjects), -1)
    effects = (seen[1:] - seen[0]).mean(dim=1)
    said = embedder.embed_texts(names).double()
    of_slot = torch.tensor([slot for slot, _ in tokens])
    text_effects = torch.stack(
        [row - said[of_slot == slot].mean(dim=0) for row, slot in zip(said, of_slot, strict=True)]
    )
    shares, margins = {}, {}
    for row, ((slot, number), name) in enumerate(zip(tokens, names, strict=True)):
        part = scores[slot + 1].reshape(1 + len(tokens), len(subjects), -1)
        shares[name] = round(float((part[row + 1].argmax(dim=1) == number).float().mean()), 2)
        margins[name] = round(float((part[row + 1, :, number] - part[0, :, number]).mean()), 2)
    return {
        "token_seen_alone": shares,
        "token_margin_nats": margins,
        "weak_tokens": sorted(name for name, value in shares.items() if value < WEAK),
        "tokens_text_picture_rank_correlation": round(taste_rank_correlation(text_effects, effects), 3),
    }
