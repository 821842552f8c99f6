r"""Theorem 4.1 of the paper against simulation: the errors of estimates beside the bound of the information.

.. math:: E[(\hat\theta - \theta)(\hat\theta - \theta)^\top] \preceq C \, I_\lambda^{-1}

with I the Fisher information of the questions asked plus the prior's precision. For people drawn from the
prior the Bayesian information inequality makes C about 1 when answers are many; what is reported is the trace
ratio, and the largest generalised eigenvalue, which is the smallest C that the simulated errors allow.
"""

from typing import Any

import torch
from torch import Tensor

from personalize.design.sampling import random_question
from personalize.experiments.bank import concept_items
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.logit import choice_information, choice_probabilities
from personalize.preference.picks import Picks
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
    tastes = prior_tastes(prior, people, generator)
    horizon = max(answers)
    asked = torch.stack([random_question(mdp, options, generator)[:, 0] for _ in range(horizon)])
    return errors_beside_bound(tastes, items.shown[asked], answers, prior, generator)


def prior_tastes(prior: TastePrior, people: int, generator: torch.Generator) -> Tensor:
    """Float[people, d], drawn from a prior of one gamma and one scale."""
    root = prior.root(prior.gammas[0], prior.scales[0])
    return torch.randn(people, prior.dimension, generator=generator, dtype=torch.float64) @ root.T


def errors_beside_bound(
    tastes: Tensor,
    questions: Tensor,
    answers: tuple[int, ...],
    prior: TastePrior,
    generator: torch.Generator,
) -> list[dict[str, Any]]:
    """A row for each number of answers, of people Float[P, d] who answer the same Float[N, K, d].

    The bound's information has each person's own choice probabilities; "uniform" is the bound with 1/K in
    their place, which is all that a design made before any answer can know.
    """
    chosen = torch.stack(
        [torch.tensor([SimulatedUser(theta).pick(row, generator) for row in questions]) for theta in tastes]
    )
    precision = prior.precision(prior.gammas[0], prior.scales[0])
    options = questions.shape[1]
    rows = []
    for count in answers:
        asked = questions[:count]
        offered = torch.ones(asked.shape[:2], dtype=torch.bool)
        errors, bounds = [], []
        for theta, picks in zip(tastes, chosen, strict=True):
            estimate = estimate_taste(Picks(asked, picks[:count], offered, count), prior, lapse=0.0)
            errors.append(estimate.theta - theta)
            told = choice_information(asked, choice_probabilities(theta, asked))
            bounds.append(torch.linalg.inv(told + precision))
        error = torch.stack(errors)
        second, bound = error.T @ error / len(tastes), torch.stack(bounds).mean(dim=0)
        alike = torch.full(asked.shape[:2], 1.0 / options, dtype=asked.dtype)
        uniform = torch.linalg.inv(choice_information(asked, alike) + precision)
        squares = ((error @ prior.covariance) * error).sum(dim=1)
        rows.append(
            {
                "answers": count,
                "utility_mse": _over_items(second, prior.covariance),
                "utility_mse_se": float(squares.std()) / len(tastes) ** 0.5,
                "utility_mse_bound": _over_items(bound, prior.covariance),
                "utility_mse_uniform": _over_items(uniform, prior.covariance),
                "ratio": _over_items(second, prior.covariance) / _over_items(bound, prior.covariance),
                "ratio_uniform": _over_items(second, prior.covariance)
                / _over_items(uniform, prior.covariance),
                "smallest_constant": _largest_ratio(second, bound),
                "smallest_constant_uniform": _largest_ratio(second, uniform),
            }
        )
    return rows


def _over_items(second: Tensor, covariance: Tensor) -> float:
    return float((second * covariance).sum())


def _largest_ratio(second: Tensor, bound: Tensor) -> float:
    values, vectors = torch.linalg.eigh(bound)
    white = vectors * values.clamp(min=1e-12 * float(values[-1])).rsqrt()
    return float(torch.linalg.eigvalsh(white.T @ second @ white)[-1])
