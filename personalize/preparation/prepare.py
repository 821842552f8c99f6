"""Prepares a deployment: token effects, feature space, calibration, MDP, prior and design.

Slow results are cached by the content of their inputs: vocabulary, renderer, embedder and settings. The
second start therefore takes about a second. A vocabulary that ships with its models includes its effects.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from personalize.design.criterion import Criterion, DCriterion, VCriterion
from personalize.design.result import DesignResult, DesignStatus, SolverStep
from personalize.design.solve import solve_design
from personalize.errors import StoreError
from personalize.mdp.features import FeatureSpace, fit_feature_space
from personalize.mdp.foresight import Foresight
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior
from personalize.preparation.calibration import calibrated
from personalize.preparation.effects import measured_effects
from personalize.progress import SOLVING, GapProgress, OnProgress, no_progress
from personalize.rendering.protocols import Embedder, Renderer
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Preparation:
    """The data that all sessions of a deployment share.

    Attributes:
        vocabulary: the tokens and the example subjects.
        space: the map from embeddings to features.
        mdp: the prompt MDP with the calibrated features of the tokens.
        prior: prior of a taste, from the covariance of the features of random prompts.
        design: K policies and their information.
        planning_covariance: Float[d, d]. Prior covariance of a taste (`TastePrior.planning_covariance`).
        samples: Long[N, H]. Random prompts of at most `max_tokens` tokens that represent all questions.
        foresight: the calibration of the features, and how much of a picture they foresee.
    """

    vocabulary: Vocabulary
    space: FeatureSpace
    mdp: PromptMDP
    prior: TastePrior
    design: DesignResult
    planning_covariance: Tensor
    samples: Tensor
    foresight: Foresight


def prepare(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress = no_progress,
    shipped: Path | None = None,
) -> Preparation:
    """The preparation of a deployment, computed now or read from the cache.

    Args:
        vocabulary: the tokens and the example subjects.
        renderer: renders the pictures that measure effects (`feature_source` "pictures").
        embedder: embeds those pictures, or the texts of the prompts.
        settings: `feature_source`, `contexts`, `kept_variance`, `max_dimension`, `criterion`, ...
        on_progress: receives the progress of slow steps.
        shipped: folder of effects that ship with the vocabulary.

    Raises:
        RenderError: the renderer failed.
        StoreError: the cache cannot be written.
    """
    settings = settings.with_words()
    effects, mean = measured_effects(vocabulary, renderer, embedder, settings, on_progress, shipped)
    space = fit_feature_space(effects, mean, settings.kept_variance, settings.max_dimension)
    alone = PromptMDP(space.project_effects(effects), vocabulary.allowed, vocabulary.successors)
    foresight = calibrated(alone, space, vocabulary, renderer, embedder, settings, on_progress, shipped)
    mdp = replace(alone, features=foresight.features(alone.features))
    generator = torch.Generator().manual_seed(0)
    samples = mdp.shortened(mdp.random_paths(settings.candidates, generator), settings.max_tokens, generator)
    covariance = torch.cov(mdp.path_features(samples).T).reshape(mdp.dimension, mdp.dimension)
    prior = TastePrior(covariance, gammas=settings.gammas)
    design = solved_design(mdp, prior, settings, on_progress)
    planning = prior.planning_covariance(settings.prior_spread)
    return Preparation(vocabulary, space, mdp, prior, design, planning, samples, foresight)


def solved_design(
    mdp: PromptMDP,
    prior: TastePrior,
    settings: Settings,
    on_progress: OnProgress = no_progress,
    *,
    use_cache: bool = True,
) -> DesignResult:
    """The design for the given features and settings, from the cache or solved now.

    Args:
        mdp: the prompt MDP.
        prior: the prior of a taste.
        settings: the settings of the design, and `cache`.
        on_progress: receives the percent of the way to the gap at which the design stops.
        use_cache: whether a cached design may be returned; False always solves the design.

    Raises:
        KeyboardInterrupt: the solver was interrupted; nothing is cached.
        StoreError: the cache cannot be written.
    """
    digest = hashlib.sha256(mdp.features.numpy().tobytes() + mdp.allowed.numpy().tobytes())
    if mdp.successors is not None:
        digest.update(mdp.groups.numpy().tobytes() + mdp.follows.numpy().tobytes())
    inputs = (settings.criterion, settings.options, settings.rounds, settings.prior_spread, settings.gammas,
              settings.relative_gap, settings.design_iterations, settings.candidates,
              settings.max_tokens)  # fmt: skip
    digest.update(json.dumps(inputs).encode())
    file = settings.cache / f"design-{digest.hexdigest()[:16]}.npz"
    if use_cache and file.exists():
        try:
            return DesignResult.load(file)
        except StoreError:
            file.unlink()
    criterion: Criterion = DCriterion() if settings.criterion == "D" else VCriterion(prior.contrast)

    way = GapProgress(settings.relative_gap, settings.design_iterations)

    def report(step: SolverStep) -> None:
        on_progress(SOLVING, way.done(step.iteration, step.value, step.gap), way.WHOLE)

    result = solve_design(
        mdp,
        criterion,
        options=settings.options,
        rounds=settings.rounds,
        regularisation=prior.planning_precision(settings.prior_spread),
        relative_gap=settings.relative_gap,
        iterations=settings.design_iterations,
        callback=report,
    )
    if result.status is DesignStatus.INTERRUPTED:
        raise KeyboardInterrupt
    result.save(file)
    return result
