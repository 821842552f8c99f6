"""A training loop with a budget of minutes or steps, which resumes from its last checkpoint.

The learning rate follows the share of the budget that is spent. With a budget of minutes, the same config
gives the best model that a machine can train in that time. A budget of steps gives the same work on every
machine; the trial run (`--smoke`) and the tests use it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

SAVE_EVERY_S = 420.0
LOG_EVERY_S = 30.0
WARM_UP = 0.02
COMPILE_PAYS_MINUTES = 5
"""A shorter training ends before a compiled model regains the time that compiling takes."""

LossOf = Callable[[int], tuple[torch.Tensor, dict[str, float]]]
"""From the number of a step to its loss and the values to log."""


def device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def amp() -> torch.autocast:
    """Autocast to bfloat16, on a GPU or on a CPU with instructions for it (such as AVX512-BF16).

    Other CPUs emulate bfloat16, which made a convolution 40 times slower, so they stay with float32.
    """
    fast = device().type == "cuda" or any(
        supported for name, supported in torch.cpu.get_capabilities().items() if name.endswith("bf16")
    )
    return torch.autocast(device().type, dtype=torch.bfloat16, enabled=fast)


@dataclass(frozen=True)
class Budget:
    """How long a training runs.

    Attributes:
        minutes: of training, over all resumed runs.
        steps: number of steps instead of minutes; 0 to count minutes.
    """

    minutes: float
    steps: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Budget:
        """The budget in a section of the config: `minutes`, or `steps` if it has them."""
        return cls(float(settings["minutes"]), int(settings.get("steps", 0)))

    @property
    def pays_compiling(self) -> bool:
        """Whether the training is long enough for torch.compile."""
        return not self.steps and self.minutes > COMPILE_PAYS_MINUTES


class Run:
    """The state of one training: modules, optimiser, seconds spent, samples seen.

    `seconds` counts the time spent in steps, over all resumed runs.
    """

    def __init__(
        self, folder: Path, budget: Budget, rate: float, modules: dict[str, torch.nn.Module]
    ) -> None:
        """Resume from the checkpoint in `folder` if there is one.

        Args:
            folder: of the checkpoint and the log.
            budget: of the training.
            rate: highest learning rate.
            modules: by name; those whose name begins with "ema" are stored and not trained.

        Raises:
            ValueError: the checkpoint belongs to other modules.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.budget, self.rate, self.modules = folder, budget, rate, modules
        parameters = [
            p
            for name, m in modules.items()
            if not name.startswith("ema")
            for p in m.parameters()
            if p.requires_grad
        ]
        matrices = [p for p in parameters if p.ndim > 1]
        rest = [p for p in parameters if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": 0.02},
            {"params": rest, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), eps=1e-8, fused=True)
        self.parameters = parameters
        self.seconds, self.steps, self.samples = 0.0, 0, 0
        self.checkpoint = folder / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=device(), weights_only=True)
        try:
            for name, module in self.modules.items():
                module.load_state_dict(state["modules"][name])
        except (KeyError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(
                f"Expected a checkpoint of this model in {self.checkpoint}, found another: {reason} "
                "Remove it to train from the start, or use another folder with --build."
            ) from error
        self.optimizer.load_state_dict(state["optimizer"])
        self.seconds, self.steps, self.samples = state["seconds"], state["steps"], state["samples"]

    @property
    def share(self) -> float:
        """Share of the budget that is spent, 0..1."""
        if self.budget.steps:
            return min(1.0, self.steps / self.budget.steps)
        return min(1.0, self.seconds / (60 * self.budget.minutes))

    def finish(self) -> None:
        """Count the whole budget as spent."""
        self.seconds, self.steps = 60 * self.budget.minutes, self.budget.steps

    def save(self) -> None:
        """Write the checkpoint; a reader finds the old file or the new one, never a part."""
        state = {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "seconds": self.seconds,
            "steps": self.steps,
            "samples": self.samples,
        }
        partial = self.checkpoint.with_suffix(".tmp")
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)

    def train(
        self,
        loss_of: LossOf,
        batch: int,
        after_step: Callable[[], None] | None = None,
        report: Callable[[], None] | None = None,
        stop: Callable[[int], bool] | None = None,
    ) -> None:
        """Step until the budget is spent.

        Args:
            loss_of: the loss of a step, and the values to log.
            batch: samples a step.
            after_step: called after every step.
            report: called after every checkpoint with new steps.
            stop: called with the number of steps done, before each step; True ends the training early.
        """
        saved, logged, resumed_at = time.monotonic(), time.monotonic(), self.steps
        smooth: dict[str, float] = {}
        while self.share < 1.0 and not (stop is not None and stop(self.steps)):
            begun = time.monotonic()
            notes = self._step(loss_of)
            if after_step is not None:
                after_step()
            self.steps, self.samples = self.steps + 1, self.samples + batch
            for name, value in notes.items():
                smooth[name] = 0.97 * smooth.get(name, value) + 0.03 * value
            now = time.monotonic()
            self.seconds += now - begun
            if now - logged > LOG_EVERY_S or self.share >= 1.0:
                logged = now
                self._log(smooth)
            if now - saved > SAVE_EVERY_S:
                saved = now
                self.save()
                if report is not None:
                    report()
        self.save()
        if report is not None and self.steps > resumed_at:
            report()

    def _step(self, loss_of: LossOf) -> dict[str, float]:
        """One step of the optimiser; the values to log."""
        warm = min(1.0, self.share / WARM_UP + 0.05)
        rate = self.rate * warm * (0.5 + 0.5 * math.cos(math.pi * self.share)) + 1e-6
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, notes = loss_of(self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        return notes

    def _log(self, smooth: Mapping[str, float]) -> None:
        line = {"minutes": round(self.seconds / 60, 2), "of": self.budget.minutes, "samples": self.samples,
                "per_second": round(self.samples / self.seconds, 1),
                "rate": self.optimizer.param_groups[0]["lr"],
                **{name: round(value, 5) for name, value in smooth.items()}}  # fmt: skip
        print(json.dumps(line), flush=True)
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
