"""Whose turn it is to write to a page: only the last thing that its visitor did.

An undo may come while the next round is still streamed to the page, and the stream must not write over what
the undo shows. Gradio can cancel a stream, but does so beside the new event and sometimes after it; so each
stream asks before it writes whether something newer has begun.
"""

from collections import OrderedDict
from collections.abc import Callable

PAGES = 10_000
"""Open pages that are remembered; the longest unused is forgotten first, and its streams write on."""


class Turns:
    """Counts what was begun on each page."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self._begun: OrderedDict[str, int] = OrderedDict()

    def begin(self, page: str) -> Callable[[], bool]:
        """Begin something on that page; the answer tells, at any time, whether it is still the last."""
        turn = self._begun.pop(page, 0) + 1
        self._begun[page] = turn
        while len(self._begun) > PAGES:
            self._begun.popitem(last=False)
        return lambda: self._begun.get(page, turn) == turn
