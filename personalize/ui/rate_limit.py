"""Limits that keep one visitor from using up the renderer: a bucket of goes for each, refilled steadily.

A picture session needs one go a round, so a person meets none of these; a script does.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from personalize.errors import LimitError

REMEMBERED = 10_000
"""Visitors whose buckets are kept; the one unused for longest is forgotten first, and begins full again."""


class Limit:
    """So many goes in so many seconds for each visitor, all at once if they like (a token bucket)."""

    def __init__(
        self, goes: int, seconds: float, what: str, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """A full bucket of `goes` for each, refilled in `seconds`; no limit when `goes` is 0.

        Args:
            goes: in a full bucket.
            seconds: until an empty one is full.
            what: is limited, for the sentence: "drawings".
            now_s: a clock.
        """
        self._goes, self._seconds, self._what, self._now_s = goes, seconds, what, now_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, visitor: str) -> None:
        """One go of that visitor's.

        Raises:
            LimitError: there is none left; it says for how long.
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
                f"Expected at most {self._goes} {self._what} in {_span(self._seconds)}, found more. "
                f"Everyone shares one painter here; please wait {_span(wait_s)}.",
                wait_s,
            )


def _span(seconds: float) -> str:
    if seconds < 90:
        return "a minute" if seconds == 60 else f"{seconds:.0f} s"
    return "an hour" if seconds == 3600 else f"{math.ceil(seconds / 60)} min"
