"""Shared by all tests: hypothesis' profile, a seeded generator, markers by place, and the order of a run.

This file imports no package that takes long: `pytest tests/design` starts with what those tests need.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.places import left_out, markers_of, markers_of_name, rank

if TYPE_CHECKING:
    import torch

if "PYTEST_XDIST_WORKER" in os.environ:
    # Every worker keeps to one core: threads that outnumber the cores wait for one another.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"

# Derandomised: a run tells the truth about a commit, and the same each time. The machine may be busy.
hypothesis.settings.register_profile("palate", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("palate")


@pytest.fixture
def generator() -> torch.Generator:
    import torch

    return torch.Generator().manual_seed(20)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What `-m` leaves out as a whole is not imported: that alone would take half a minute."""
    return left_out(collection_path, config.option.markexpr) or None


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give all tests of one group to one worker.

    xdist's own marker for groups has no effect since pytest 9.2: xdist 3.8 writes it into a private field.
    """
    from tests.scheduling import GroupScheduling

    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test the markers of its place, and begin with what takes longest."""
    for item in items:
        for marker in sorted(markers_of(item.path) | markers_of_name(item.name)):
            item.add_marker(marker)
    items.sort(key=lambda item: rank(item.path))
