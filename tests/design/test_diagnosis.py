"""Design warnings: each failure is reported exactly where it occurs."""

import torch

from personalize.design.criterion import DCriterion, VCriterion
from personalize.design.diagnosis import DECIDED, decided_share, design_warnings
from personalize.design.result import DesignStatus
from personalize.design.solve import solve_design
from tests.mdp.examples import seeded, slot_mdp


def test_a_good_design_is_not_complained_about() -> None:
    mdp = slot_mdp(0, H=4, per_slot=8, d=6)
    result = solve_design(mdp, DCriterion(), options=4, rounds=12, regularisation=0.3)
    assert design_warnings(result) == ()


def test_a_solver_that_was_cut_short_says_so_and_whether_it_was_moving() -> None:
    mdp = slot_mdp(0, H=5, per_slot=10, d=20)
    result = solve_design(
        mdp, DCriterion(), options=4, rounds=12, regularisation=0.5, relative_gap=1e-9, iterations=8
    )
    assert result.status is DesignStatus.ITERATION_LIMIT
    (sentence,) = [warning for warning in design_warnings(result) if "relative gap" in warning]
    assert "still falling" in sentence and "8" in sentence
    stuck = solve_design(
        mdp, DCriterion(), options=4, rounds=12, regularisation=0.5, relative_gap=1e-15, iterations=4000
    )
    (sentence,) = [warning for warning in design_warnings(stuck) if "relative gap" in warning]
    assert "stopped" in sentence


def test_regularisation_that_drowns_the_answers_is_said() -> None:
    mdp = slot_mdp(0, H=4, per_slot=8, d=6)
    result = solve_design(mdp, DCriterion(), options=4, rounds=1, regularisation=1e5)
    assert any("regularisation" in warning for warning in design_warnings(result))


def test_decided_people_make_static_plans_optimistic() -> None:
    questions = torch.randn(50, 4, 6, generator=seeded(0), dtype=torch.float64)
    theta = torch.randn(6, generator=seeded(1), dtype=torch.float64)
    assert decided_share(0 * theta, questions) == 1.0
    shares = [decided_share(scale * theta, questions) for scale in (0.1, 1.0, 10.0)]
    assert shares[0] > shares[1] > shares[2] > 0.0
    assert shares[0] >= DECIDED > shares[2]


def test_a_warm_start_goes_on_where_the_other_ended() -> None:
    mdp = slot_mdp(0, H=5, per_slot=10, d=20)
    criterion = VCriterion(torch.eye(20, dtype=torch.float64))
    first = solve_design(mdp, criterion, options=4, rounds=12, regularisation=0.5)
    again = solve_design(mdp, criterion, options=4, rounds=12, regularisation=0.5, start=first.policies)
    assert again.status is DesignStatus.OPTIMAL and again.iterations <= 2 < first.iterations
    changed = solve_design(mdp, criterion, options=4, rounds=13, regularisation=0.5, start=first.policies)
    cold = solve_design(mdp, criterion, options=4, rounds=13, regularisation=0.5)
    assert changed.status is DesignStatus.OPTIMAL and changed.iterations < cold.iterations
    assert abs(changed.value - cold.value) <= 2e-3 * abs(cold.value)
