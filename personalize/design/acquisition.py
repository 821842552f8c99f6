r"""Other acquisition rules for the next question, for comparison: BALD, Thompson sampling and EUBO.

The posterior of the taste is normal with mean theta and covariance C, represented by `samples` draws. BALD
(Houlsby et al. 2011; the criterion of APReL) maximises the mutual information of the answer and the taste,

.. math:: I(y; \theta) = H(E_\theta p_\theta) - E_\theta H(p_\theta).

EUBO (Lin et al. 2022; Astudillo et al. 2023 for K options) maximises the expected utility of the best option
shown. Thompson sampling shows the favourites of K tastes drawn from the posterior. The last two rules show
prompts that the person already likes, so an answer carries less information. They suit a gallery better than
a question.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from personalize.design.exchange import exchange
from personalize.errors import DesignError, ShapeError
from personalize.preference.estimate import draw_tastes

SAMPLES = 200


def choose_by_bald(
    pool: Tensor,
    *,
    options: int,
    theta: Tensor,
    covariance: Tensor,
    generator: torch.Generator,
    samples: int = SAMPLES,
) -> Tensor:
    """Long[K]: distinct rows of the pool Float[P, d] with the largest mutual information, in nats.

    Raises:
        ShapeError: the axes disagree.
        DesignError: there are fewer candidates than options.
    """
    _check(pool, options, theta, covariance)
    utilities = draw_tastes(theta, covariance, samples, generator) @ pool.T

    def gains(chosen: list[int]) -> Tensor:
        fixed = utilities[:, chosen]
        together = torch.cat((fixed[:, None].expand(-1, len(pool), -1), utilities[..., None]), dim=2)
        p = together.softmax(dim=2)
        mean = p.mean(dim=0)
        told = -torch.xlogy(mean, mean).sum(dim=1) + torch.xlogy(p, p).sum(dim=2).mean(dim=0)
        return told.index_fill(0, torch.tensor(chosen, device=pool.device), -torch.inf)

    first = int(torch.randint(len(pool), (1,), generator=generator))
    return exchange(gains, options, first).to(pool.device)


def choose_by_eubo(
    pool: Tensor,
    *,
    options: int,
    theta: Tensor,
    covariance: Tensor,
    generator: torch.Generator,
    samples: int = SAMPLES,
) -> Tensor:
    """Long[K]: distinct rows of the pool Float[P, d] with the largest expected utility of their best.

    Raises:
        ShapeError: the axes disagree.
        DesignError: there are fewer candidates than options.
    """
    _check(pool, options, theta, covariance)
    utilities = draw_tastes(theta, covariance, samples, generator) @ pool.T

    def gains(chosen: list[int]) -> Tensor:
        best = utilities[:, chosen].amax(dim=1, keepdim=True)
        mean = torch.maximum(best, utilities).mean(dim=0)
        return mean.index_fill(0, torch.tensor(chosen, device=pool.device), -torch.inf)

    return exchange(gains, options, int((pool @ theta).argmax())).to(pool.device)


def choose_by_thompson(
    pool: Tensor, *, options: int, theta: Tensor, covariance: Tensor, generator: torch.Generator
) -> Tensor:
    """Long[K]: for each of K posterior samples, its best row of the pool Float[P, d] not yet chosen.

    Raises:
        ShapeError: the axes disagree.
        DesignError: there are fewer candidates than options.
    """
    _check(pool, options, theta, covariance)
    chosen: list[int] = []
    for utility in draw_tastes(theta, covariance, options, generator) @ pool.T:
        if chosen:
            utility = utility.index_fill(0, torch.tensor(chosen, device=pool.device), -torch.inf)
        chosen.append(int(utility.argmax()))
    return torch.tensor(chosen, device=pool.device)


Acquisition = Callable[..., Tensor]
ACQUISITIONS: dict[str, Acquisition] = {
    "bald": choose_by_bald,
    "eubo": choose_by_eubo,
    "thompson": choose_by_thompson,
}
"""Acquisition rules by the name of their strategy."""


def _check(pool: Tensor, options: int, theta: Tensor, covariance: Tensor) -> None:
    P, d = pool.shape
    if theta.shape != (d,) or covariance.shape != (d, d):
        raise ShapeError(
            f"Expected theta Float[{d}] and covariance Float[{d}, {d}], found {list(theta.shape)} and "
            f"{list(covariance.shape)}. Use the feature space of the pool."
        )
    if options < 2 or P < options:
        raise DesignError(
            f"Expected at least 2 options and as many candidates, found {options} options and {P} "
            "candidates. Widen the pool or ask for fewer."
        )
