"""The whole design: certified, better than uniform prompts, with true ratios, on every exit path."""

import time

import pytest
import torch

from personalize.design.criterion import Criterion, DCriterion, VCriterion
from personalize.design.information import picture_information, surrogate_information
from personalize.design.mirror import mirror_ascent
from personalize.design.result import DesignResult, DesignStatus, SolverStep
from personalize.design.solve import solve_design
from personalize.errors import DesignError
from personalize.mdp.prompt_mdp import GroupSuccessors, PromptMDP
from personalize.preference.estimate import TastePrior
from tests.design.examples import criteria, objective_of, uniform_policies
from tests.mdp.examples import random_mdp, seeded, slot_mdp


def solve(mdp: PromptMDP, criterion: Criterion | None = None, **changes: object) -> DesignResult:
    chosen: dict[str, object] = {"options": 4, "rounds": 12, "regularisation": 0.5, **changes}
    return solve_design(mdp, criterion or DCriterion(), **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize("criterion", criteria(8), ids=lambda c: c.name)
def test_every_criterion_is_solved_to_its_gap_and_beats_uniform_prompts(criterion: Criterion) -> None:
    mdp = slot_mdp(0)
    result = solve(mdp, criterion, relative_gap=1e-3)
    assert result.status is DesignStatus.OPTIMAL
    assert 0.0 <= result.relative_gap <= 1.001e-3
    uniform = uniform_policies(mdp, 4, 4000, seeded(0)).mean_visitation(mdp.size)
    assert result.value > objective_of(mdp, criterion).value(uniform)


@pytest.mark.parametrize("seed", range(3))
def test_successors_are_respected_and_solved(seed: int) -> None:
    mdp = random_mdp(seed, H=4, S=12, d=5, groups=3)
    result = solve(mdp, relative_gap=1e-4)
    assert result.status is DesignStatus.OPTIMAL
    assert result.relative_gap <= 1.001e-4
    assert bool(mdp.admits(result.policies.paths).all())


def test_rules_that_allow_everything_change_nothing() -> None:
    free = slot_mdp(3)
    everything = GroupSuccessors(torch.arange(free.size) % 3, torch.ones(3, 3, dtype=torch.bool))
    ruled = PromptMDP(free.features, free.allowed, everything)
    assert solve(ruled, relative_gap=1e-5).value == pytest.approx(
        solve(free, relative_gap=1e-5).value, rel=2e-5
    )


def test_value_information_and_ratio_are_those_of_the_policies() -> None:
    mdp = slot_mdp(1)
    result = solve(mdp)
    mean = result.policies.mean_visitation(mdp.size)
    torch.testing.assert_close(
        result.information, surrogate_information(mdp.features, mean, rounds=12, regularisation=0.5)
    )
    assert result.value == DCriterion().value(result.information)
    ridge = 0.5 * torch.eye(8, dtype=torch.float64)
    by_hand = float((result.exact_information - ridge).trace() / (result.information - ridge).trace())
    assert result.realised_ratio == pytest.approx(by_hand)


def test_the_division_realises_more_than_identical_policies_and_rounding_nearly_all() -> None:
    result = solve(slot_mdp(2, H=5, per_slot=10, d=30))
    assert result.realised_ratio > 0.8
    assert result.rounded_ratio > 0.95


def test_with_successors_the_picture_information_is_that_of_the_paths() -> None:
    mdp = random_mdp(5, H=3, S=8, d=4, groups=2)
    result = solve(mdp)
    torch.testing.assert_close(
        result.picture_information,
        picture_information(
            mdp.path_features(result.policies.paths), result.policies.weights, rounds=12, regularisation=0.5
        ),
    )


def test_the_same_seed_gives_the_same_policies() -> None:
    mdp = slot_mdp(4)
    one, other = solve(mdp), solve(mdp)
    assert torch.equal(one.policies.paths, other.policies.paths)
    assert torch.equal(one.policies.weights, other.policies.weights)


def test_progress_is_reported_with_falling_gaps_and_kept_as_history() -> None:
    steps: list[SolverStep] = []
    result = solve(slot_mdp(5), callback=steps.append)
    assert [(p.iteration, p.value, p.gap) for p in steps] == list(result.history)
    assert steps[-1].gap < steps[0].gap
    assert steps[-1].iteration == result.iterations
    values = [p.value for p in steps]
    assert all(after >= before - 1e-9 for before, after in zip(values, values[1:], strict=False))


def test_an_interruption_returns_the_best_design_until_then() -> None:
    def stop(step: SolverStep) -> None:
        if step.iteration == 3:
            raise KeyboardInterrupt

    mdp = slot_mdp(6)
    result = solve(mdp, relative_gap=1e-9, callback=stop)
    assert result.status is DesignStatus.INTERRUPTED
    assert result.gap > 0.0
    assert result.value >= result.history[0][1]
    assert result.policies.options == 4


def test_an_iteration_limit_is_a_status_and_its_gap_is_still_true() -> None:
    mdp = slot_mdp(7)
    result = solve(mdp, relative_gap=1e-9, iterations=2)
    assert (result.status, result.iterations) == (DesignStatus.ITERATION_LIMIT, 2)
    best = solve(mdp, relative_gap=1e-6)
    assert result.value + result.gap >= best.value - 1e-9


def test_singular_information_is_a_status_and_is_explained() -> None:
    mdp = slot_mdp(8)
    flat = PromptMDP(torch.cat((mdp.features, mdp.features[:, :1]), dim=1), mdp.allowed)
    result = solve(flat, regularisation=0.0)
    assert result.status is DesignStatus.SINGULAR
    assert result.gap == torch.inf
    assert any("singular" in sentence for sentence in result.diagnostics.warnings())


def test_a_gap_below_rounding_is_a_stall() -> None:
    result = solve(slot_mdp(9, H=2, per_slot=3, d=3), relative_gap=0.0, iterations=100_000)
    assert result.status is DesignStatus.STALLED
    assert result.gap < 1e-6


def test_bad_questions_to_the_solver_are_refused() -> None:
    refused: tuple[dict[str, object], ...] = ({"options": 1}, {"rounds": 0})
    for changes in refused:
        with pytest.raises(DesignError):
            solve(slot_mdp(0), None, **changes)


def test_mirror_ascent_moves_up_and_certifies() -> None:
    mdp, steps = slot_mdp(1), list[SolverStep]()
    outcome = mirror_ascent(mdp, objective_of(mdp), relative_gap=1e-6, iterations=1000, callback=steps.append)
    assert outcome.status is DesignStatus.OPTIMAL
    assert [p.value for p in steps] == sorted(p.value for p in steps)
    best = max(p.value for p in steps)
    assert all(p.value + p.gap >= best - 1e-12 for p in steps)


@pytest.mark.slow
def test_a_thousand_tokens_take_seconds_to_a_gap_of_a_thousandth() -> None:
    mdp = slot_mdp(0, H=5, per_slot=200, d=64)
    x = mdp.path_features(mdp.random_paths(2000, seeded(0)))
    covariance = torch.cov(x.T)
    started = time.monotonic()
    result = solve(mdp, VCriterion(covariance), regularisation=TastePrior(covariance).precision(0.5, 2.0))
    assert result.status is DesignStatus.OPTIMAL
    assert time.monotonic() - started < 60.0  # about 1 second on one idle core


def test_a_warm_start_of_another_mdp_is_refused() -> None:
    one = solve_design(slot_mdp(0, H=3), DCriterion(), options=3, rounds=5, regularisation=0.5)
    with pytest.raises(DesignError, match="warm start"):
        solve_design(
            slot_mdp(0, H=4), DCriterion(), options=3, rounds=5, regularisation=0.5, start=one.policies
        )
