"""What a pipeline does when memory runs out: smaller batches, then slices, then weights in main memory."""

from __future__ import annotations

import gc
from typing import Any

import torch

BATCH = 8
"""Pictures that are drawn at once if memory allows."""

_MESSAGES = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the GPU or in the machine."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in _MESSAGES)


class MemoryBudget:
    """How a pipeline saves memory. Its steps are never taken back.

    Attributes:
        batch: most pictures at once.
        steps: a sentence for every step that was taken.
    """

    def __init__(self, batch: int = BATCH) -> None:
        """Begin with `batch` pictures at once."""
        self.batch = batch
        self.steps: list[str] = []
        self._sliced = self._offloaded = False

    def reduce(self, pipeline: Any, tried: int) -> bool:
        """Take the next step, after `tried` pictures at once did not fit; False if there is no step left."""
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if tried > 1:
            self.batch = max(1, tried // 2)
            step = f"{tried} pictures at once do not fit into memory: from now on {self.batch}"
        elif not self._sliced:
            self._sliced = True
            pipeline.enable_attention_slicing()
            vae = getattr(pipeline, "vae", None)
            for switch in ("enable_slicing", "enable_tiling"):
                if hasattr(vae, switch):
                    getattr(vae, switch)()
            step = "a picture does not fit into memory: from now on it is computed in slices, which is slower"
        elif not self._offloaded and pipeline.device.type == "cuda":
            self._offloaded = True
            pipeline.enable_model_cpu_offload()
            step = "a picture in slices does not fit: from now on the weights are in main memory, much slower"
        else:
            return False
        self.steps.append(step)
        return True
