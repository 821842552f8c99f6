"""How fast the renderer draws, and how many pictures of several sessions it draws together.

A GPU draws eight pictures in little more time than four, and a CPU needs twice as long. So larger batches are
tried while several sessions wait, and are kept where a picture takes clearly less time in them.
"""

from collections import deque
from collections.abc import Callable
from statistics import median

FIRST_GUESS_S = 0.75
"""Seconds a picture is expected to take before any was measured."""

PAYS = 0.8
"""A larger batch pays if a picture takes at most this share of its time in the smaller one."""

TRIES = 3
"""Batches before a size is judged. The first may be slow, since the renderer prepares for a new size."""

LATEST = 9
"""Batches of one size whose median counts."""


class Pace:
    """Measured seconds a picture, by the size of the batch. Its callers hold the lock of the board.

    Attributes:
        picture_s: seconds a picture takes, over all batches of late.
    """

    def __init__(self, batch: int, most: Callable[[], int] | None = None) -> None:
        """Nothing is measured yet.

        Args:
            batch: pictures that are drawn together in any case.
            most: pictures that may be drawn together where that pays; None for `batch`.
        """
        self._batch, self._most = batch, most or (lambda: batch)
        self._spent: dict[int, deque[float]] = {}
        self.picture_s, self._measured = FIRST_GUESS_S, False

    def note(self, pictures: int, spent_s: float) -> None:
        """A batch of so many pictures took so many seconds."""
        each_s = spent_s / pictures
        self.picture_s = 0.7 * self.picture_s + 0.3 * each_s if self._measured else each_s
        self._measured = True
        size = max((size for size in self._sizes() if size <= pictures), default=None)
        if size is not None:
            self._spent.setdefault(size, deque(maxlen=LATEST)).append(each_s)

    @property
    def size(self) -> int:
        """Most pictures of the next batch."""
        kept = self._batch
        for size in self._sizes()[1:]:
            if len(self._spent.get(kept, ())) < TRIES:
                return kept
            if len(self._spent.get(size, ())) < TRIES:
                return size
            if median(self._spent[size]) > PAYS * median(self._spent[kept]):
                return kept
            kept = size
        return kept

    @property
    def seconds_a_picture(self) -> dict[int, float]:
        """Median seconds a picture by the size of the batch, as far as measured."""
        return {size: median(spent) for size, spent in sorted(self._spent.items())}

    def _sizes(self) -> list[int]:
        """Sizes to choose from, smallest first: each at most twice the one before."""
        sizes, most = [self._batch], self._most()
        while sizes[-1] < most:
            sizes.append(min(2 * sizes[-1], most))
        return sizes
