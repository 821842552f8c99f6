"""Newton on the tokens in use: ascent, the optimum of Frank-Wolfe, valid measures, few steps."""

import pytest
import torch

from personalize.design.criterion import ACriterion, Criterion, DCriterion, VCriterion
from personalize.design.frank_wolfe import Mixture, frank_wolfe
from personalize.design.newton import MOST_VARIABLES, newton_ascent
from personalize.design.result import DesignStatus, SolverStep
from personalize.experiments.benchmarks.design import clip_like_mdp
from personalize.mdp.value_iteration import PathOracle
from tests.design.examples import objective_of, random_information, random_measure
from tests.mdp.examples import slot_mdp

CRITERIA = (VCriterion(random_information(5, 3)), DCriterion(), ACriterion())


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.name)
def test_the_optimum_is_that_of_frank_wolfe(criterion: Criterion) -> None:
    mdp = slot_mdp(2, H=3, per_slot=5, d=3)
    objective = objective_of(mdp, criterion)
    steps: list[SolverStep] = []
    found = newton_ascent(
        mdp, objective, random_measure(mdp, 1), relative_gap=1e-6, iterations=40, callback=steps.append
    )
    assert found.status is DesignStatus.OPTIMAL and found.iterations <= 12
    values = [step.value for step in steps]
    assert values == sorted(values)
    tokens = found.measure.tokens
    torch.testing.assert_close(tokens.sum(dim=1), torch.ones(3, dtype=tokens.dtype))
    assert float(tokens.min()) >= 0.0 and float(tokens[~mdp.allowed].abs().sum()) == 0.0
    paths = mdp.random_paths(30, torch.Generator().manual_seed(3))
    slow = frank_wolfe(
        PathOracle(mdp), objective, Mixture(paths, torch.full((30,), 1 / 30).double()), relative_gap=1e-7,
        iterations=5000,
    )  # fmt: skip
    assert values[-1] == pytest.approx(slow.value, rel=2e-6)


def test_tokens_that_start_at_zero_come_into_use_and_useless_ones_leave() -> None:
    mdp = slot_mdp(4, H=2, per_slot=6, d=3)
    start = torch.zeros_like(random_measure(mdp, 0))
    for row in range(2):
        start[row, torch.nonzero(mdp.allowed[row])[:2, 0]] = 0.5
    objective = objective_of(mdp)
    found = newton_ascent(mdp, objective, start, relative_gap=1e-8, iterations=60)
    assert found.status is DesignStatus.OPTIMAL
    used = found.measure.tokens > 0.0
    assert bool((used & (start == 0.0)).any())
    gradient = objective.gradient(found.measure.tokens)
    best = gradient.masked_fill(~mdp.allowed, -torch.inf).amax(dim=1, keepdim=True)
    scale = float(best.max() - gradient[mdp.allowed].min())
    # The gradient of every token in use is close to the largest gradient of its slot.
    assert float(((best - gradient)[used]).max()) < 1e-2 * scale


def test_more_tokens_than_one_step_moves_are_cut_and_still_certified() -> None:
    mdp = clip_like_mdp(MOST_VARIABLES + 300, 8, 2, seed=0, device="cpu")
    uniform = mdp.allowed / mdp.allowed.sum(dim=1, keepdim=True).double()
    found = newton_ascent(mdp, objective_of(mdp), uniform, relative_gap=1e-4, iterations=40)
    assert found.status is DesignStatus.OPTIMAL
    assert objective_of(mdp).value(found.measure.tokens) > objective_of(mdp).value(uniform)


def test_an_interruption_keeps_the_measure_so_far() -> None:
    mdp = slot_mdp(2, H=3, per_slot=5, d=3)

    def stop(step: SolverStep) -> None:
        if step.iteration == 1:
            raise KeyboardInterrupt

    start = random_measure(mdp, 1)
    found = newton_ascent(mdp, objective_of(mdp), start, relative_gap=0.0, iterations=9, callback=stop)
    assert (found.status, found.iterations) == (DesignStatus.INTERRUPTED, 1)
    assert objective_of(mdp).value(found.measure.tokens) > objective_of(mdp).value(start)
