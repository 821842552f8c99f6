"""Why these pictures: what a round asks about, and how much of the doubt its answer is expected to settle."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.design.adaptive import expected_covariance
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.session.record import Round

NAMED = 2
"""Tokens that are named."""


@dataclass(frozen=True)
class Why:
    """What an answer is expected to tell.

    Attributes:
        tokens: what the options differ in, those first of whose utility most is settled.
        settled: of the variance of utilities over prompts that is still open, the share that one answer is
            expected to close, 0..1.
    """

    tokens: tuple[str, ...]
    settled: float


def why_of(preparation: Preparation, estimate: TasteEstimate, round_: Round) -> Why:
    r"""Why this round is asked, after the answers behind `estimate`.

    With C the covariance of the taste now, C' the one expected after the answer (see
    `personalize.design.adaptive.expected_covariance`) and x the features of random prompts about their mean,
    the share settled is :math:`1 - \mathrm{tr}(\Sigma_x C') / \mathrm{tr}(\Sigma_x C)`.
    """
    mdp, vocabulary = preparation.mdp, preparation.vocabulary
    options = mdp.path_features(torch.tensor(round_.paths))
    theta = estimate.theta if estimate.answers else None
    after = expected_covariance(options, estimate.covariance, theta)
    prompts = mdp.path_features(preparation.samples)
    prompts = prompts - prompts.mean(dim=0)
    before, left = (float(_variance(prompts, c).mean()) for c in (estimate.covariance, after))
    said = [set(path) - {BLANK} for path in round_.paths]
    of_all = set(range(mdp.size)).intersection(*said)
    differing = sorted(set().union(*said) - of_all)
    effects = mdp.features[differing] - mdp.features[BLANK]
    gains = _variance(effects, estimate.covariance) - _variance(effects, after)
    order = gains.argsort(descending=True)[:NAMED].tolist()
    return Why(
        tuple(vocabulary.tokens[differing[n]] for n in order),
        min(1.0, max(0.0, 1.0 - left / before)) if before > 0.0 else 0.0,
    )


def _variance(x: Tensor, covariance: Tensor) -> Tensor:
    """Float[N]: x' C x of each row."""
    return ((x @ covariance) * x).sum(dim=1)
