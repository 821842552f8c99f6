"""The tabular MDP: the oracle against enumeration, visitation measures, and estimated dynamics."""

import itertools

import pytest
import torch

from personalize.design.criterion import DCriterion
from personalize.design.frank_wolfe import Mixture, frank_wolfe
from personalize.design.information import SurrogateObjective
from personalize.design.result import DesignStatus
from personalize.errors import DesignError, ShapeError
from personalize.mdp.tabular_mdp import PolicyOracle, TabularMDP, best_policy
from tests.mdp.examples import random_tabular, seeded


@pytest.mark.parametrize("seed", range(5))
def test_best_policy_equals_enumeration(seed: int) -> None:
    mdp = random_tabular(seed, S=3, A=2, H=3)
    reward = torch.randn(3, 3, generator=seeded(seed), dtype=torch.float64)
    policy, value = best_policy(mdp, reward)
    values = []
    for actions in itertools.product(range(2), repeat=6):
        candidate = torch.cat((torch.tensor(actions).view(2, 3), torch.zeros(1, 3, dtype=torch.long)))
        values.append(float((mdp.visitation(candidate) * reward).sum()))
    assert value == pytest.approx(max(values))
    assert float((mdp.visitation(policy) * reward).sum()) == pytest.approx(value)


def test_the_flow_holds_and_steps_are_distributions() -> None:
    mdp = random_tabular(1)
    policy = torch.randint(2, (3, 5), generator=seeded(3))
    measure = mdp.visitation(policy)
    torch.testing.assert_close(measure.sum(dim=1), torch.ones(3, dtype=torch.float64))
    for step in range(2):
        expected = torch.zeros(5, dtype=torch.float64)
        for s, a, t, p in zip(mdp.state, mdp.action, mdp.successor, mdp.probability, strict=True):
            if int(policy[step, s]) == int(a):
                expected[t] += measure[step, s] * p
        torch.testing.assert_close(measure[step + 1], expected)


def solved(planned: TabularMDP) -> Mixture:
    objective = SurrogateObjective(planned.features, DCriterion(), 10.0, 0.1)
    start = Mixture(torch.zeros(1, planned.horizon, planned.size, dtype=torch.long), torch.ones(1).double())
    outcome = frank_wolfe(PolicyOracle(planned), objective, start, relative_gap=1e-4)
    assert outcome.status is DesignStatus.OPTIMAL
    return outcome.mixture


def test_frank_wolfe_solves_it_and_estimated_dynamics_lose_little_with_many_counts() -> None:
    mdp = random_tabular(2)
    objective = SurrogateObjective(mdp.features, DCriterion(), 10.0, 0.1)
    oracle = PolicyOracle(mdp)

    def value(mixture: Mixture) -> float:
        return objective.value(oracle.visitation(mixture.vertices, mixture.weights))

    best = value(solved(mdp))
    losses = []
    for samples in (0, 100_000):
        counts = torch.poisson(samples * mdp.probability, generator=seeded(0))
        losses.append(best - value(solved(mdp.estimated(counts))))
    assert losses[1] <= 2e-3 * abs(best)
    assert losses[1] < losses[0]


def test_transitions_that_make_no_mdp_are_refused() -> None:
    mdp = random_tabular(0)
    with pytest.raises(DesignError, match="sum to one"):
        mdp.with_probability(0.5 * mdp.probability)
    with pytest.raises(ShapeError):
        mdp.with_probability(mdp.probability[1:])
    kept = mdp.state != 3
    columns = [column[kept] for column in (mdp.state, mdp.action, mdp.successor, mdp.probability)]
    with pytest.raises(DesignError, match="state 3"):
        TabularMDP(mdp.features, mdp.start, mdp.horizon, mdp.actions, *columns)
    with pytest.raises(ShapeError):
        best_policy(mdp, torch.zeros(2, 5))
