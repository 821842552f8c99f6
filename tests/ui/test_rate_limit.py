"""Limits: all at once, then steadily, each visitor alone."""

import pytest

from personalize.errors import LimitError
from personalize.session import limits
from personalize.session.limits import MemoryLimits
from personalize.ui.rate_limit import Limit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_at_once_and_fills_steadily() -> None:
    clock = Clock()
    limit = Limit(4, 60.0, "drawings", MemoryLimits(clock))
    for _ in range(4):
        limit.take("me")
    with pytest.raises(LimitError, match="wait 15 s") as refused:
        limit.take("me")
    assert refused.value.wait_s == 15
    limit.take("you")
    clock.now = 14.9
    with pytest.raises(LimitError, match="wait 1 s"):
        limit.take("me")
    clock.now = 15.0
    limit.take("me")
    clock.now = 1000.0
    for _ in range(4):
        limit.take("me")
    with pytest.raises(LimitError):
        limit.take("me")


def test_none_is_no_limit() -> None:
    limit = Limit(0, 60.0, "drawings", MemoryLimits(Clock()))
    for _ in range(1000):
        limit.take("me")


def test_only_so_many_visitors_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 3)
    limit = Limit(1, 3600.0, "sessions", MemoryLimits(Clock()))
    for visitor in "abcd":
        limit.take(visitor)
    with pytest.raises(LimitError, match="an hour"):
        limit.take("d")
    limit.take("a")  # forgotten
