"""Recommends prompts for a taste: several good paths that differ from each other.

The cautious reward of a token is its utility above the blank, minus a margin for its uncertainty. A token
helps if its cautious reward is positive. The best path contains the most helpful token of every slot. The
other paths are nearly as good and differ from it.
"""

from collections.abc import Collection
from itertools import combinations
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from personalize.errors import DesignError
from personalize.mdp.prompt_mdp import BLANK, PromptMDP
from personalize.mdp.value_iteration import best_paths
from personalize.preference.estimate import TasteEstimate

if TYPE_CHECKING:
    from personalize.rounds.personalizer import Personalizer

CANDIDATES_A_PATH = 32
"""Number of candidate paths for each recommended path."""

NEVER = -1e6
"""Reward of a token that does not help. A path contains it only if rules between slots require it."""

GOOD_ENOUGH = 0.5
"""Smallest cautious reward of a recommended path, as a share of the best path's."""


def token_rewards(mdp: PromptMDP, estimate: TasteEstimate, caution: float) -> Tensor:
    """Float[S]: utility above the blank minus `caution` standard errors, in nats; 0 for the blank."""
    effects = mdp.features - mdp.features[BLANK]
    return estimate.utility(effects) - caution * estimate.standard_error(effects)


def recommend(
    loop: "Personalizer",
    estimate: TasteEstimate,
    *,
    count: int,
    strength: float = 1.0,
    without: Collection[int] = (),
) -> Tensor:
    """Long[count, H]: prompts for a taste, with the caution and the prompt length of the settings.

    Args:
        loop: the loop, with its MDP and its settings `caution` and `max_tokens`.
        estimate: the taste.
        count: number of prompts.
        strength: see `recommend_paths`.
        without: tokens that no prompt may contain.
    """
    return recommend_paths(
        loop.preparation.mdp,
        estimate,
        count=count,
        strength=strength,
        caution=loop.settings.caution,
        words=loop.settings.max_tokens,
        without=without,
    )


def favourites(loop: "Personalizer", token: str, count: int) -> list[str]:
    """Hashes of at most `count` picked pictures of the session, in descending order of expected utility."""
    session = loop.session(token)
    picked = {
        round_.pictures[best]: round_.paths[best]
        for round_ in session.counted
        if round_.answer is not None and (best := round_.answer.best) is not None and round_.rendered
    }
    if not picked:
        return []
    features = loop.preparation.mdp.path_features(torch.tensor(list(picked.values())))
    order = loop.estimate(token).utility(features).argsort(descending=True, stable=True)
    return [list(picked)[n] for n in order.tolist()][:count]


def recommend_paths(
    mdp: PromptMDP,
    estimate: TasteEstimate,
    *,
    count: int,
    strength: float = 1.0,
    caution: float = 0.5,
    words: int | None = None,
    without: Collection[int] = (),
) -> Tensor:
    """Recommended prompts for a taste, with the best prompt first.

    Args:
        mdp: the prompt MDP; token 0 is the blank.
        estimate: the taste.
        count: number of prompts.
        strength: share of the helpful tokens in a prompt, 0..1, strongest tokens first; 0 gives the plain
            subject.
        caution: number of standard errors by which the utility of a token must exceed the blank's.
        words: most tokens in a prompt, strongest tokens first; None for one in every slot.
        without: tokens that no prompt may contain.

    Returns:
        Long[count, H]. Rows repeat if there are fewer good prompts than `count`. All rows are blank if no
        token helps.

    Raises:
        DesignError: `count` is below 1, or `strength` is outside 0..1.
    """
    if count < 1 or not 0.0 <= strength <= 1.0:
        raise DesignError(
            f"Expected at least 1 prompt and a strength from 0 to 1, found {count} and {strength}. "
            "Choose others."
        )
    rewards = token_rewards(mdp, estimate, caution)
    if without:
        rewards[list(without)] = NEVER
    helpful = rewards.masked_fill(rewards < 0.0, NEVER)
    reward = helpful.expand(mdp.horizon, -1)
    paths, totals = best_paths(mdp, reward, CANDIDATES_A_PATH * count)
    good = totals >= GOOD_ENOUGH * totals[0].clamp(min=0.0) if float(totals[0]) > 0.0 else totals >= totals[0]
    weakened = [_weakened(mdp, path, rewards, strength, words) for path in paths[good]]
    distinct = torch.tensor(
        list(dict.fromkeys(tuple(path.tolist()) for path in weakened)), device=mdp.features.device
    )
    chosen = _diverse(mdp, distinct, mdp.path_rewards(distinct, reward), count)
    return distinct[[chosen[row % len(chosen)] for row in range(count)]]


def _weakened(mdp: PromptMDP, path: Tensor, rewards: Tensor, strength: float, words: int | None) -> Tensor:
    """The path reduced to its strongest tokens: round(strength * tokens) of them, at most `words`.

    Among the subsets of that size that the rules between slots admit, the result has the highest reward. If
    the rules admit none, the result is the whole path.
    """
    filled = [slot for slot, token in enumerate(path.tolist()) if token != BLANK]
    most = len(filled) if words is None else min(words, len(filled))
    size = int(strength * most + 0.5)
    best, best_reward = path, -torch.inf
    for kept in combinations(filled, size):
        trial = torch.full_like(path, BLANK)
        trial[list(kept)] = path[list(kept)]
        total = float(rewards[trial].sum())
        if total > best_reward and bool(mdp.admits(trial[None])):
            best, best_reward = trial, total
    return best


def _diverse(mdp: PromptMDP, paths: Tensor, totals: Tensor, count: int) -> list[int]:
    """At most `count` row numbers of `paths`: the best path, then good paths far from those already chosen.

    Each next path maximises its reward times its distance to the nearest chosen path. The distance is the
    share of slots with different tokens.
    """
    chosen = [int(totals.argmax())]
    worth = totals.clamp(min=0.0) + 1e-9
    differ = (paths[:, None, :] != paths[None, :, :]).to(totals).mean(dim=2)
    while len(chosen) < min(count, len(paths)):
        score = worth * differ[:, chosen].amin(dim=1)
        chosen.append(int(score.argmax()))
    return chosen
