"""Once per deployment: what tokens do to pictures, the feature space, the MDP, the prior and the design.

Everything that takes time is kept in the cache, by the content of what it was made from (vocabulary,
renderer, embedder, settings), so the second start takes a second; a vocabulary that ships with its models
brings the measured effects along. Where there are too many tokens to draw, their texts are embedded.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import Tensor

from personalize.design.criterion import Criterion, DCriterion, VCriterion
from personalize.design.question import shortened
from personalize.design.result import DesignResult, DesignStatus, Progress
from personalize.design.solve import solve_design
from personalize.errors import StoreError
from personalize.kept_texts import embed_kept
from personalize.mdp.features import FeatureSpace, fit_feature_space, token_effects
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.vocabulary import Vocabulary
from personalize.preference.estimate import TastePrior
from personalize.rendering import Embedder, Renderer, open_picture
from personalize.session.record import PictureRecord
from personalize.settings import Settings

RENDERED_AT_ONCE = 8
MOST_DRAWN = 2000
"""Most pictures that are drawn unasked to see what tokens do: minutes for mini. Where it would take
more, the tokens' texts are read."""

CONTEXT_SEED = 20_512
"""Seed of the pictures that effects are measured on."""

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """All that a session needs and no person changes.

    Attributes:
        vocabulary: what may be said.
        space: from embeddings to features.
        mdp: the prompt MDP over the tokens' features.
        prior: of tastes, over the features of random prompts.
        design: K policies and their information.
        samples: Long[N, H], random prompts of at most `words` tokens, which stand for all that is asked.
    """

    vocabulary: Vocabulary
    space: FeatureSpace
    mdp: PromptMDP
    prior: TastePrior
    design: DesignResult
    samples: Tensor


def prepare(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress = lambda what, done, of: None,
    shipped: Path | None = None,
) -> Preparation:
    """Measure, project, solve; or load what was kept.

    Args:
        vocabulary: what may be said.
        renderer: draws the pictures that effects are measured on (`feature_source` "pictures").
        embedder: sees them.
        settings: `feature_source`, `contexts`, `kept_variance`, `max_dimension`, `criterion`, ...
        on_progress: told about the slow steps.
        shipped: folder of effects that came with the models.

    Raises:
        RenderError: the renderer failed.
        StoreError: the cache cannot be written.
    """
    effects, mean = measured_effects(vocabulary, renderer, embedder, settings, on_progress, shipped)
    space = fit_feature_space(effects, mean, settings.kept_variance, settings.max_dimension)
    mdp = PromptMDP(space.project_effects(effects), vocabulary.allowed, vocabulary.successors)
    generator = torch.Generator().manual_seed(0)
    samples = shortened(mdp, mdp.random_paths(settings.candidates, generator), settings.words, generator)
    covariance = torch.cov(mdp.path_features(samples).T).reshape(mdp.dimension, mdp.dimension)
    prior = TastePrior(covariance, gammas=settings.gammas)
    design = solved_design(mdp, prior, settings, on_progress)
    return Preparation(vocabulary, space, mdp, prior, design, samples)


def feature_source(vocabulary: Vocabulary, settings: Settings) -> str:
    """What features are learned from, "pictures" or "texts": as set, or by how many would be drawn."""
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


def solved_design(
    mdp: PromptMDP,
    prior: TastePrior,
    settings: Settings,
    on_progress: OnProgress = lambda what, done, of: None,
    *,
    use_cache: bool = True,
) -> DesignResult:
    """The design for these features and settings; kept in the cache by their content."""
    digest = hashlib.sha256(mdp.features.numpy().tobytes() + mdp.allowed.numpy().tobytes())
    if mdp.successors is not None:
        digest.update(mdp.groups.numpy().tobytes() + mdp.follows.numpy().tobytes())
    wanted = (settings.criterion, settings.options, settings.rounds, settings.prior_spread, settings.gammas,
              settings.relative_gap, settings.design_iterations, settings.candidates,
              settings.words)  # fmt: skip
    digest.update(json.dumps(wanted).encode())
    file = settings.cache / f"design-{digest.hexdigest()[:16]}.npz"
    if use_cache and file.exists():
        try:
            return DesignResult.load(file)
        except StoreError:
            file.unlink()
    criterion: Criterion = DCriterion() if settings.criterion == "D" else VCriterion(2.0 * prior.covariance)

    def told(progress: Progress) -> None:
        on_progress("choosing what to ask", progress.iteration, settings.design_iterations)

    result = solve_design(
        mdp,
        criterion,
        options=settings.options,
        rounds=settings.rounds,
        regularisation=prior.precision(settings.gammas[0], settings.prior_spread),
        relative_gap=settings.relative_gap,
        iterations=settings.design_iterations,
        callback=told,
    )
    if result.status is DesignStatus.INTERRUPTED:
        raise KeyboardInterrupt
    result.save(file)
    return result


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
        partial = file.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as stream:
            numpy.savez(stream, allow_pickle=False, effects=effects.numpy(), mean=mean.numpy())
        os.replace(partial, file)
    except OSError as error:
        raise StoreError(
            f"Expected to keep what was measured in {file.parent}, found: {error}. "
            "Check the folder and its space, or choose another with --data."
        ) from error
