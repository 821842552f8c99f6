"""Criteria: known values, concavity, monotonicity, gradients and curvatures."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize.design.criterion import (
    ACriterion,
    Criterion,
    CurvedCriterion,
    DCriterion,
    ECriterion,
    VCriterion,
)
from personalize.errors import ShapeError
from tests.design.examples import criteria, random_information

seeds = st.integers(0, 10_000)


def test_values_of_a_diagonal_matrix() -> None:
    information = torch.diag(torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))
    target = torch.diag(torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64))
    assert DCriterion().value(information) == pytest.approx(torch.tensor(8.0).log().item())
    assert ACriterion().value(information) == pytest.approx(-1.75)
    assert VCriterion(target).value(information) == pytest.approx(-4.0)
    assert ECriterion(beta=50.0).value(information) == pytest.approx(1.0)


def test_v_with_the_identity_is_a() -> None:
    information = random_information(3)
    assert VCriterion(torch.eye(4)).value(information) == pytest.approx(ACriterion().value(information))


@pytest.mark.parametrize("criterion", criteria(), ids=lambda c: c.name)
@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_gradients_equal_finite_differences(criterion: Criterion, seed: int) -> None:
    at, toward = random_information(seed), random_information(seed + 1) - random_information(seed + 2)
    gradient = criterion.gradient(at)
    torch.testing.assert_close(gradient, gradient.T)
    step = 1e-6
    numeric = (criterion.value(at + step * toward) - criterion.value(at - step * toward)) / (2.0 * step)
    slope = float((gradient * toward).sum())
    assert slope == pytest.approx(numeric, rel=1e-3, abs=1e-6 * float(gradient.norm()))


@pytest.mark.parametrize("criterion", [c for c in criteria() if isinstance(c, CurvedCriterion)])
@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_curvatures_equal_finite_differences_of_gradients(criterion: CurvedCriterion, seed: int) -> None:
    at, toward = random_information(seed), random_information(seed + 1) - random_information(seed + 2)
    step = 1e-6
    change = criterion.gradient(at + step * toward) - criterion.gradient(at - step * toward)
    numeric = float((change / (2.0 * step) * toward).sum())
    curvature = criterion.curvature(at)
    predicted = -curvature.factor * float((curvature.left @ toward @ curvature.right @ toward).trace())
    assert predicted == pytest.approx(numeric, rel=1e-3) and predicted < 0.0


def test_the_smoothed_smallest_eigenvalue_claims_no_curvature() -> None:
    assert [c.name for c in criteria() if not isinstance(c, CurvedCriterion)] == ["E"]


@pytest.mark.parametrize("criterion", criteria(), ids=lambda c: c.name)
@settings(deadline=None, max_examples=30)
@given(seed=seeds, share=st.floats(0.05, 0.95))
def test_concave_on_segments(criterion: Criterion, seed: int, share: float) -> None:
    one, other = random_information(seed), random_information(seed + 1)
    mixed = criterion.value(share * one + (1.0 - share) * other)
    assert mixed >= share * criterion.value(one) + (1.0 - share) * criterion.value(other) - 1e-9


@pytest.mark.parametrize("criterion", criteria(), ids=lambda c: c.name)
@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_more_information_is_never_worse(criterion: Criterion, seed: int) -> None:
    information = random_information(seed)
    row = random_information(seed + 1)[:1]
    assert criterion.value(information + row.T @ row) >= criterion.value(information) - 1e-12
    assert float(torch.linalg.eigvalsh(criterion.gradient(information))[0]) >= -1e-10


@pytest.mark.parametrize(
    "criterion", [DCriterion(), ACriterion(), VCriterion(torch.eye(3))], ids=lambda c: c.name
)
def test_singular_information_is_worth_minus_infinity(criterion: Criterion) -> None:
    assert criterion.value(torch.diag(torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64))) == -torch.inf


def test_a_target_of_another_dimension_is_refused() -> None:
    with pytest.raises(ShapeError):
        VCriterion(torch.eye(3)).value(random_information(0))


def test_e_is_below_the_smallest_eigenvalue_and_close_to_it() -> None:
    information = random_information(5)
    smallest = float(torch.linalg.eigvalsh(information)[0])
    smoothed = ECriterion(beta=20.0).value(information)
    assert smallest - torch.tensor(4.0).log().item() / 20.0 <= smoothed <= smallest
