"""Questions drawn without looking at answers: from the design's policies, or uniform over all prompts.

Static questions are rounded to sets of prompts that differ. The pool that adaptive questions are chosen
from is drawn here as well.
"""

import math

import torch
from torch import Tensor

from personalize.errors import DesignError
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import PromptMDP

STATIC_TRIALS = 32
"""Sets of policy draws that a static question is the best of."""

RANDOM_TRIALS = 64
POOL_TRIALS = 8


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
        words: most tokens a prompt (see `PromptMDP.shortened`); None: as many as there are slots.

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
    sets = mdp.shortened(sets, words, generator)
    x = mdp.path_features(sets)
    x = x - x.mean(dim=1, keepdim=True)
    spread = ((x if metric is None else x @ metric) * x).sum(dim=(1, 2))
    for index in spread.argsort(descending=True):
        if len(_distinct(sets[index])) == K:
            return sets[index]
    return _completed(sets[0], policies, mdp, generator, words)


def independent_question(
    policies: Policies, mdp: PromptMDP, generator: torch.Generator, *, words: int | None = None
) -> Tensor:
    """Long[K, H]: one path of each policy, drawn independently, as the paper runs its policies.

    Draws that are not distinct are drawn again; policies of fewer than K distinct prompts are completed.
    """
    found = mdp.shortened(policies.sample(generator), words, generator)
    for _ in range(RANDOM_TRIALS):
        if len(_distinct(found)) == len(found):
            return found
        found = mdp.shortened(policies.sample(generator), words, generator)
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
        words: most tokens a prompt (see `PromptMDP.shortened`); None: as many as there are slots.

    Returns:
        Long[n, H], n = `count`, or fewer where the MDP has not as many prompts.
    """
    drawn = torch.multinomial(policies.mean_weights, count, replacement=True, generator=generator)
    found = _distinct(mdp.shortened(policies.paths[drawn], words, generator))[: (count + 1) // 2]
    for _ in range(POOL_TRIALS):
        if len(found) >= count:
            break
        found = _distinct(torch.cat((found, _random(mdp, count, generator, words))))
    return found[:count]


def _random(mdp: PromptMDP, count: int, generator: torch.Generator, words: int | None) -> Tensor:
    return mdp.shortened(mdp.random_paths(count, generator), words, generator)


def _completed(
    paths: Tensor, policies: Policies, mdp: PromptMDP, generator: torch.Generator, words: int | None
) -> Tensor:
    """K distinct paths: those of `paths`, then draws from the mean mixture, then uniform ones."""
    K = policies.options
    support = int((policies.mean_weights > 0.0).sum())
    more = policies.paths[
        torch.multinomial(policies.mean_weights, 8 * K + support, replacement=True, generator=generator)
    ]
    found = _distinct(torch.cat((paths, mdp.shortened(more, words, generator))))
    if len(found) < K:
        found = _distinct(torch.cat((found, random_question(mdp, K, generator, words=words))))
    return found[:K]


def random_question(
    mdp: PromptMDP, options: int, generator: torch.Generator, *, words: int | None = None
) -> Tensor:
    """Long[K, H]: distinct paths, uniform over all prompts, then shortened to `words`.

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
