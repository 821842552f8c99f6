"""Recommended prompts: helpful tokens, no uncertain tokens, strength and diversity."""

import pytest
import torch

from personalize.errors import DesignError
from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
from personalize.preference.estimate import TasteEstimate
from personalize.taste.recommend import recommend_paths, token_rewards
from tests.mdp.examples import slot_mdp


def estimate_of(theta: torch.Tensor, variance: float = 1e-6) -> TasteEstimate:
    covariance = variance * torch.eye(len(theta), dtype=torch.float64)
    return TasteEstimate(theta, covariance, 1.0, 1.0, 0.0, True, 10, 0.05)


def mdp_of_utilities() -> PromptMDP:
    """An MDP of two slots with tokens 1, 2 and tokens 3, 4; token t has the one-hot feature t - 1."""
    features = torch.cat((torch.zeros(1, 4), torch.eye(4))).to(torch.float64)
    allowed = torch.tensor([[1, 1, 1, 0, 0], [1, 0, 0, 1, 1]], dtype=torch.bool)
    return PromptMDP(features, allowed)


def taste(*utilities: float) -> torch.Tensor:
    return torch.tensor(utilities, dtype=torch.float64)


def test_the_first_path_takes_the_best_token_of_every_slot_that_has_one() -> None:
    mdp = mdp_of_utilities()
    assert recommend_paths(mdp, estimate_of(taste(1.0, 2.0, 0.5, -1.0)), count=1).tolist() == [[2, 3]]
    assert recommend_paths(mdp, estimate_of(taste(-1.0, -2.0, 0.5, 0.4)), count=1).tolist() == [[0, 3]]


def test_nothing_liked_is_the_plain_subject() -> None:
    plain = recommend_paths(mdp_of_utilities(), estimate_of(taste(-1.0, -1.0, -1.0, -1.0)), count=3)
    assert plain.tolist() == [[0, 0]] * 3


def test_caution_leaves_out_what_is_not_sure() -> None:
    mdp, estimate = mdp_of_utilities(), estimate_of(taste(1.0, 0.0, 3.0, 0.0), variance=4.0)
    assert recommend_paths(mdp, estimate, count=1, caution=0.0).tolist() == [[1, 3]]
    assert recommend_paths(mdp, estimate, count=1, caution=1.0).tolist() == [[0, 3]]
    assert recommend_paths(mdp, estimate, count=1, caution=2.0).tolist() == [[0, 0]]
    torch.testing.assert_close(token_rewards(mdp, estimate, 1.0), taste(0.0, -1.0, -2.0, 1.0, -2.0))


def test_strength_uses_the_strongest_tokens_first() -> None:
    mdp, estimate = mdp_of_utilities(), estimate_of(taste(1.0, 0.0, 3.0, 0.0))
    used = [recommend_paths(mdp, estimate, count=1, strength=s).tolist()[0] for s in (0.0, 0.5, 1.0)]
    assert used == [[0, 0], [0, 3], [1, 3]]


def test_prompts_are_of_few_words_when_asked_the_strongest_first() -> None:
    mdp, estimate = mdp_of_utilities(), estimate_of(taste(1.0, 0.0, 3.0, 0.0))
    assert recommend_paths(mdp, estimate, count=1, words=1).tolist() == [[0, 3]]
    assert recommend_paths(mdp, estimate, count=1, words=2).tolist() == [[1, 3]]
    assert recommend_paths(mdp, estimate, count=1, words=9).tolist() == [[1, 3]]
    many = slot_mdp(0, H=5, per_slot=6)
    theta = torch.randn(8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    paths = recommend_paths(many, estimate_of(theta), count=4, words=3)
    assert int((paths != 0).sum(dim=1).max()) <= 3 and len(torch.unique(paths, dim=0)) == 4


@pytest.mark.parametrize("seed", range(4))
def test_further_paths_are_good_distinct_and_different(seed: int) -> None:
    mdp = slot_mdp(seed)
    theta = torch.randn(8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    paths = recommend_paths(mdp, estimate_of(theta), count=4)
    rewards = mdp.path_features(paths) @ theta
    assert len(torch.unique(paths, dim=0)) == 4
    assert int(rewards.argmax()) == 0
    assert float(rewards.min()) >= 0.5 * float(rewards[0])
    assert int((paths[1:] != paths[0]).sum(dim=1).min()) >= 2


def test_rules_between_slots_hold_at_every_strength() -> None:
    free = mdp_of_utilities()
    # Token 3 may follow token 1 only, and not the blank.
    groups = torch.tensor([0, 1, 0, 2, 0])
    follows = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 1]], dtype=torch.bool)
    mdp = PromptMDP(free.features, free.allowed, GroupSuccessors(groups, follows))
    estimate = estimate_of(taste(1.0, 0.0, 3.0, 0.0))
    for strength, expected in ((0.0, [0, 0]), (0.5, [1, 0]), (1.0, [1, 3])):
        path = recommend_paths(mdp, estimate, count=1, strength=strength)
        assert path.tolist() == [expected]


def test_what_cannot_be_recommended_is_refused() -> None:
    for changes in ({"count": 0}, {"count": 1, "strength": 1.5}, {"count": 1, "strength": -0.1}):
        with pytest.raises(DesignError):
            recommend_paths(mdp_of_utilities(), estimate_of(taste(1.0, 1.0, 1.0, 1.0)), **changes)


def test_excluded_tokens_are_not_used_and_others_take_their_place() -> None:
    mdp, estimate = mdp_of_utilities(), estimate_of(taste(1.0, 2.0, 3.0, -1.0))
    assert recommend_paths(mdp, estimate, count=1, without=[2]).tolist() == [[1, 3]]
    assert recommend_paths(mdp, estimate, count=1, without=[1, 2, 3]).tolist() == [[0, 0]]
