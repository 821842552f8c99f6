"""Designs on disk, and the diagnostics of a design."""

from pathlib import Path

import pytest
import torch

from personalize.design.criterion import DCriterion
from personalize.design.result import DesignResult, Diagnostics
from personalize.design.solve import solve_design
from personalize.errors import StoreError
from tests.mdp.examples import slot_mdp


def small_design() -> DesignResult:
    return solve_design(
        slot_mdp(0, H=3, per_slot=4, d=4), DCriterion(), options=3, rounds=5, regularisation=0.1
    )


def test_save_and_load_is_the_identity(tmp_path: Path) -> None:
    result = small_design()
    file = tmp_path / "cache" / "design.npz"
    result.save(file)
    loaded = DesignResult.load(file)
    for name in ("surrogate_information", "exact_information", "picture_information", "metric"):
        assert torch.equal(getattr(loaded, name), getattr(result, name))
    assert torch.equal(loaded.policies.paths, result.policies.paths)
    assert torch.equal(loaded.policies.weights, result.policies.weights)
    for name in (
        "value",
        "gap",
        "realised_ratio",
        "rounded_ratio",
        "iterations",
        "seconds",
        "status",
        "history",
    ):
        assert getattr(loaded, name) == getattr(result, name)
    assert loaded.diagnostics == result.diagnostics
    assert (loaded.criterion, loaded.rounds) == ("D", 5)
    assert [path.name for path in file.parent.iterdir()] == ["design.npz"]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="none.npz"):
        DesignResult.load(tmp_path / "none.npz")
    file = tmp_path / "design.npz"
    small_design().save(file)
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a design"):
        file.write_bytes(damaged)
        with pytest.raises(StoreError, match="design.npz"):
            DesignResult.load(file)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        small_design().save(tmp_path / "file" / "design.npz")


def test_a_healthy_design_has_no_warnings() -> None:
    assert small_design().diagnostics.warnings() == ()


def test_effective_rank_and_tokens_in_use_count_what_is_even() -> None:
    identity = torch.eye(4, dtype=torch.float64)
    visitation = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    diagnostics = Diagnostics.of(3.0 * identity, identity, visitation, 7)
    assert diagnostics.effective_rank == pytest.approx(4.0)
    assert diagnostics.tokens_in_use == pytest.approx((4.0, 1.0))
    assert diagnostics.regularised_share == pytest.approx(1 / 3)
    assert diagnostics.warnings() == ("Slot 2 uses hardly more than one token: widen its vocabulary.",)


def test_too_much_regularisation_and_near_singularity_are_explained() -> None:
    identity, visitation = torch.eye(2, dtype=torch.float64), torch.full((1, 4), 0.25, dtype=torch.float64)
    heavy = Diagnostics.of(1000.5 * identity, 1000.0 * identity, visitation, 7)
    assert "regularisation" in heavy.warnings()[0]
    thin = torch.diag(torch.tensor([1.0, 1e-14], dtype=torch.float64))
    assert "singular" in Diagnostics.of(thin, 0.0 * identity, visitation, 7).warnings()[0]
