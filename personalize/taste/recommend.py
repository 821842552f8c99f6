"""From a taste to prompts: the paths that a person is expected to like, in different ways.

A token helps when its utility above the blank's, less a margin for what is not known yet, is positive. The
best path takes the token that helps most in every slot; further paths are good ones that differ from it.
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
"""Good paths that each recommended one is chosen from."""

NEVER = -1e6
"""Reward of a token that does not help: only rules between slots can make a path say it."""

GOOD_ENOUGH = 0.5
"""Share of the best path's cautious reward that a further path must have."""


def token_rewards(mdp: PromptMDP, estimate: TasteEstimate, caution: float) -> Tensor:
    """Float[S]: utility above the blank's, less `caution` standard errors of it; 0 for the blank."""
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
    """Long[count, H]: prompts for an estimated taste, with the caution and the prompt length of the settings.

    Args:
        loop: its MDP and its settings `caution` and `words`.
        estimate: the taste.
        count: prompts.
        strength: see `recommend_paths`.
        without: tokens that are left out.
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
    """Hashes of the picked pictures that the session's person is expected to like best, best first."""
    session = loop.session(token)
    picked = {
        round_.pictures[best]: round_.paths[best]
        for round_ in session.answered
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
    """Prompts for a person of that taste, best first.

    Args:
        mdp: what can be said; token 0 is the blank.
        estimate: the taste.
        count: how many prompts.
        strength: share of the helpful tokens that are used, the strongest first; 0 is the plain subject.
        caution: standard errors that a token must be above the blank to be used.
        words: most tokens a prompt, the strongest first; None: as many as there are slots.
        without: tokens that are not to be said.

    Returns:
        Long[count, H]. Rows repeat when fewer prompts are known to help; when none is, all are plain.

    Raises:
        DesignError: no prompts asked for, or a strength outside 0..1.
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
    """The path with its weakest tokens blank, so that round(strength * tokens) are left, and at most `words`.

    Where rules between slots forbid that, the best choice of as many that they admit; the path itself when
    they admit none.
    """
    said = [slot for slot, token in enumerate(path.tolist()) if token != BLANK]
    bound = len(said) if words is None else min(words, len(said))
    left = int(strength * bound + 0.5)
    best, best_reward = path, -torch.inf
    for kept in combinations(said, left):
        trial = torch.full_like(path, BLANK)
        trial[list(kept)] = path[list(kept)]
        total = float(rewards[trial].sum())
        if total > best_reward and bool(mdp.admits(trial[None])):
            best, best_reward = trial, total
    return best


def _diverse(mdp: PromptMDP, paths: Tensor, totals: Tensor, count: int) -> list[int]:
    """Rows of `paths`: the best, then those of most reward times distance to the nearest chosen so far.

    The distance is the share of slots that say something else.
    """
    chosen = [int(totals.argmax())]
    worth = totals.clamp(min=0.0) + 1e-9
    differ = (paths[:, None, :] != paths[None, :, :]).to(totals).mean(dim=2)
    while len(chosen) < min(count, len(paths)):
        score = worth * differ[:, chosen].amin(dim=1)
        chosen.append(int(score.argmax()))
    return chosen
