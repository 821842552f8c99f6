"""Questions: best by exchange, among well-liked prompts on request, distinct, and better than random."""

import itertools

import pytest
import torch
from torch import Tensor

from personalize.design.adaptive import choose_question, expected_covariance, open_metric, plan_questions
from personalize.design.baseline import identical_policies
from personalize.design.criterion import DCriterion
from personalize.design.sampling import independent_question, question_pool, random_question, static_question
from personalize.design.solve import solve_design
from personalize.errors import DesignError, ShapeError
from personalize.mdp.policy import Policies
from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
from personalize.preference.comparison import Comparisons
from personalize.preference.estimate import TastePrior, estimate_taste
from personalize.preference.logit import choice_information, choice_probabilities
from personalize.preference.simulated_user import SimulatedUser, calibrate
from tests.design.examples import random_information, uniform_policies
from tests.mdp.examples import random_mdp, seeded, slot_mdp


def gain(options: Tensor, covariance: Tensor, theta: Tensor) -> float:
    """Gain in log det of the posterior's information, computed with d x d matrices."""
    added = choice_information(options, choice_probabilities(theta, options))
    information = torch.linalg.inv(covariance)
    return float(torch.logdet(information + added) - torch.logdet(information))


def chosen(pool: Tensor, covariance: Tensor, theta: Tensor | None, K: int = 3, **changes: object) -> Tensor:
    keywords: dict[str, object] = {"generator": seeded(0), "liked_share": 0.5, "restrict": False, **changes}
    return choose_question(pool, options=K, covariance=covariance, theta=theta, **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize("K", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_exchange_comes_close_to_the_best_of_all_sets(seed: int, K: int) -> None:
    pool = torch.randn(12, 4, generator=seeded(seed), dtype=torch.float64)
    covariance, theta = (
        random_information(seed),
        torch.randn(4, generator=seeded(seed + 1), dtype=torch.float64),
    )
    found = chosen(pool, covariance, theta, K)
    gains = [gain(pool[list(members)], covariance, theta) for members in itertools.combinations(range(12), K)]
    assert len(set(found.tolist())) == K
    assert gain(pool[found], covariance, theta) >= 0.95 * max(gains)


def test_no_single_exchange_improves_the_choice() -> None:
    pool = torch.randn(40, 6, generator=seeded(0), dtype=torch.float64)
    covariance, theta = random_information(0, 6), torch.randn(6, generator=seeded(1), dtype=torch.float64)
    members = chosen(pool, covariance, theta, 4).tolist()
    best = gain(pool[members], covariance, theta)
    for place, candidate in itertools.product(range(4), range(40)):
        if candidate not in members:
            exchanged = [*members[:place], candidate, *members[place + 1 :]]
            assert gain(pool[exchanged], covariance, theta) <= best + 1e-9


def test_no_taste_yet_is_a_uniform_pick() -> None:
    pool = torch.randn(30, 4, generator=seeded(2), dtype=torch.float64)
    covariance = random_information(2)
    none = chosen(pool, covariance, None, restrict=True)
    zero = chosen(pool, covariance, torch.zeros(4, dtype=torch.float64))
    assert torch.equal(none, zero)


def test_a_common_shift_changes_nothing() -> None:
    pool = torch.randn(30, 4, generator=seeded(3), dtype=torch.float64)
    covariance, theta = random_information(3), torch.randn(4, generator=seeded(4), dtype=torch.float64)
    assert torch.equal(chosen(pool, covariance, theta), chosen(pool + 2.0, covariance, theta))


@pytest.mark.parametrize("liked_share", [0.2, 0.5])
def test_restriction_keeps_to_the_best_liked(liked_share: float) -> None:
    pool = torch.randn(50, 4, generator=seeded(5), dtype=torch.float64)
    theta = torch.randn(4, generator=seeded(6), dtype=torch.float64)
    utility = pool @ theta
    floor = utility.sort(descending=True).values[round(liked_share * 50) - 1]
    restricted = chosen(pool, random_information(5), theta, liked_share=liked_share, restrict=True)
    assert float(utility[restricted].min()) >= float(floor)
    free = [chosen(pool, random_information(seed), theta, restrict=False) for seed in range(10)]
    assert min(float(utility[members].min()) for members in free) < float(floor)


def test_equal_candidates_are_never_asked_about_together() -> None:
    pool = torch.randn(5, 3, generator=seeded(7), dtype=torch.float64).repeat(4, 1)
    for seed in range(10):
        found = chosen(pool, random_information(seed, 3), torch.zeros(3, dtype=torch.float64), 2)
        assert len(set((found % 5).tolist())) == 2


def test_questions_that_cannot_be_posed_are_refused() -> None:
    pool = torch.randn(3, 4, dtype=torch.float64, generator=seeded(0))
    with pytest.raises(DesignError):
        chosen(pool, random_information(0), None, 4)
    with pytest.raises(ShapeError):
        chosen(pool, random_information(0, 3), None, 2)
    with pytest.raises(ShapeError):
        chosen(pool, random_information(0), torch.zeros(5), 2)


@pytest.mark.parametrize("groups", [0, 2])
def test_static_and_random_questions_are_distinct_prompts_that_may_be_said(groups: int) -> None:
    mdp = random_mdp(1, H=3, S=8, d=4, groups=groups)
    policies = solve_design(mdp, DCriterion(), options=4, rounds=8, regularisation=0.3).policies
    for seed in range(20):
        for question in (static_question(policies, mdp, seeded(seed)), random_question(mdp, 4, seeded(seed))):
            assert question.shape == (4, 3)
            assert len(torch.unique(question, dim=0)) == 4
            assert bool(mdp.admits(question).all())


def test_static_questions_tell_more_than_the_design_promises_of_independent_draws() -> None:
    mdp = slot_mdp(0, H=5, per_slot=10, d=20)
    result = solve_design(mdp, DCriterion(), options=4, rounds=12, regularisation=0.5)
    uniform = torch.full((4,), 0.25, dtype=torch.float64)
    generator, added = seeded(0), torch.zeros(20, 20, dtype=torch.float64)
    for _ in range(400):
        question = static_question(result.policies, mdp, generator, metric=result.metric)
        added += choice_information(mdp.path_features(question), uniform) * 12 / 400
    added += 0.5 * torch.eye(20, dtype=torch.float64)
    assert DCriterion().value(added) > DCriterion().value(result.exact_information)


def test_policies_of_a_single_prompt_are_completed() -> None:
    mdp = slot_mdp(0)
    one = Policies(torch.zeros(1, 4, dtype=torch.long), torch.ones(4, 1, dtype=torch.float64))
    question = static_question(one, mdp, seeded(0))
    assert len(torch.unique(question, dim=0)) == 4


def test_too_few_prompts_for_a_question_are_refused_and_just_enough_are_all_used() -> None:
    mdp = PromptMDP(torch.eye(3, dtype=torch.float64), torch.ones(1, 3, dtype=torch.bool))
    assert sorted(random_question(mdp, 3, seeded(0)).flatten().tolist()) == [0, 1, 2]
    policies = uniform_policies(mdp, 4, 9, seeded(0))
    with pytest.raises(DesignError, match="found 3"):
        random_question(mdp, 4, seeded(0))
    with pytest.raises(DesignError, match="found 3"):
        static_question(policies, mdp, seeded(0))


def test_a_pool_is_distinct_and_takes_all_prompts_where_there_are_few() -> None:
    mdp = slot_mdp(0)
    policies = uniform_policies(mdp, 4, 30, seeded(0))
    pool = question_pool(policies, mdp, 200, seeded(1))
    assert pool.shape == (200, 4)
    assert len(torch.unique(pool, dim=0)) == 200
    tiny = PromptMDP(torch.eye(3, dtype=torch.float64), torch.ones(1, 3, dtype=torch.bool))
    assert len(question_pool(uniform_policies(tiny, 4, 30, seeded(0)), tiny, 100, seeded(0))) == 3


@pytest.mark.parametrize("words", [1, 2, 3])
def test_shortened_paths_keep_so_many_of_their_tokens_from_every_slot(words: int) -> None:
    mdp = slot_mdp(0, H=4, per_slot=6)
    paths = mdp.random_paths(400, seeded(3)).reshape(100, 4, 4)
    short = mdp.shortened(paths, words, seeded(4))
    length, full_length = (short != 0).sum(dim=-1), (paths != 0).sum(dim=-1)
    assert torch.equal(length, full_length.clamp(max=words))
    assert bool(((short == paths) | (short == 0)).all())
    assert bool(((short != 0).float().mean(dim=(0, 1)) > 0.15 * words).all())
    assert torch.equal(mdp.shortened(paths, None, seeded(4)), paths)
    assert torch.equal(mdp.shortened(paths, 4, seeded(4)), paths)


def test_all_kinds_of_questions_are_of_few_words_when_asked_and_distinct() -> None:
    mdp = slot_mdp(1, H=5, per_slot=4)
    policies = uniform_policies(mdp, 4, 50, seeded(0))
    asked = (
        static_question(policies, mdp, seeded(1), max_tokens=2),
        random_question(mdp, 4, seeded(1), max_tokens=2),
        question_pool(policies, mdp, 60, seeded(1), max_tokens=2),
    )
    for paths in asked:
        assert int((paths != 0).sum(dim=1).max()) == 2
        assert len(torch.unique(paths, dim=0)) == len(paths) >= 4


def test_paths_that_rules_forbid_to_shorten_stay_whole() -> None:
    groups = torch.tensor([0, 1, 1, 1])
    must_speak = GroupSuccessors(groups, torch.tensor([[False, False], [False, True]]))
    features = torch.randn(4, 2, generator=seeded(0), dtype=torch.float64)
    mdp = PromptMDP(features, torch.ones(3, 4, dtype=torch.bool), must_speak)
    paths = mdp.random_paths(50, seeded(0))
    assert torch.equal(mdp.shortened(paths, 1, seeded(0)), paths)


@pytest.mark.slow
def test_adaptive_questions_teach_a_taste_faster_than_random_ones() -> None:
    mdp = slot_mdp(0, H=5, per_slot=10, d=32)
    x = mdp.path_features(mdp.random_paths(2000, seeded(0)))
    mean, prior = x.mean(dim=0), TastePrior(torch.cov(x.T))
    exam = (mdp.path_features(mdp.random_paths(2000, seeded(1))) - mean).view(500, 4, 32)

    def accuracy_after(seed: int, rounds: int, adaptive: bool) -> float:
        generator = seeded(seed)
        direction = prior.root(1.0, 1.0) @ torch.randn(32, generator=generator, dtype=torch.float64)
        user = SimulatedUser(calibrate(direction, exam, 0.75))
        comparisons = Comparisons.empty(4, 0)
        estimate = estimate_taste(comparisons, prior)
        for _ in range(rounds):
            pool = mdp.path_features(mdp.random_paths(150 if adaptive else 4, generator)) - mean
            if adaptive:
                pool = pool[
                    choose_question(
                        pool,
                        options=4,
                        covariance=estimate.covariance,
                        theta=estimate.theta,
                        generator=generator,
                        restrict=False,
                    )
                ]
            comparisons = comparisons.append(pool, best=user.pick(pool, generator))
            estimate = estimate_taste(comparisons, prior)
        picked = estimate.utility(exam).argmax(dim=1, keepdim=True)
        return float(user.probabilities(exam).gather(1, picked).mean())

    adaptive, random = (
        torch.tensor([accuracy_after(seed, 15, way) for seed in range(25)]) for way in (True, False)
    )
    difference = adaptive - random
    assert float(difference.mean()) > 2.0 * float(difference.std()) / 5.0


def test_planned_questions_differ_and_begin_with_the_one_asked_now() -> None:
    pool = torch.randn(60, 6, generator=seeded(0), dtype=torch.float64)
    covariance, theta = random_information(0, 6), torch.randn(6, generator=seeded(1), dtype=torch.float64)
    keywords = {"options": 4, "covariance": covariance, "theta": theta, "restrict": False}
    planned = plan_questions(pool, questions=5, generator=seeded(2), **keywords)  # type: ignore[arg-type]
    now = choose_question(pool, generator=seeded(2), **keywords)  # type: ignore[arg-type]
    assert torch.equal(planned[0], now)
    assert len(set(planned.flatten().tolist())) == 20
    with pytest.raises(DesignError, match="64 candidates"):
        plan_questions(pool, questions=16, generator=seeded(2), **keywords)  # type: ignore[arg-type]


def test_the_expected_covariance_is_that_of_the_information_added() -> None:
    options = torch.randn(4, 6, generator=seeded(3), dtype=torch.float64)
    covariance, theta = random_information(4, 6), torch.randn(6, generator=seeded(5), dtype=torch.float64)
    added = choice_information(options, choice_probabilities(theta, options))
    expected = torch.linalg.inv(torch.linalg.inv(covariance) + added)
    torch.testing.assert_close(expected_covariance(options, covariance, theta), expected)


def test_planning_ahead_loses_little_information() -> None:
    """Five questions planned at once give more information than one question asked five times."""
    pool = torch.randn(200, 8, generator=seeded(6), dtype=torch.float64)
    covariance = random_information(6, 8)
    planned = plan_questions(
        pool, questions=5, options=4, covariance=covariance, theta=None, generator=seeded(0), restrict=False
    )
    after = covariance
    for rows in planned:
        after = expected_covariance(pool[rows], after, None)
    same = covariance
    for _ in range(5):
        same = expected_covariance(pool[planned[0]], same, None)
    assert float(torch.logdet(after)) < float(torch.logdet(same)) - 0.5


@pytest.mark.parametrize("seed", range(3))
def test_independent_questions_are_distinct_even_when_policies_are_alike(seed: int) -> None:
    mdp = slot_mdp(0)
    alike = identical_policies(uniform_policies(mdp, 4, 30, seeded(0)))
    question = independent_question(alike, mdp, seeded(seed))
    assert len(torch.unique(question, dim=0)) == 4 and bool(mdp.admits(question).all())


def test_what_was_asked_is_worth_less_and_the_rest_as_much() -> None:
    value = torch.diag(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    prior = torch.eye(3, dtype=torch.float64)
    assert torch.equal(open_metric([], prior, value), value)
    asked = torch.tensor([[2.0, 0.0, 0.0], [-2.0, 0.0, 0.0]], dtype=torch.float64)
    once, twice = open_metric([asked], prior, value), open_metric([asked, asked], prior, value)
    # One pick adds information 4 about the first direction: C' = 1 / (1 + 4 n).
    torch.testing.assert_close(once.diagonal(), torch.tensor([1.0 / 25, 2.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(twice.diagonal(), torch.tensor([1.0 / 81, 2.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(open_metric([asked], prior)[0, 0], torch.tensor(1.0 / 5, dtype=torch.float64))
