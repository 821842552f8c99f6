"""The training loop: budgets of minutes and steps, resuming, and stopping early."""

from pathlib import Path

import pytest
import torch

from models.loop import Budget, Run


def trained(folder: Path, budget: Budget, **options: object) -> tuple[Run, torch.nn.Linear]:
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 1)
    run = Run(folder, budget, 0.1, {"layer": layer})
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])

    def loss_of(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        loss = layer(x).square().mean()
        return loss, {"loss": loss.item()}

    run.train(loss_of, 2, **options)  # type: ignore[arg-type]
    return run, layer


def test_a_budget_of_steps_takes_exactly_those_and_resumes(tmp_path: Path) -> None:
    run, layer = trained(tmp_path, Budget(60.0, steps=5))
    assert (run.steps, run.samples, run.share) == (5, 10, 1.0)
    again, same = trained(tmp_path, Budget(60.0, steps=5))
    assert again.steps == 5 and torch.equal(layer.weight, same.weight)
    more, other = trained(tmp_path, Budget(60.0, steps=8))
    assert more.steps == 8 and not torch.equal(layer.weight, other.weight)


def test_a_budget_of_minutes_ends_and_is_not_spent_twice(tmp_path: Path) -> None:
    run, _ = trained(tmp_path, Budget(0.001))
    assert run.steps >= 1 and 0.06 <= run.seconds
    again, _ = trained(tmp_path, Budget(0.001))
    assert again.steps == run.steps


def test_a_training_stops_early_when_told_to(tmp_path: Path) -> None:
    run, _ = trained(tmp_path, Budget(60.0), stop=lambda steps: steps == 3)
    assert run.steps == 3 and run.share < 1
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"] == 3


def test_a_report_follows_new_steps_only(tmp_path: Path) -> None:
    reports: list[str] = []
    for name in ("first", "again"):
        trained(tmp_path, Budget(60.0, steps=2), report=lambda name=name: reports.append(name))
    assert reports == ["first"]


def test_a_section_of_the_config_has_minutes_or_steps() -> None:
    assert Budget.of({"minutes": 18.0, "rate": 1.0}) == Budget(18.0)
    assert Budget.of({"minutes": 18.0, "steps": 3}) == Budget(18.0, 3)
    assert Budget(18.0).pays_compiling and not Budget(18.0, 3).pays_compiling
    assert not Budget(1.0).pays_compiling


def test_a_checkpoint_of_other_modules_is_an_error(tmp_path: Path) -> None:
    trained(tmp_path, Budget(60.0, steps=1))
    with pytest.raises(ValueError, match=r"checkpoint\.pt.*Remove"):
        Run(tmp_path, Budget(60.0), 0.1, {"layer": torch.nn.Linear(3, 1)})
