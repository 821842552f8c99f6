"""Draws prompts of several tokens, from which `personalize.mdp.foresight` is fitted.

The pictures are drawn once for a deployment, and their embeddings are cached by the content of their inputs.
Where the effects of tokens come from texts, the texts of the prompts are embedded instead, which is fast.
"""

import hashlib
import json
from pathlib import Path

import torch
from torch import Tensor

from personalize.mdp.features import FeatureSpace
from personalize.mdp.foresight import Foresight, fit_foresight
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preparation.effects import embedded_pictures, feature_source, read_arrays, write_arrays
from personalize.preparation.text_cache import embed_kept
from personalize.progress import OnProgress
from personalize.rendering.protocols import Embedder, Renderer
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

SUBJECTS = 16
"""Subjects of the prompts. They lie between those of the effects and of the evidence in the list."""

CALIBRATION_SEED = 30_721
"""Seed of the prompts and of their pictures."""

PER_TOKEN = 4
"""Most prompts for each token of the vocabulary: a small vocabulary needs few."""

STEP = "drawing prompts of several words"


def calibrated(
    mdp: PromptMDP,
    space: FeatureSpace,
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress,
    shipped: Path | None = None,
) -> Foresight:
    """The foresight of a deployment, measured now or read from the cache.

    Args:
        mdp: the prompt MDP with the measured effects as features.
        space: from embeddings to features.
        vocabulary: the tokens and the subjects.
        renderer: draws the prompts.
        embedder: embeds the pictures, or the texts of the prompts.
        settings: `calibration`, `max_tokens`, `feature_source` and `cache`.
        on_progress: receives the progress.
        shipped: folder of embeddings that ship with the vocabulary.

    Raises:
        RenderError: the renderer failed.
        StoreError: the cache cannot be written.
    """
    words = min(settings.max_tokens, mdp.horizon)
    if not settings.calibration or words < 2 or len(vocabulary.subjects) < 2:
        return Foresight.none(mdp.features)
    paths, subjects, prompts = calibration_prompts(mdp, vocabulary, settings)
    key = _key(prompts, vocabulary, renderer, embedder, settings)
    cached = settings.cache / f"calibration-{key}.npz"
    for file in (cached, *([shipped / cached.name] if shipped else [])):
        arrays = read_arrays(file, ("embeddings",)) if file.exists() else None
        if arrays is not None:
            return fit_foresight(mdp.features, paths, space.project(arrays["embeddings"]), subjects)
    if feature_source(vocabulary, settings) == "texts":
        embeddings = embed_kept(prompts, embedder, settings.cache, lambda n, of: on_progress(STEP, n, of))
    else:
        embeddings = embedded_pictures(prompts, renderer, embedder, CALIBRATION_SEED, STEP, on_progress)
    embeddings = embeddings.to(torch.float16)  # as they are read from the cache
    write_arrays(cached, {"embeddings": embeddings})
    return fit_foresight(mdp.features, paths, space.project(embeddings), subjects)


def calibration_prompts(
    mdp: PromptMDP, vocabulary: Vocabulary, settings: Settings
) -> tuple[Tensor, Tensor, list[str]]:
    """Paths Long[N, H], the number of the subject of each, Long[N], and N prompts."""
    generator = torch.Generator().manual_seed(CALIBRATION_SEED)
    paths = mdp.random_paths(min(settings.calibration, PER_TOKEN * mdp.size), generator)
    paths = mdp.shortened(paths, settings.max_tokens, generator)
    count = min(SUBJECTS, len(vocabulary.subjects))
    names = [vocabulary.subjects[(2 * n + 1) * len(vocabulary.subjects) // (2 * count)] for n in range(count)]
    subjects = torch.arange(len(paths)) % count
    prompts = [vocabulary.prompt(names[s], path) for s, path in zip(subjects.tolist(), paths, strict=True)]
    return paths, subjects, prompts


def _key(
    prompts: list[str], vocabulary: Vocabulary, renderer: Renderer, embedder: Embedder, settings: Settings
) -> str:
    source = "texts" if feature_source(vocabulary, settings) == "texts" else renderer.name
    inputs = [prompts, source, embedder.name, CALIBRATION_SEED]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]
