"""Frank-Wolfe: certificates, monotone line search, the open loop's rate, scipy's optimum, every status."""

import numpy
import pytest
import torch
from scipy.optimize import LinearConstraint, minimize

from personalize.design.criterion import Criterion, DCriterion
from personalize.design.frank_wolfe import (
    Away,
    Direction,
    Mixture,
    Pairwise,
    Vanilla,
    certified_gap,
    frank_wolfe,
)
from personalize.design.information import SurrogateObjective
from personalize.design.result import DesignStatus, SolverStep
from personalize.design.step_size import OpenLoop
from personalize.mdp.policy import path_visitation
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.mdp.value_iteration import PathOracle
from tests.design.examples import criteria, objective_of, random_measure
from tests.mdp.examples import all_paths, random_mdp, seeded, slot_mdp

DIRECTIONS: tuple[Direction, ...] = (Vanilla(), Away(), Pairwise())


def uniform(mdp: PromptMDP, seed: int = 0, count: int = 20) -> Mixture:
    paths = torch.unique(mdp.random_paths(count, seeded(seed)), dim=0)
    return Mixture(paths, torch.full((len(paths),), 1.0 / len(paths), dtype=torch.float64))


def scipy_optimum(mdp: PromptMDP, objective: SurrogateObjective) -> float:
    """The best value over all mixtures of all paths, by a solver of scipy."""
    paths = all_paths(mdp)

    def measure(weights: numpy.ndarray) -> torch.Tensor:
        return path_visitation(paths, torch.as_tensor(weights)[None], mdp.size)[0]

    def slope(weights: numpy.ndarray) -> numpy.ndarray:
        return -mdp.path_rewards(paths, objective.gradient(measure(weights))).numpy()

    n = len(paths)
    found = minimize(
        lambda weights: -objective.value(measure(weights)),
        numpy.full(n, 1.0 / n),
        jac=slope,
        bounds=[(0.0, 1.0)] * n,
        constraints=[LinearConstraint(numpy.ones((1, n)), 1.0, 1.0)],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert found.success
    return -float(found.fun)


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("groups", [0, 2])
def test_the_optimum_is_scipys_on_a_tiny_mdp(direction: Direction, groups: int) -> None:
    mdp = random_mdp(3, H=2, S=6, groups=groups)
    objective = objective_of(mdp)
    tolerance = 1e-2 if direction == Vanilla() else 1e-5
    outcome = frank_wolfe(
        PathOracle(mdp), objective, uniform(mdp), direction=direction, relative_gap=tolerance
    )
    assert outcome.status is DesignStatus.OPTIMAL
    best = scipy_optimum(mdp, objective)
    assert outcome.value == pytest.approx(best, rel=tolerance)
    assert outcome.value + outcome.gap >= best - 1e-9


@pytest.mark.parametrize("criterion", criteria(8), ids=lambda c: c.name)
def test_the_gap_bounds_what_any_measure_gains(criterion: Criterion) -> None:
    mdp = slot_mdp(1)
    objective, oracle = objective_of(mdp, criterion), PathOracle(mdp)
    values = [objective.value(random_measure(mdp, seed)) for seed in range(50)]
    for seed in range(5):
        mixture = uniform(mdp, seed, 10)
        value = objective.value(oracle.visitation(mixture.vertices, mixture.weights))
        gap = certified_gap(oracle, objective, mixture)
        assert gap >= 0.0
        assert gap >= max(values) - value


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda d: type(d).__name__)
def test_line_search_never_lowers_the_value(direction: Direction) -> None:
    mdp, seen = slot_mdp(2), list[float]()
    frank_wolfe(
        PathOracle(mdp),
        objective_of(mdp),
        uniform(mdp),
        direction=direction,
        relative_gap=1e-5,
        iterations=60,
        callback=lambda progress: seen.append(progress.value),
    )
    assert len(seen) > 10
    assert all(after >= before - 1e-10 for before, after in zip(seen, seen[1:], strict=False))
    assert seen[-1] > seen[0]


def test_the_open_loop_meets_its_bound() -> None:
    mdp = random_mdp(3, H=2, S=6)
    objective, oracle = objective_of(mdp), PathOracle(mdp)
    paths = all_paths(mdp)
    curvature = 0.0
    for seed in range(200):
        measure = random_measure(mdp, seed)
        vertex = path_visitation(paths[seed % len(paths)][None], torch.ones(1, 1).double(), mdp.size)[0]
        slope = float((objective.gradient(measure) * (vertex - measure)).sum())
        for length in (0.01, 0.1, 0.5, 1.0):
            after = objective.value(measure + length * (vertex - measure))
            curvature = max(curvature, 2.0 / length**2 * (objective.value(measure) + length * slope - after))
    best = scipy_optimum(mdp, objective)
    errors: list[tuple[int, float]] = []
    frank_wolfe(
        oracle,
        objective,
        Mixture(paths[:1], torch.ones(1, dtype=torch.float64)),
        direction=Vanilla(),
        step_size=OpenLoop(),
        relative_gap=1e-12,
        iterations=200,
        callback=lambda progress: errors.append((progress.iteration, best - progress.value)),
    )
    assert len(errors) == 201
    assert all(error <= 2.0 * curvature / (n + 2) for n, error in errors[1:])


def test_pairwise_steps_need_fewer_iterations_than_vanilla_ones() -> None:
    mdp = slot_mdp(3)
    taken = [
        frank_wolfe(
            PathOracle(mdp), objective_of(mdp), uniform(mdp), direction=direction, relative_gap=1e-4
        ).iterations
        for direction in (Pairwise(), Vanilla())
    ]
    assert taken[0] < taken[1]


def test_mixtures_stay_distributions_over_distinct_paths() -> None:
    mdp = slot_mdp(4)
    for direction in DIRECTIONS:
        mixture = frank_wolfe(
            PathOracle(mdp),
            objective_of(mdp),
            uniform(mdp),
            direction=direction,
            iterations=40,
            relative_gap=1e-9,
        ).mixture
        assert float(mixture.weights.min()) > 0.0
        assert float(mixture.weights.sum()) == pytest.approx(1.0)
        assert len(torch.unique(mixture.vertices, dim=0)) == len(mixture.vertices)


def test_the_returned_gap_is_that_of_the_returned_mixture() -> None:
    mdp = slot_mdp(5)
    objective, oracle = objective_of(mdp), PathOracle(mdp)
    outcome = frank_wolfe(oracle, objective, uniform(mdp), iterations=7, relative_gap=1e-9)
    assert outcome.gap == certified_gap(oracle, objective, outcome.mixture)
    measure = oracle.visitation(outcome.mixture.vertices, outcome.mixture.weights)
    assert outcome.value == pytest.approx(objective.value(measure))


def test_status_iteration_limit() -> None:
    mdp = slot_mdp(6)
    outcome = frank_wolfe(PathOracle(mdp), objective_of(mdp), uniform(mdp), iterations=3, relative_gap=1e-9)
    assert (outcome.status, outcome.iterations) == (DesignStatus.ITERATION_LIMIT, 3)


def test_status_stalled_when_rounding_is_all_that_is_left() -> None:
    mdp = slot_mdp(6, H=2, per_slot=3, d=3)
    outcome = frank_wolfe(
        PathOracle(mdp), objective_of(mdp), uniform(mdp), relative_gap=0.0, iterations=100_000
    )
    assert outcome.status is DesignStatus.STALLED
    assert outcome.gap < 1e-6


def test_status_singular_without_regularisation() -> None:
    mdp = slot_mdp(7)
    one_path = Mixture(torch.zeros(1, mdp.horizon, dtype=torch.long), torch.ones(1, dtype=torch.float64))
    outcome = frank_wolfe(PathOracle(mdp), objective_of(mdp, ridge=0.0), one_path)
    assert (outcome.status, outcome.value) == (DesignStatus.SINGULAR, -torch.inf)


def test_status_singular_when_an_open_loop_step_forgets_everything() -> None:
    mdp = slot_mdp(7, H=2, per_slot=3, d=3)
    outcome = frank_wolfe(
        PathOracle(mdp), objective_of(mdp, ridge=0.0), uniform(mdp), direction=Vanilla(), step_size=OpenLoop()
    )
    assert outcome.status is DesignStatus.SINGULAR
    assert outcome.value > -torch.inf  # the start is the best mixture of all iterations


def test_status_interrupted_keeps_the_best_so_far() -> None:
    mdp, seen = slot_mdp(8), list[float]()

    def stop(progress: SolverStep) -> None:
        seen.append(progress.value)
        if progress.iteration == 5:
            raise KeyboardInterrupt

    outcome = frank_wolfe(PathOracle(mdp), objective_of(mdp), uniform(mdp), relative_gap=1e-9, callback=stop)
    assert outcome.status is DesignStatus.INTERRUPTED
    assert outcome.value == max(seen)
    assert outcome.gap > 0.0


def test_d_optimal_weights_spread_evenly_over_orthogonal_tokens() -> None:
    features = torch.cat((torch.zeros(1, 3), torch.eye(3))).to(torch.float64)
    mdp = PromptMDP(features, torch.ones(1, 4, dtype=torch.bool))
    objective = SurrogateObjective(features, DCriterion(), 1.0, 0.0)
    outcome = frank_wolfe(PathOracle(mdp), objective, uniform(mdp, count=50), relative_gap=1e-8)
    measure = path_visitation(outcome.mixture.vertices, outcome.mixture.weights[None], 4)[0]
    torch.testing.assert_close(measure, torch.full((1, 4), 0.25, dtype=torch.float64), atol=1e-4, rtol=0.0)
