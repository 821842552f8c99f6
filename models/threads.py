"""The number of CPU threads of the networks: one number for the process, at most its number of cores.

More threads than cores wait for each other actively, which makes everything several times slower.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch


def use_threads(wanted: int) -> int:
    """Set torch's threads to `wanted` (0: all cores of this process), and return the number."""
    cores = free_cores()
    environment = os.environ.get("OMP_NUM_THREADS", "")
    if not wanted and environment.isdigit() and int(environment) > 0:
        wanted = int(environment)
    number = min(wanted, cores) if wanted else cores
    if torch.get_num_threads() != number:
        torch.set_num_threads(number)
    return number


def free_cores() -> int:
    """Cores that this process may use at once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _quota())


def _quota(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that a container may use at once, rounded up; a very large number if it has no limit."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no container, no limit ("max"), or another system
        return 1_000_000
