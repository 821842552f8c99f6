"""The next adaptive question: the K prompts with the most informative answer, given the answers so far.

The choice is a greedy D-optimal exchange with the choice probabilities of the present estimate.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.design.exchange import exchange
from personalize.errors import DesignError, ShapeError


def choose_question(
    pool: Tensor,
    *,
    options: int,
    covariance: Tensor,
    theta: Tensor | None,
    generator: torch.Generator,
    liked_share: float = 0.5,
    restrict: bool = True,
) -> Tensor:
    r"""The K candidates whose answer is expected to be most informative about the taste.

    .. math:: \max_S \log\det(I + W G), \quad W = \mathrm{diag}(p) - p p^\top, \quad G = X_S C X_S^\top

    This value is the gain in log det of the posterior's information. The set grows greedily from one random
    candidate. Then single members are exchanged until no exchange gains (in practice two or three passes).

    Args:
        pool: Float[P, d], features of the candidate prompts.
        options: K, the number of options.
        covariance: Float[d, d], C, the posterior covariance of the taste.
        theta: Float[d], the estimated taste; p is the softmax of its utilities. None before the first
            answer, for a uniform p.
        generator: source of randomness for the first candidate.
        liked_share: share of the pool, in order of expected utility, that `restrict` admits.
        restrict: whether to choose among the best-liked candidates only; False in the first few rounds.

    Returns:
        Long[K], indices of distinct rows of `pool`.

    Raises:
        ShapeError: the axes disagree.
        DesignError: there are fewer than K candidates.
    """
    P, d = pool.shape
    if covariance.shape != (d, d) or (theta is not None and theta.shape != (d,)):
        raise ShapeError(
            f"Expected covariance Float[{d}, {d}] and theta Float[{d}], found {list(covariance.shape)} and "
            f"{None if theta is None else list(theta.shape)}. Use the feature space of the pool."
        )
    if options < 2 or P < options:
        raise DesignError(
            f"Expected at least 2 options and as many candidates, found {options} options and {P} "
            "candidates. Widen the pool or ask for fewer."
        )
    utility = pool.new_zeros(P) if theta is None else pool @ theta
    candidates = torch.arange(P, device=pool.device)
    if restrict and theta is not None and liked_share < 1.0:
        count = max(options, math.ceil(liked_share * P))
        candidates = utility.argsort(descending=True, stable=True)[:count]
    X, utility = pool[candidates], utility[candidates]
    similarity = X @ covariance @ X.T
    first = int(torch.randint(len(X), (1,), generator=generator, device=generator.device))
    chosen = exchange(lambda taken: _gains(similarity, utility, taken), options, first)
    return candidates[chosen.to(candidates.device)]


def plan_questions(
    pool: Tensor,
    *,
    questions: int,
    options: int,
    covariance: Tensor,
    theta: Tensor | None,
    generator: torch.Generator,
    liked_share: float = 0.5,
    restrict: bool = True,
) -> Tensor:
    r"""Several questions at once, so that the next ones can be rendered while a person answers.

    After each question, the covariance is replaced by its expected value after the answer. The expectation
    uses the present estimate, whose mean does not change:

    .. math:: C' = C - C A^\top (I + A C A^\top)^{-1} A C, \quad A = \mathrm{diag}(p)^{1/2} (X - \bar x),

    The questions therefore complement each other. No candidate is used twice.

    Args:
        pool: Float[P, d], features of the candidates.
        questions: n, the number of questions.
        options: K, the number of options.
        covariance: Float[d, d], C, the present posterior covariance of the taste.
        theta: Float[d], the estimated taste, or None before the first answer.
        generator: source of randomness for the first candidate of each question.
        liked_share: share of the pool, in order of expected utility, that `restrict` admits.
        restrict: whether to choose among the best-liked candidates only.

    Returns:
        Long[n, K], indices of distinct rows of `pool`.

    Raises:
        ShapeError: the axes disagree.
        DesignError: there are fewer than n K candidates.
    """
    if questions < 1 or len(pool) < questions * options:
        raise DesignError(
            f"Expected at least 1 question and {max(1, questions) * options} candidates, found {questions} "
            f"and {len(pool)}. Widen the pool or plan fewer."
        )
    remaining = torch.arange(len(pool), device=pool.device)
    planned = []
    for number in range(questions):
        after = (questions - number) * options
        share = max(liked_share, min(1.0, after / len(remaining)))
        rows = remaining[
            choose_question(
                pool[remaining],
                options=options,
                covariance=covariance,
                theta=theta,
                generator=generator,
                liked_share=share,
                restrict=restrict,
            )
        ]
        planned.append(rows)
        covariance = expected_covariance(pool[rows], covariance, theta)
        remaining = remaining[~torch.isin(remaining, rows)]
    return torch.stack(planned)


def expected_covariance(options: Tensor, covariance: Tensor, theta: Tensor | None) -> Tensor:
    """Float[d, d]: expected covariance of the taste after the answer to a question Float[K, d].

    The expectation uses the choice probabilities of `theta`, or uniform ones if `theta` is None.
    """
    utility = options.new_zeros(len(options)) if theta is None else options @ theta
    p = utility.softmax(dim=0)
    rows = (options - p @ options) * p.sqrt()[:, None]
    across = rows @ covariance
    inner = torch.eye(len(rows), dtype=rows.dtype, device=rows.device) + across @ rows.T
    posterior: Tensor = covariance - across.T @ torch.linalg.solve(inner, across)
    return posterior


def open_metric(asked: Sequence[Tensor], covariance: Tensor, value: Tensor | None = None) -> Tensor:
    r"""Float[d, d]: the criterion's gradient after some static questions, whatever their answers.

    If all picks are equally likely, each question leaves the covariance C' of `expected_covariance`. There
    the gradient of the V-criterion is C' V C', and the gradient of the D-criterion is C'. With this metric,
    `static_question` avoids the directions that earlier questions have settled. Rounding every question by
    itself repeats them: with 60 simulated people, accuracy after 60 answers is 0.680 with this metric, 0.677
    without it, and 0.678 for random questions.

    Args:
        asked: Float[K, d] each, features of the options of earlier questions.
        covariance: Float[d, d], the prior covariance of tastes.
        value: Float[d, d], V; None for the D-criterion.
    """
    for options in asked:
        covariance = expected_covariance(options, covariance, None)
    return covariance if value is None else covariance @ value @ covariance


def _gains(similarity: Tensor, utility: Tensor, chosen: list[int]) -> Tensor:
    """Float[P]: log det(I + W G) of `chosen` with each candidate added; -inf for members of `chosen`."""
    P, k = len(similarity), len(chosen) + 1
    members = torch.tensor(chosen, device=similarity.device)
    gram = similarity.new_empty(P, k, k)
    gram[:, :-1, :-1] = similarity[members][:, members]
    gram[:, :-1, -1] = gram[:, -1, :-1] = similarity[:, members]
    gram[:, -1, -1] = similarity.diagonal()
    utilities = torch.cat((utility[members].expand(P, -1), utility[:, None]), dim=1)
    p = utilities.softmax(dim=1)
    weighted = p[:, :, None] * (gram - (p[:, None, :] @ gram))
    weighted.diagonal(dim1=1, dim2=2).add_(1.0)
    gains: Tensor = torch.linalg.slogdet(weighted).logabsdet
    return gains.index_fill(0, members, -torch.inf)
