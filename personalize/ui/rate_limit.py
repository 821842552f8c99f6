"""Rate limits, so that no visitor can use up the renderer: a token bucket for each visitor.

A session needs one token a round, so a person stays below the limits; a script may not.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from personalize.errors import LimitError

REMEMBERED = 10_000
"""Visitors whose buckets are kept. The bucket unused for longest is forgotten first, and is full again."""


class Limit:
    """A token bucket for each visitor: at most so many requests in so many seconds, all at once if wanted."""

    def __init__(
        self, goes: int, seconds: float, what: str, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with a full bucket for each visitor.

        Args:
            goes: tokens in a full bucket; 0 for no limit.
            seconds: time in which an empty bucket becomes full.
            what: name of the limited thing in the error's sentence, such as "drawings".
            now_s: a clock, in seconds.
        """
        self._goes, self._seconds, self._what, self._now_s = goes, seconds, what, now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, visitor: str) -> None:
        """Take one token from this visitor's bucket.

        Raises:
            LimitError: the bucket is empty; the error has the time to wait.
        """
        if not self._goes:
            return
        with self._lock:
            now = self._now_s()
            left, at = self._buckets.pop(visitor, (float(self._goes), now))
            left = min(float(self._goes), left + (now - at) * self._goes / self._seconds)
            self._buckets[visitor] = (left - 1.0 if left >= 1.0 else left, now)
            while len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        if left < 1.0:
            wait_s = math.ceil((1.0 - left) * self._seconds / self._goes)
            raise LimitError(
                "Expected at most {goes} {what} in {span}, found more. Everyone shares one painter here; "
                "please wait {wait}.",
                wait_s,
                goes=self._goes,
                what=self._what,
                span=_span(self._seconds),
                wait=_span(wait_s),
            )


def _span(seconds: float) -> str:
    if seconds < 90:
        return "a minute" if seconds == 60 else f"{seconds:.0f} s"
    return "an hour" if seconds == 3600 else f"{math.ceil(seconds / 60)} min"
