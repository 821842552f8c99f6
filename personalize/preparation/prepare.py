"""Once per deployment: what tokens do to pictures, the feature space, the MDP, the prior and the design.

Everything that takes time is kept in the cache, by the content of what it was made from (vocabulary,
renderer, embedder, settings), so the second start takes a second; a vocabulary that ships with its models
brings the measured effects along. Where there are too many tokens to draw, their texts are embedded.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from personalize.design.criterion import Criterion, DCriterion, VCriterion
from personalize.design.result import DesignResult, DesignStatus, SolverStep
from personalize.design.solve import solve_design
from personalize.errors import StoreError
from personalize.mdp.features import FeatureSpace, fit_feature_space
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior
from personalize.preparation.effects import measured_effects
from personalize.progress import OnProgress, no_progress
from personalize.rendering.protocols import Embedder, Renderer
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Preparation:
    """All that a session needs and no person changes.

    Attributes:
        vocabulary: what may be said.
        space: from embeddings to features.
        mdp: the prompt MDP over the tokens' features.
        prior: of tastes, over the features of random prompts.
        design: K policies and their information.
        planning_covariance: Float[d, d], of tastes before any answer (`TastePrior.planning_covariance`).
        samples: Long[N, H], random prompts of at most `words` tokens, which stand for all that is asked.
    """

    vocabulary: Vocabulary
    space: FeatureSpace
    mdp: PromptMDP
    prior: TastePrior
    design: DesignResult
    planning_covariance: Tensor
    samples: Tensor


def prepare(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    on_progress: OnProgress = no_progress,
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
    samples = mdp.shortened(mdp.random_paths(settings.candidates, generator), settings.max_tokens, generator)
    covariance = torch.cov(mdp.path_features(samples).T).reshape(mdp.dimension, mdp.dimension)
    prior = TastePrior(covariance, gammas=settings.gammas)
    design = solved_design(mdp, prior, settings, on_progress)
    planning = prior.planning_covariance(settings.prior_spread)
    return Preparation(vocabulary, space, mdp, prior, design, planning, samples)


def solved_design(
    mdp: PromptMDP,
    prior: TastePrior,
    settings: Settings,
    on_progress: OnProgress = no_progress,
    *,
    use_cache: bool = True,
) -> DesignResult:
    """The design for these features and settings; kept in the cache by their content."""
    digest = hashlib.sha256(mdp.features.numpy().tobytes() + mdp.allowed.numpy().tobytes())
    if mdp.successors is not None:
        digest.update(mdp.groups.numpy().tobytes() + mdp.follows.numpy().tobytes())
    wanted = (settings.criterion, settings.options, settings.rounds, settings.prior_spread, settings.gammas,
              settings.relative_gap, settings.design_iterations, settings.candidates,
              settings.max_tokens)  # fmt: skip
    digest.update(json.dumps(wanted).encode())
    file = settings.cache / f"design-{digest.hexdigest()[:16]}.npz"
    if use_cache and file.exists():
        try:
            return DesignResult.load(file)
        except StoreError:
            file.unlink()
    criterion: Criterion = DCriterion() if settings.criterion == "D" else VCriterion(prior.contrast)

    def told(progress: SolverStep) -> None:
        on_progress("choosing what to ask", progress.iteration, settings.design_iterations)

    result = solve_design(
        mdp,
        criterion,
        options=settings.options,
        rounds=settings.rounds,
        regularisation=prior.planning_precision(settings.prior_spread),
        relative_gap=settings.relative_gap,
        iterations=settings.design_iterations,
        callback=told,
    )
    if result.status is DesignStatus.INTERRUPTED:
        raise KeyboardInterrupt
    result.save(file)
    return result
