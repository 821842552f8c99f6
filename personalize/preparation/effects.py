"""Token effects: what each token does to the pictures it is in, on average over subjects.

Effects are measured on drawn pictures. Where too many pictures would be drawn, the tokens' texts are
embedded instead. Both are cached by content; a vocabulary may ship with measured effects.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import Tensor

from personalize.errors import StoreError
from personalize.files import write_whole
from personalize.mdp.features import token_effects
from personalize.preparation.text_cache import embed_kept
from personalize.progress import OnProgress
from personalize.rendering.png import open_picture
from personalize.rendering.protocols import Embedder, Renderer
from personalize.session.record import PictureRecord
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

RENDERED_AT_ONCE = 8
MOST_DRAWN = 2000
"""Most pictures that are drawn to measure effects: minutes for mini. Beyond that, texts are embedded."""

CONTEXT_SEED = 20_512
"""Seed of the pictures that effects are measured on."""


def feature_source(vocabulary: Vocabulary, settings: Settings) -> str:
    """Where effects are measured, "pictures" or "texts"; "auto" decides by the number of pictures to draw."""
    if settings.feature_source != "auto":
        return settings.feature_source
    return "pictures" if vocabulary.size * settings.contexts <= MOST_DRAWN else "texts"


def effects_key(vocabulary: Vocabulary, renderer: Renderer, embedder: Embedder, settings: Settings) -> str:
    """16 hexadecimal digits of what the effects depend on."""
    drawn = feature_source(vocabulary, settings) == "pictures"
    facts = [vocabulary.fingerprint, renderer.name if drawn else "texts", embedder.name, settings.contexts]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def measured_effects(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress,
    shipped: Path | None = None,
) -> tuple[Tensor, Tensor]:
    """Effects Float[S, D] of all tokens, and the mean embedding Float[D]; kept in the cache."""
    key = effects_key(vocabulary, renderer, embedder, settings)
    kept = settings.cache / f"effects-{key}.npz"
    for file in (kept, *([shipped / f"effects-{key}.npz"] if shipped else [])):
        if file.exists():
            loaded = _read_effects(file)
            if loaded is not None:
                return loaded
    prompts = context_prompts(vocabulary, settings.contexts)
    if feature_source(vocabulary, settings) == "texts":
        why = f"; drawing would take {len(prompts)} pictures" if settings.feature_source == "auto" else ""
        what = f"reading what {vocabulary.size} tokens mean{why}"
        embeddings = embed_kept(
            prompts, embedder, settings.cache, lambda done, of: on_progress(what, done, of)
        )
    else:
        embeddings = _embedded_pictures(prompts, renderer, embedder, on_progress)
    grid = embeddings.to(torch.float64).reshape(vocabulary.size, settings.contexts, -1)
    effects, mean = token_effects(grid, grid[0]), grid.reshape(-1, grid.shape[-1]).mean(dim=0)
    _write_effects(kept, effects, mean)
    return effects, mean


def context_prompts(vocabulary: Vocabulary, contexts: int) -> list[str]:
    """S x C prompts, token by token: each token alone after each of C subjects spread over the list."""
    count = len(vocabulary.subjects)
    subjects = [vocabulary.subjects[(index * count) // contexts % count] for index in range(contexts)]
    prompts = []
    for number, token in enumerate(vocabulary.tokens):
        path = [0] * vocabulary.horizon
        if number:
            path[vocabulary.slot_of(token)] = number
        prompts += [vocabulary.prompt(subject, path) for subject in subjects]
    return prompts


def _embedded_pictures(
    prompts: Sequence[str], renderer: Renderer, embedder: Embedder, on_progress: OnProgress
) -> Tensor:
    rows: list[Tensor] = []
    for start in range(0, len(prompts), RENDERED_AT_ONCE):
        on_progress("looking at what each token does", start, len(prompts))
        jobs = [
            PictureRecord(renderer.name, prompt, "", CONTEXT_SEED)
            for prompt in prompts[start : start + RENDERED_AT_ONCE]
        ]
        pictures: list[Image.Image] = [open_picture(content) for content in renderer.render(jobs)]
        rows.append(embedder.embed_pictures(pictures))
    on_progress("looking at what each token does", len(prompts), len(prompts))
    return torch.cat(rows)


def _read_effects(file: Path) -> tuple[Tensor, Tensor] | None:
    """What `_write_effects` wrote, or None when the file is damaged: then it is measured again."""
    try:
        with file.open("rb") as stream, numpy.load(stream, allow_pickle=False) as arrays:
            return torch.from_numpy(arrays["effects"]), torch.from_numpy(arrays["mean"])
    except Exception:  # noqa: BLE001 - a damaged archive raises what it likes, and is only a cache
        return None


def _write_effects(file: Path, effects: Tensor, mean: Tensor) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"effects": effects.numpy(), "mean": mean.numpy()}
        write_whole(file, lambda stream: numpy.savez(stream, allow_pickle=False, **arrays))
    except OSError as error:
        raise StoreError(
            f"Expected to keep what was measured in {file.parent}, found: {error}. "
            "Check the folder and its space, or choose another with --data."
        ) from error
