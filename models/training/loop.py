"""A training run with a budget of minutes: the learning rate follows the share that is spent; it resumes.

A step's rate follows the wall clock rather than a number of steps, so the same config gives the best model
that the machine at hand can make in the time. A run that was stopped goes on from its last checkpoint.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

SAVE_EVERY_S = 420.0
WARM_UP = 0.02
COMPILE_PAYS_MINUTES = 5
"""Shorter trainings are over before a compiled model would have gained what compiling took."""

LossOf = Callable[[int], tuple[torch.Tensor, dict[str, float]]]
"""From the number of a step to its loss, and what to write down about it."""


def device() -> torch.device:
    """The GPU when there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def amp() -> torch.autocast:
    """bfloat16 where a matrix product is worth it; on CPUs too (AVX512-BF16)."""
    return torch.autocast(device().type, dtype=torch.bfloat16)


class Run:
    """The state of one training: modules, optimiser, seconds spent, samples seen.

    `seconds` counts time spent training, over all the runs that were resumed.
    """

    def __init__(
        self, folder: Path, minutes: float, rate: float, modules: dict[str, torch.nn.Module]
    ) -> None:
        """Take up the checkpoint in `folder`, if there is one.

        Raises:
            ValueError: it is of other modules than these.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.minutes, self.rate, self.modules = folder, minutes, rate, modules
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
            state = torch.load(self.checkpoint, map_location=device(), weights_only=True)
            try:
                for name, module in modules.items():
                    module.load_state_dict(state["modules"][name])
            except (KeyError, RuntimeError) as error:
                reason = " ".join(str(error).split())
                raise ValueError(
                    f"Expected a checkpoint of this model in {self.checkpoint}, found another: {reason} "
                    "Remove it to train anew, or use another folder with --build."
                ) from error
            self.optimizer.load_state_dict(state["optimizer"])
            self.seconds, self.steps, self.samples = state["seconds"], state["steps"], state["samples"]

    @property
    def share(self) -> float:
        """Of the budget that is spent, 0..1."""
        return min(1.0, self.seconds / (60 * self.minutes))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
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
    ) -> None:
        """Step until the budget is spent; `loss_of(step)` is the loss and what to write down about it."""
        saved = reported = time.monotonic()
        smooth: dict[str, float] = {}
        while self.share < 1.0:
            begun = time.monotonic()
            warm = min(1.0, self.share / WARM_UP + 0.05)
            rate = self.rate * warm * (0.5 + 0.5 * math.cos(math.pi * self.share)) + 1e-6
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            loss, notes = loss_of(self.steps)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            if after_step is not None:
                after_step()
            self.steps, self.samples = self.steps + 1, self.samples + batch
            for name, value in notes.items():
                smooth[name] = 0.97 * smooth.get(name, value) + 0.03 * value
            now = time.monotonic()
            self.seconds += now - begun
            if now - reported > 30 or self.share >= 1.0:
                reported = now
                line = {"minutes": round(self.seconds / 60, 2), "of": self.minutes, "samples": self.samples,
                        "per_second": round(self.samples / self.seconds, 1), "rate": rate,
                        **{k: round(v, 5) for k, v in smooth.items()}}  # fmt: skip
                print(json.dumps(line), flush=True)  # noqa: T201
                with (self.folder / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
            if now - saved > SAVE_EVERY_S:
                saved = now
                self.save()
                if report is not None:
                    report()
        self.save()
        if report is not None:
            report()
