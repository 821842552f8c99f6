"""All numbers of an evaluation: generated pictures of held-out captions, each token, and the CLIP."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.catalog import Model
from models.clip import OpenClipEmbedder
from models.composer.compose import SLOTS, caption
from models.composer.dataset import ComposedPictures
from models.composer.scenes import scene_of
from models.diffusion import DiffusersRenderer
from models.evaluation.autoencoder import edge_energy, noise_db, reconstructed, sharpness
from models.evaluation.classifier import OVERALL, Classifier, classify, correct, to_input
from models.evaluation.drawing import FIRST_SEED, draw, fitted
from models.evaluation.measures import bytes_below, frechet_distance, median_seconds, share
from models.evaluation.tokens import embed, token_effects
from models.evaluation.variety import measured_variety
from models.jobs import Job
from models.progress import OnProgress, no_progress

COLUMNS = ("subject", *SLOTS)
AUTOENCODED = 200
"""Pictures that measure the autoencoder."""


def evaluate(
    model: Model,
    data: ComposedPictures,
    classifier: Classifier,
    held_out: int,
    pictures: int,
    on_progress: OnProgress = no_progress,
    token_subjects: int = 6,
    tokens: int | None = None,
) -> dict[str, Any]:
    """All numbers of a model, in the form of quality.json.

    Args:
        model: to evaluate.
        data: composed pictures; no training used the last `held_out`.
        classifier: trained on the other pictures.
        held_out: number of held-out pictures.
        pictures: number to draw from held-out captions; at most half of `held_out`, as halves are compared.
        on_progress: called by the slow steps.
        token_subjects: number of subjects that each token is drawn with.
        tokens: number of tokens of each slot to draw, the first ones; None for all.
    """
    pictures = min(pictures, held_out // 2)
    renderer, embedder = DiffusersRenderer(model), OpenClipEmbedder(model)
    real, scenes = data.pictures[-held_out:], data.scenes[-held_out:]
    real_features, real_scores = classify(classifier, real)
    asked = scenes[:pictures]
    jobs = [
        Job(caption(data.subjects[row[0]], scene_of(row).tokens), FIRST_SEED + n)
        for n, row in enumerate(asked)
    ]
    px = data.pictures.shape[1]
    drawn = fitted(draw(renderer, jobs, on_progress, "drawing held-out captions"), px)
    features, scores = classify(classifier, drawn)
    features, real_features = features[:, :OVERALL], real_features[:, :OVERALL]
    by_clip = clip_scores(embedder, drawn, data.subjects)
    real_by_clip = clip_scores(embedder, real, data.subjects)
    half = (real_features[:pictures], real_features[pictures : 2 * pictures])
    result: dict[str, Any] = {
        "model": model.name,
        "fingerprint": model.fingerprint,
        "generated": shares(scores, asked),
        "composed": shares(real_scores, scenes),
        "frechet_generated": round(frechet_distance(features, half[1]), 3),
        "frechet_two_real_halves": round(frechet_distance(*half), 3),
        "clip_on_composed": shares(real_by_clip, scenes),
        "clip_on_generated": shares(by_clip, asked),
        "by_words": {
            "generated": by_words(scores, asked),
            "composed": by_words(real_scores, scenes),
            "clip_on_generated": by_words(by_clip, asked),
            "clip_on_composed": by_words(real_by_clip, scenes),
        },
    }
    result["drawn_sharpness"] = round(_energy(drawn) / _energy(real[:pictures]), 3)

    def drawn_rows(rows: np.ndarray, seed: int) -> np.ndarray:
        work = [Job(caption(data.subjects[row[0]], scene_of(row).tokens), seed) for row in rows]
        return draw(renderer, work, on_progress, f"drawing every prompt with seed {seed}")

    step = max(1, len(data.subjects) // token_subjects)
    numbers = range(0, len(data.subjects), step)[:token_subjects]
    result["variance_of_seeds"] = round(
        measured_variety(drawn_rows, lambda found: embed(embedder, found), numbers), 3
    )
    subjects = data.subjects[::step][:token_subjects]
    result.update(autoencoder_figures(model, real[:AUTOENCODED]))
    result.update(token_effects(renderer, embedder, classifier, subjects, on_progress, tokens))
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


def shares(scores: list[Tensor], scenes: np.ndarray) -> dict[str, dict[str, float | int | None]]:
    """Share of subjects and of each slot's tokens that are named correctly."""
    return dict(zip(COLUMNS, map(share, correct(scores, scenes)), strict=True))


def by_words(scores: list[Tensor], scenes: np.ndarray) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """The same shares, separately for each number of tokens in the caption."""
    words = (scenes[:, 1:] > 0).sum(axis=1)
    found = {}
    for n in sorted(set(words.tolist())):
        of = torch.as_tensor(words == n)
        found[str(n)] = shares([part[of] for part in scores], scenes[words == n])
    return found


def clip_scores(embedder: OpenClipEmbedder, pictures: np.ndarray, subjects: tuple[str, ...]) -> list[Tensor]:
    """Cosine similarity of pictures and words, Float[N, classes] for the subject and each slot.

    The blank token has no words; its score is minus infinity.
    """
    seen = embed(embedder, pictures)
    scores = [seen @ embedder.embed_texts(subjects).T]
    for tokens in SLOTS.values():
        blank = torch.full((len(seen), 1), -torch.inf)
        scores.append(torch.cat((blank, seen @ embedder.embed_texts(tokens[1:]).T), dim=1))
    return scores


def _energy(pictures: np.ndarray) -> float:
    """Mean gradient energy of UInt8 pictures on their edges."""
    parts = [pictures[start : start + AUTOENCODED] for start in range(0, len(pictures), AUTOENCODED)]
    return sum(edge_energy(to_input(part)) * len(part) for part in parts) / len(pictures)


@torch.no_grad()
def autoencoder_figures(model: Model, pictures: np.ndarray) -> dict[str, float]:
    """Noise in decibels and sharpness of UInt8 pictures through the model's autoencoder and back."""
    from diffusers import AutoencoderKL

    vae: Any = AutoencoderKL.from_pretrained(model.pipeline, subfolder="vae").eval()
    x = to_input(pictures).cpu()
    y = reconstructed(vae, x)
    return {
        "autoencoder_psnr_db": round(noise_db(x, y), 2),
        "autoencoder_sharpness": round(sharpness(x, y), 3),
    }
