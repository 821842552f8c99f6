"""The next question: K prompts whose answer tells most, given what the answers so far say.

Adaptive questions are chosen by greedy D-optimal exchange with the estimate's own choice probabilities
(method, section 4). Static ones are drawn from the design's policies and rounded to sets that differ;
random ones are uniform over all prompts.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.design.exchange import exchange
from personalize.errors import DesignError, ShapeError
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.vocabulary import BLANK

STATIC_TRIALS = 32
"""Sets of policy draws that a static question is the best of."""

RANDOM_TRIALS = 64
POOL_TRIALS = 8


def choose_question(
    pool: Tensor,
    *,
    options: int,
    covariance: Tensor,
    theta: Tensor | None,
    generator: torch.Generator,
    pleasant: float = 0.5,
    restrict: bool = True,
) -> Tensor:
    r"""The K candidates whose answer is expected to tell most about the taste.

    .. math:: \max_S \log\det(I + W G), \quad W = \mathrm{diag}(p) - p p^\top, \quad G = X_S C X_S^\top

    which is the gain in log det of the posterior's information. Grown greedily from one random candidate,
    then exchanged one by one until nothing gains (in practice two or three passes).

    Args:
        pool: Float[P, d], features of candidate prompts.
        options: K.
        covariance: Float[d, d], C, the posterior covariance of the taste.
        theta: Float[d], the estimated taste, whose softmax is p; None: nothing is known, p is uniform.
        generator: of the first candidate.
        pleasant: share of the pool, the best liked, that may be asked when `restrict` holds.
        restrict: whether to keep to those; ask freely in the first few rounds.

    Returns:
        Long[K], distinct rows of `pool`.

    Raises:
        ShapeError: axes that do not agree.
        DesignError: fewer than K candidates.
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
    if restrict and theta is not None and pleasant < 1.0:
        count = max(options, math.ceil(pleasant * P))
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
    pleasant: float = 0.5,
    restrict: bool = True,
) -> Tensor:
    r"""Several questions at once, so that the next ones can be drawn while a person looks.

    After each, the covariance becomes what it is expected to be once that question is answered (by the
    present estimate; the mean does not move),

    .. math:: C' = C - C A^\top (I + A C A^\top)^{-1} A C, \quad A = \mathrm{diag}(p)^{1/2} (X - \bar x),

    so that no two questions ask the same; no candidate is used twice.

    Args:
        pool: Float[P, d], features of candidates.
        questions: n.
        options: K.
        covariance: Float[d, d], C, of the taste now.
        theta: Float[d], the estimated taste, or None when nothing is known.
        generator: of the first candidate of each.
        pleasant: share of the pool, the best liked, that may be asked.
        restrict: whether to keep to those.

    Returns:
        Long[n, K], distinct rows of `pool`.

    Raises:
        ShapeError: axes that do not agree.
        DesignError: fewer than n K candidates.
    """
    if questions < 1 or len(pool) < questions * options:
        raise DesignError(
            f"Expected at least 1 question and {max(1, questions) * options} candidates, found {questions} "
            f"and {len(pool)}. Widen the pool or plan fewer."
        )
    left = torch.arange(len(pool), device=pool.device)
    planned = []
    for number in range(questions):
        after = (questions - number) * options
        share = max(pleasant, min(1.0, after / len(left)))
        rows = left[
            choose_question(
                pool[left],
                options=options,
                covariance=covariance,
                theta=theta,
                generator=generator,
                pleasant=share,
                restrict=restrict,
            )
        ]
        planned.append(rows)
        covariance = expected_covariance(pool[rows], covariance, theta)
        left = left[~torch.isin(left, rows)]
    return torch.stack(planned)


def expected_covariance(options: Tensor, covariance: Tensor, theta: Tensor | None) -> Tensor:
    """Float[d, d]: of the taste once a question Float[K, d] is answered, by the present estimate."""
    utility = options.new_zeros(len(options)) if theta is None else options @ theta
    p = utility.softmax(dim=0)
    rows = (options - p @ options) * p.sqrt()[:, None]
    across = rows @ covariance
    inner = torch.eye(len(rows), dtype=rows.dtype, device=rows.device) + across @ rows.T
    left: Tensor = covariance - across.T @ torch.linalg.solve(inner, across)
    return left


def _gains(similarity: Tensor, utility: Tensor, chosen: list[int]) -> Tensor:
    """Float[P]: log det(I + W G) of `chosen` and each candidate; -inf for the chosen themselves."""
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


def static_question(
    policies: Policies,
    mdp: PromptMDP,
    generator: torch.Generator,
    *,
    metric: Tensor | None = None,
    words: int | None = None,
) -> Tensor:
    """One prompt of each policy, rounded to a set of distinct prompts that differ.

    Of STATIC_TRIALS draws the one is kept whose options are spread furthest in `metric`. Without successors
    the tokens of each slot are shuffled among the K prompts first: within a slot nothing changes, and between
    slots nothing is tied together. Policies of fewer than K distinct prompts are completed from all prompts.

    Args:
        policies: K mixtures of paths.
        mdp: whose paths.
        generator: of the draws.
        metric: Float[d, d], `DesignResult.metric`; the identity unless given.
        words: most tokens a prompt (see `shortened`); None: as many as there are slots.

    Returns:
        Long[K, H], distinct rows.

    Raises:
        DesignError: the MDP has fewer than K distinct prompts.
    """
    K, H = policies.options, policies.horizon
    drawn = torch.multinomial(policies.weights, STATIC_TRIALS, replacement=True, generator=generator)
    sets = policies.paths[drawn.T]
    if mdp.successors is None:
        keys = torch.rand(STATIC_TRIALS, K, H, generator=generator, device=generator.device)
        sets = sets.gather(1, keys.argsort(dim=1).to(sets.device))
    sets = shortened(mdp, sets, words, generator)
    x = mdp.path_features(sets)
    x = x - x.mean(dim=1, keepdim=True)
    spread = ((x if metric is None else x @ metric) * x).sum(dim=(1, 2))
    for index in spread.argsort(descending=True):
        if len(_distinct(sets[index])) == K:
            return sets[index]
    return _completed(sets[0], policies, mdp, generator, words)


def open_metric(asked: Sequence[Tensor], covariance: Tensor, value: Tensor | None = None) -> Tensor:
    r"""What a unit of spread is worth once some static questions were asked, whatever was answered to them.

    With every pick as likely, each question leaves the covariance C' of `expected_covariance`; the gradient
    of the V-criterion there is C' V C', that of the D-criterion C'. With it `static_question` does not ask
    again what earlier questions settled, as rounding each question by itself does (accuracy after 60 answers
    of 60 simulated people 0.680 instead of 0.677, random 0.678).

    Args:
        asked: Float[K, d] each, features of the options.
        covariance: Float[d, d], of tastes before any question.
        value: Float[d, d], V; None for the D-criterion.
    """
    for options in asked:
        covariance = expected_covariance(options, covariance, None)
    return covariance if value is None else covariance @ value @ covariance


def independent_question(
    policies: Policies, mdp: PromptMDP, generator: torch.Generator, *, words: int | None = None
) -> Tensor:
    """Long[K, H]: one path of each policy, drawn independently, as the paper runs its policies.

    Draws that are not distinct are drawn again; policies of fewer than K distinct prompts are completed.
    """
    found = shortened(mdp, policies.sample(generator), words, generator)
    for _ in range(RANDOM_TRIALS):
        if len(_distinct(found)) == len(found):
            return found
        found = shortened(mdp, policies.sample(generator), words, generator)
    return _completed(found, policies, mdp, generator, words)


def question_pool(
    policies: Policies,
    mdp: PromptMDP,
    count: int,
    generator: torch.Generator,
    *,
    words: int | None = None,
) -> Tensor:
    """Distinct candidates for `choose_question`: half from the policies, half uniform over all prompts.

    Args:
        policies: the design's.
        mdp: whose paths.
        count: how many.
        generator: of the draws.
        words: most tokens a prompt (see `shortened`); None: as many as there are slots.

    Returns:
        Long[n, H], n = `count`, or fewer where the MDP has not as many prompts.
    """
    drawn = torch.multinomial(policies.mean_weights, count, replacement=True, generator=generator)
    found = _distinct(shortened(mdp, policies.paths[drawn], words, generator))[: (count + 1) // 2]
    for _ in range(POOL_TRIALS):
        if len(found) >= count:
            break
        found = _distinct(torch.cat((found, _random(mdp, count, generator, words))))
    return found[:count]


def shortened(mdp: PromptMDP, paths: Tensor, words: int | None, generator: torch.Generator) -> Tensor:
    """The paths with all but `words` of their tokens made blank, chosen at random.

    A design spends every slot, as every token tells something; but a picture of many words is hard on the
    model that draws it and on the eye that judges it. Shortening samples the slots evenly, so over the
    questions each token is still asked about.

    Args:
        mdp: whose paths; one that may not be shortened under its rules stays as it is.
        paths: Long[..., H].
        words: most tokens that are not blank; None: no bound.
        generator: of which are kept.
    """
    if words is None or words >= paths.shape[-1]:
        return paths
    flat = paths.reshape(-1, paths.shape[-1])
    rank = torch.rand(flat.shape, generator=generator, device=generator.device).to(flat.device)
    rank = torch.where(flat == BLANK, 2.0, rank).argsort(dim=1).argsort(dim=1)
    short = torch.where(rank < words, flat, BLANK)
    return torch.where(mdp.admits(short)[:, None], short, flat).reshape(paths.shape)


def _random(mdp: PromptMDP, count: int, generator: torch.Generator, words: int | None) -> Tensor:
    return shortened(mdp, mdp.random_paths(count, generator), words, generator)


def _completed(
    paths: Tensor, policies: Policies, mdp: PromptMDP, generator: torch.Generator, words: int | None
) -> Tensor:
    """K distinct paths: those of `paths`, then draws from the mean mixture, then uniform ones."""
    K = policies.options
    support = int((policies.mean_weights > 0.0).sum())
    more = policies.paths[
        torch.multinomial(policies.mean_weights, 8 * K + support, replacement=True, generator=generator)
    ]
    found = _distinct(torch.cat((paths, shortened(mdp, more, words, generator))))
    if len(found) < K:
        found = _distinct(torch.cat((found, random_question(mdp, K, generator, words=words))))
    return found[:K]


def random_question(
    mdp: PromptMDP, options: int, generator: torch.Generator, *, words: int | None = None
) -> Tensor:
    """Long[K, H]: distinct paths, uniform over all prompts, then `shortened` to `words`.

    Raises:
        DesignError: the MDP has fewer than K distinct prompts.
    """
    if mdp.log_path_count < math.log(options) - 1e-9:
        raise DesignError(
            f"Expected at least {options} distinct prompts, found {round(math.exp(mdp.log_path_count))}. "
            "Add tokens or ask for fewer options."
        )
    found = _random(mdp, options, generator, words)
    for _ in range(RANDOM_TRIALS):
        found = _distinct(found)
        if len(found) >= options:
            return found[:options]
        found = torch.cat((found, _random(mdp, 8 * options, generator, words)))
    raise DesignError(
        f"Expected to draw {options} distinct prompts, found {len(_distinct(found))}. "
        "Loosen the successors or ask for fewer options."
    )


def _distinct(paths: Tensor) -> Tensor:
    """The distinct rows, in order of first appearance."""
    kept: dict[tuple[int, ...], None] = dict.fromkeys(tuple(row) for row in paths.tolist())
    return torch.tensor(list(kept), dtype=paths.dtype, device=paths.device)
