"""CPU threads of the networks: set once, before the first of them works.

Two pools that both spin on the same cores slow one another down many times over, so there is one number for
the whole process, never above the cores that this process may use.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch


def use_threads(wanted: int) -> int:
    """Set torch's threads to `wanted`, or for 0 to the cores this process may use; returns the number."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = min(cores, _quota())
    environment = os.environ.get("OMP_NUM_THREADS", "")
    if not wanted and environment.isdigit() and int(environment) > 0:
        wanted = int(environment)
    number = min(wanted, cores) if wanted else cores
    if torch.get_num_threads() != number:
        torch.set_num_threads(number)
    return number


def _quota(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that a container may use at once, rounded up; very many when it has no limit."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no container, no limit ("max"), or another system
        return 1_000_000
