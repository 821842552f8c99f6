"""Questions that do not depend on answers: from the design's policies, or uniform over all prompts.

Static questions are rounded to sets of distinct prompts. The candidate pool of adaptive questions is drawn
here as well.
"""

import math

import torch
from torch import Tensor

from personalize.errors import DesignError
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import PromptMDP

STATIC_TRIALS = 32
"""Number of candidate sets for one static question."""

RANDOM_TRIALS = 64
POOL_TRIALS = 8


def static_question(
    policies: Policies,
    mdp: PromptMDP,
    generator: torch.Generator,
    *,
    metric: Tensor | None = None,
    max_tokens: int | None = None,
) -> Tensor:
    """Long[K, H]: one prompt from each policy, rounded to a set of distinct prompts.

    Of STATIC_TRIALS candidate sets, the set with the largest spread of options in `metric` is returned.
    Without successor rules, the tokens of each slot are first shuffled among the K prompts. That keeps the
    distribution within each slot and makes the slots independent. If the policies have fewer than K distinct
    prompts, uniform prompts complete the set.

    Args:
        policies: K mixtures of paths.
        mdp: the MDP of the paths.
        generator: source of randomness.
        metric: Float[d, d], `DesignResult.metric`; the identity by default.
        max_tokens: largest number of tokens in a prompt (see `PromptMDP.shortened`); None for all slots.

    Returns:
        Long[K, H], with distinct rows.

    Raises:
        DesignError: the MDP has fewer than K distinct prompts.
    """
    K, H = policies.options, policies.horizon
    drawn = torch.multinomial(policies.weights, STATIC_TRIALS, replacement=True, generator=generator)
    sets = policies.paths[drawn.T]
    if mdp.successors is None:
        keys = torch.rand(STATIC_TRIALS, K, H, generator=generator, device=generator.device)
        sets = sets.gather(1, keys.argsort(dim=1).to(sets.device))
    sets = mdp.shortened(sets, max_tokens, generator)
    x = mdp.path_features(sets)
    x = x - x.mean(dim=1, keepdim=True)
    spread = ((x if metric is None else x @ metric) * x).sum(dim=(1, 2))
    for index in spread.argsort(descending=True):
        if len(_distinct(sets[index])) == K:
            return sets[index]
    return _completed(sets[0], policies, mdp, generator, max_tokens)


def independent_question(
    policies: Policies, mdp: PromptMDP, generator: torch.Generator, *, max_tokens: int | None = None
) -> Tensor:
    """Long[K, H]: one path from each policy, drawn independently, as in the paper.

    Sets with equal prompts are drawn again. If the policies have fewer than K distinct prompts, uniform
    prompts complete the set.
    """
    found = mdp.shortened(policies.sample(generator), max_tokens, generator)
    for _ in range(RANDOM_TRIALS):
        if len(_distinct(found)) == len(found):
            return found
        found = mdp.shortened(policies.sample(generator), max_tokens, generator)
    return _completed(found, policies, mdp, generator, max_tokens)


def question_pool(
    policies: Policies,
    mdp: PromptMDP,
    count: int,
    generator: torch.Generator,
    *,
    max_tokens: int | None = None,
) -> Tensor:
    """Long[n, H]: distinct candidates for `choose_question`, half from the policies, half uniform.

    Args:
        policies: the policies of the design.
        mdp: the MDP of the paths.
        count: number of candidates.
        generator: source of randomness.
        max_tokens: largest number of tokens in a prompt (see `PromptMDP.shortened`); None for all slots.

    Returns:
        Long[n, H], with n = `count`, or less if the MDP has fewer prompts.
    """
    drawn = torch.multinomial(policies.mean_weights, count, replacement=True, generator=generator)
    found = _distinct(mdp.shortened(policies.paths[drawn], max_tokens, generator))[: (count + 1) // 2]
    for _ in range(POOL_TRIALS):
        if len(found) >= count:
            break
        found = _distinct(torch.cat((found, _random(mdp, count, generator, max_tokens))))
    return found[:count]


def _random(mdp: PromptMDP, count: int, generator: torch.Generator, max_tokens: int | None) -> Tensor:
    return mdp.shortened(mdp.random_paths(count, generator), max_tokens, generator)


def _completed(
    paths: Tensor, policies: Policies, mdp: PromptMDP, generator: torch.Generator, max_tokens: int | None
) -> Tensor:
    """Long[K, H]: distinct paths; first `paths`, then samples of the mean mixture, then uniform paths."""
    K = policies.options
    support = int((policies.mean_weights > 0.0).sum())
    more = policies.paths[
        torch.multinomial(policies.mean_weights, 8 * K + support, replacement=True, generator=generator)
    ]
    found = _distinct(torch.cat((paths, mdp.shortened(more, max_tokens, generator))))
    if len(found) < K:
        found = _distinct(torch.cat((found, random_question(mdp, K, generator, max_tokens=max_tokens))))
    return found[:K]


def random_question(
    mdp: PromptMDP, options: int, generator: torch.Generator, *, max_tokens: int | None = None
) -> Tensor:
    """Long[K, H]: distinct paths, uniform over all prompts, then shortened to `max_tokens` tokens.

    Raises:
        DesignError: the MDP has fewer than K distinct prompts.
    """
    if mdp.log_path_count < math.log(options) - 1e-9:
        raise DesignError(
            f"Expected at least {options} distinct prompts, found {round(math.exp(mdp.log_path_count))}. "
            "Add tokens or ask for fewer options."
        )
    found = _random(mdp, options, generator, max_tokens)
    for _ in range(RANDOM_TRIALS):
        found = _distinct(found)
        if len(found) >= options:
            return found[:options]
        found = torch.cat((found, _random(mdp, 8 * options, generator, max_tokens)))
    raise DesignError(
        f"Expected to draw {options} distinct prompts, found {len(_distinct(found))}. "
        "Loosen the successors or ask for fewer options."
    )


def _distinct(paths: Tensor) -> Tensor:
    """The distinct rows, in order of their first occurrence."""
    distinct: dict[tuple[int, ...], None] = dict.fromkeys(tuple(row) for row in paths.tolist())
    return torch.tensor(list(distinct), dtype=paths.dtype, device=paths.device)
