"""Measures token effects: the mean change that a token causes in the embedding of a picture.

The mean is over subjects. Effects are measured on rendered pictures. For a large vocabulary the texts of the
prompts are embedded instead. Effects are cached by the content of their inputs. A vocabulary may ship with
measured effects.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
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
"""Pictures in one call of the renderer."""

MOST_DRAWN = 2000
"""Most pictures for which "auto" chooses pictures, not texts. With mini that takes minutes."""

CONTEXT_SEED = 20_512
"""Seed of the pictures that measure effects."""


def feature_source(vocabulary: Vocabulary, settings: Settings) -> str:
    """The source of the effects, "pictures" or "texts"; "auto" chooses by the number of pictures."""
    if settings.feature_source != "auto":
        return settings.feature_source
    return "pictures" if vocabulary.size * settings.contexts <= MOST_DRAWN else "texts"


def effects_key(vocabulary: Vocabulary, renderer: Renderer, embedder: Embedder, settings: Settings) -> str:
    """16 hexadecimal digits that identify the inputs of the effects."""
    by_pictures = feature_source(vocabulary, settings) == "pictures"
    source = renderer.name if by_pictures else "texts"
    inputs = [vocabulary.fingerprint, source, embedder.name, settings.contexts]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


def measured_effects(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress,
    shipped: Path | None = None,
) -> tuple[Tensor, Tensor]:
    """Effects Float[S, D] of all tokens, and the mean embedding Float[D], from the cache or measured now.

    Args:
        vocabulary: the tokens and the subjects.
        renderer: renders the pictures of source "pictures".
        embedder: embeds the pictures or the texts.
        settings: `feature_source`, `contexts` and `cache`.
        on_progress: receives the progress of slow steps.
        shipped: folder of effects that ship with the vocabulary.

    Raises:
        RenderError: the renderer failed.
        StoreError: the cache cannot be written.
    """
    key = effects_key(vocabulary, renderer, embedder, settings)
    cached = settings.cache / f"effects-{key}.npz"
    for file in (cached, *([shipped / f"effects-{key}.npz"] if shipped else [])):
        if file.exists():
            loaded = read_arrays(file, ("effects", "mean"))
            if loaded is not None:
                return loaded["effects"], loaded["mean"]
    prompts = context_prompts(vocabulary, settings.contexts)
    if feature_source(vocabulary, settings) == "texts":
        reason = f"; drawing would take {len(prompts)} pictures" if settings.feature_source == "auto" else ""
        step = f"embedding the texts of {vocabulary.size} tokens{reason}"
        embeddings = embed_kept(
            prompts, embedder, settings.cache, lambda done, of: on_progress(step, done, of)
        )
    else:
        step = "measuring the effect of each token"
        embeddings = embedded_pictures(prompts, renderer, embedder, CONTEXT_SEED, step, on_progress)
    grid = embeddings.to(torch.float64).reshape(vocabulary.size, settings.contexts, -1)
    effects, mean = token_effects(grid, grid[0]), grid.reshape(-1, grid.shape[-1]).mean(dim=0)
    write_arrays(cached, {"effects": effects, "mean": mean})
    return effects, mean


def context_prompts(vocabulary: Vocabulary, contexts: int) -> list[str]:
    """S x C prompts in the order of tokens: each token alone, after each of C subjects.

    The C subjects are spread evenly over the list of subjects.
    """
    count = len(vocabulary.subjects)
    subjects = [vocabulary.subjects[(index * count) // contexts % count] for index in range(contexts)]
    prompts = []
    for number, token in enumerate(vocabulary.tokens):
        path = [0] * vocabulary.horizon
        if number:
            path[vocabulary.slot_of(token)] = number
        prompts += [vocabulary.prompt(subject, path) for subject in subjects]
    return prompts


def embedded_pictures(
    prompts: Sequence[str],
    renderer: Renderer,
    embedder: Embedder,
    seed: int,
    step: str,
    on_progress: OnProgress,
) -> Tensor:
    """Float[N, D]: embeddings of the rendered pictures of N prompts.

    Args:
        prompts: N prompts.
        renderer: renders them.
        embedder: embeds the pictures.
        seed: seed of all pictures.
        step: what is done, for `on_progress`.
        on_progress: receives the number of pictures done.

    Raises:
        RenderError: the renderer failed.
    """
    rows: list[Tensor] = []
    for start in range(0, len(prompts), RENDERED_AT_ONCE):
        on_progress(step, start, len(prompts))
        jobs = [
            PictureRecord(renderer.name, prompt, "", seed)
            for prompt in prompts[start : start + RENDERED_AT_ONCE]
        ]
        pictures: list[Image.Image] = [open_picture(content) for content in renderer.render(jobs)]
        rows.append(embedder.embed_pictures(pictures))
    on_progress(step, len(prompts), len(prompts))
    return torch.cat(rows)


def read_arrays(file: Path, names: Sequence[str]) -> dict[str, Tensor] | None:
    """The arrays of those names in a file of the cache, or None if the file is damaged."""
    try:
        with file.open("rb") as stream, numpy.load(stream, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in names}
    except Exception:  # noqa: BLE001 - a damaged archive can raise any error, and all can be measured again
        return None


def write_arrays(file: Path, arrays: Mapping[str, Tensor]) -> None:
    """Write arrays to a file of the cache.

    Raises:
        StoreError: the file cannot be written.
    """
    kept = {name: array.numpy() for name, array in arrays.items()}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda stream: numpy.savez(stream, allow_pickle=False, **kept))
    except OSError as error:
        raise StoreError(
            f"Expected to keep what was measured in {file.parent}, found: {error}. "
            "Check the folder and its space, or choose another with --data."
        ) from error
