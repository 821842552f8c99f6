"""Shared by all tests: how hypothesis runs, and a seeded generator."""

import hypothesis
import pytest
import torch

# Derandomised: a run tells the truth about a commit, and the same each time. The machine may be busy.
hypothesis.settings.register_profile("palate", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("palate")


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's sync API keeps an event loop running in the main thread."""
    items.sort(key=lambda item: "browser" in item.path.parts)
