"""The device of the networks (a CUDA GPU, Apple's GPU, or the CPU) and the type of their weights."""

from __future__ import annotations

import torch

from models.errors import ModelError

DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}


def best_device() -> torch.device:
    """CUDA, else MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def weights_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The type of the weights: `wanted` on a GPU that supports it, 32 bits on a CPU.

    Args:
        wanted: "float16", "bfloat16" or "float32".
        device: of the weights.

    Raises:
        ModelError: `wanted` is another type.
    """
    if wanted not in DTYPES:
        raise ModelError(
            f"Expected dtype to be {', '.join(DTYPES)}, found '{wanted}'. Correct it in the model's settings."
        )
    if device.type == "cpu":
        return torch.float32
    if wanted == "bfloat16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        return torch.float32  # models trained in bfloat16 overflow in half precision
    return DTYPES[wanted]
