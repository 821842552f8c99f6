"""Explains a round: the tokens that it tests, and the uncertainty that its answer is expected to remove."""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.design.adaptive import expected_covariance
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.session.record import Round

NAMED = 2
"""Most tokens that an explanation names."""


@dataclass(frozen=True)
class Explanation:
    """The explanation of a round.

    Attributes:
        tokens: at most NAMED tokens that differ between the options. The token whose utility loses most
            variance is first.
        settled: share of the posterior variance of utilities over prompts that one answer is expected to
            remove, 0..1.
    """

    tokens: tuple[str, ...]
    settled: float


def explain(preparation: Preparation, estimate: TasteEstimate, round_: Round) -> Explanation:
    r"""The explanation of a round, for the estimate from the earlier answers.

    .. math:: \text{settled} = 1 - \mathrm{tr}(\Sigma_x C') / \mathrm{tr}(\Sigma_x C)

    C is the present covariance of the taste. C' is the covariance that is expected after the answer (see
    `personalize.design.adaptive.expected_covariance`). :math:`\Sigma_x` is the covariance of the features
    of random prompts.

    Args:
        preparation: the MDP, the vocabulary and the random prompts.
        estimate: the taste before the answer.
        round_: the round to explain.
    """
    mdp, vocabulary = preparation.mdp, preparation.vocabulary
    options = mdp.path_features(torch.tensor(round_.paths))
    theta = estimate.theta if estimate.answers else None
    after = expected_covariance(options, estimate.covariance, theta)
    prompts = mdp.path_features(preparation.samples)
    prompts = prompts - prompts.mean(dim=0)
    variance_now, variance_after = (
        float(_variance(prompts, covariance).mean()) for covariance in (estimate.covariance, after)
    )
    token_sets = [set(path) - {BLANK} for path in round_.paths]
    shared = set(range(mdp.size)).intersection(*token_sets)
    differing = sorted(set().union(*token_sets) - shared)
    effects = mdp.features[differing] - mdp.features[BLANK]
    removed = _variance(effects, estimate.covariance) - _variance(effects, after)
    order = removed.argsort(descending=True)[:NAMED].tolist()
    return Explanation(
        tuple(vocabulary.tokens[differing[n]] for n in order),
        min(1.0, max(0.0, 1.0 - variance_after / variance_now)) if variance_now > 0.0 else 0.0,
    )


def _variance(x: Tensor, covariance: Tensor) -> Tensor:
    """Float[N]: x' C x for each row x."""
    return ((x @ covariance) * x).sum(dim=1)
