"""Limits of requests: a bucket for each visitor, that all processes of a database take from.

A bucket is kept as the time at which it will be full again, so a full one needs no row. Names of visitors
arrive as hashes.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

REMEMBERED = 10_000
"""Buckets that are kept in memory. The bucket unused for longest is forgotten first, and is full again."""


class Limits(Protocol):
    """The buckets of all visitors. Safe to call from any thread."""

    def take(self, what: str, visitor: str, goes: int, seconds: float) -> float:
        """Take one request from a bucket; 0, or the seconds to wait if the bucket is empty.

        Args:
            what: is limited.
            visitor: whose bucket, at most 64 characters.
            goes: requests in a full bucket, from 1.
            seconds: in which an empty bucket becomes full.
        """

    def forget(self, what: str) -> None:
        """Fill all buckets of one kind."""


class MemoryLimits:
    """The buckets of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """All buckets are full; `clock` gives seconds."""
        self._clock = clock
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, what: str, visitor: str, goes: int, seconds: float) -> float:
        """See Limits."""
        with self._lock:
            now, step = self._clock(), seconds / goes
            full_at = max(now, self._full_at.pop((what, visitor), now))
            wait_s = full_at + step - seconds - now
            taken = wait_s <= tolerance_s(seconds)
            self._full_at[what, visitor] = full_at + step if taken else full_at
            while len(self._full_at) > REMEMBERED:
                self._full_at.popitem(last=False)
        return 0.0 if taken else wait_s

    def forget(self, what: str) -> None:
        """See Limits."""
        with self._lock:
            for key in [key for key in self._full_at if key[0] == what]:
                del self._full_at[key]


def tolerance_s(seconds: float) -> float:
    """Seconds by which sums of times may be off."""
    return 1e-6 * seconds
