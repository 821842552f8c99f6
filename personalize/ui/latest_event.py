"""Let only the latest event of a page write to it.

A person may press undo while the next round is still streamed to the page. The older stream must then not
overwrite the result of the undo. Gradio can cancel a stream, but not reliably before the new event shows its
result. Therefore each stream checks before each update whether a newer event has begun.
"""

from collections import OrderedDict
from collections.abc import Callable

PAGES = 10_000
"""Open pages that are remembered. The page unused for longest is forgotten first; its streams go on."""


class LatestEvent:
    """Counts the events of each page."""

    def __init__(self) -> None:
        """Start without events."""
        self._counts: OrderedDict[str, int] = OrderedDict()

    def begin(self, page: str) -> Callable[[], bool]:
        """Begin an event of a page; the returned function tests whether it is still the page's latest."""
        count = self._counts.pop(page, 0) + 1
        self._counts[page] = count
        while len(self._counts) > PAGES:
            self._counts.popitem(last=False)
        return lambda: self._counts.get(page, count) == count
