r"""Theorem 4.1 of the paper against simulation: the errors of estimates beside the bound of the information.

.. math:: E[(\hat\theta - \theta)(\hat\theta - \theta)^\top] \preceq C \, I_\lambda^{-1}

with I the Fisher information of the questions asked plus the prior's precision. For people drawn from the
prior the Bayesian information inequality makes C about 1 when answers are many; what is reported is the trace
ratio, and the largest generalised eigenvalue, which is the smallest C that the simulated errors allow.
"""

from typing import Any

import torch
from torch import Tensor

from personalize.design.question import random_question
from personalize.experiments.items import concept_items
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.logit import Picks, choice_information, choice_probabilities
from personalize.preference.simulated_user import SimulatedUser

GAMMA, SCALE = 1.0, 2.0


def measure_bound(
    people: int, answers: tuple[int, ...], dimension: int, options: int = 4, seed: int = 0
) -> list[dict[str, Any]]:
    """For each number of answers: mean squared error of utilities, the bound's, and their ratios.

    People are drawn from the prior that the estimate uses; questions are random, the same for all people.
    """
    generator = torch.Generator().manual_seed(seed)
    items = concept_items(500, dimension, options, generator)
    prior = TastePrior(items.covariance, gammas=(GAMMA,), scales=(SCALE,))
    mdp = PromptMDP(items.shown, torch.ones(1, len(items.shown), dtype=torch.bool))
    root = prior.root(GAMMA, SCALE)
    tastes = torch.randn(people, dimension, generator=generator, dtype=torch.float64) @ root.T
    horizon = max(answers)
    asked = torch.stack([random_question(mdp, options, generator)[:, 0] for _ in range(horizon)])
    chosen = torch.stack(
        [
            torch.tensor([SimulatedUser(theta).pick(items.shown[row], generator) for row in asked])
            for theta in tastes
        ]
    )
    rows = []
    for count in answers:
        options_asked = items.shown[asked[:count]]
        offered = torch.ones(count, options, dtype=torch.bool)
        errors, bounds = [], []
        for theta, picks in zip(tastes, chosen, strict=True):
            estimate = estimate_taste(Picks(options_asked, picks[:count], offered, count), prior, lapse=0.0)
            errors.append(estimate.theta - theta)
            told = choice_information(options_asked, choice_probabilities(theta, options_asked))
            bounds.append(torch.linalg.inv(told + prior.precision(GAMMA, SCALE)))
        error = torch.stack(errors)
        second, bound = error.T @ error / people, torch.stack(bounds).mean(dim=0)
        rows.append(
            {
                "answers": count,
                "utility_mse": _over_items(second, items.covariance),
                "utility_mse_bound": _over_items(bound, items.covariance),
                "ratio": _over_items(second, items.covariance) / _over_items(bound, items.covariance),
                "smallest_constant": _largest_ratio(second, bound),
            }
        )
    return rows


def _over_items(second: Tensor, covariance: Tensor) -> float:
    return float((second * covariance).sum())


def _largest_ratio(second: Tensor, bound: Tensor) -> float:
    values, vectors = torch.linalg.eigh(bound)
    white = vectors * values.clamp(min=1e-12 * float(values[-1])).rsqrt()
    return float(torch.linalg.eigvalsh(white.T @ second @ white)[-1])
