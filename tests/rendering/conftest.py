"""The bench of the render queue's tests."""

from collections.abc import Iterator

import pytest

from tests.rendering.bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.draw_all()
    made.queue.close()
