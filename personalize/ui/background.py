"""Blocking renders in threads, followed step by step without holding up the page.

A render that is under way is shared: a reload or a second tab follows the same one and starts no other. A
follower that goes away leaves the render running; its pictures are kept by the store and are there on return.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from personalize.errors import CancelledError
from personalize.ui.http.metrics import Metrics

log = logging.getLogger(__name__)
Result = TypeVar("Result")
OnStep = Callable[[int, int], None]

LOOK_S = 0.1
"""Seconds between two looks at a render under way."""

FIRST_GUESS_S = 3.0
"""Seconds a render is said to take before any was measured."""


@dataclass(frozen=True)
class Progress:
    """How far a render is: `done` of `total` steps (0: not begun), and about how many seconds are left.

    `waiting` says how many others are served before it.
    """

    done: int = 0
    total: int = 0
    left_s: float = FIRST_GUESS_S
    waiting: int = 0

    @property
    def share(self) -> float:
        """Done share, 0..1."""
        return self.done / self.total if self.total else 0.0


@dataclass
class Work(Generic[Result]):
    """One render under way, or done."""

    future: "Future[Result]"
    guess_s: float
    began_s: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    stopped: bool = False

    def progress(self) -> Progress:
        """How far it is now."""
        spent_s = time.monotonic() - self.began_s
        if self.done and self.total:
            left_s = spent_s * (self.total - self.done) / self.done
        else:
            left_s = max(self.guess_s - spent_s, 1.0)
        return Progress(self.done, self.total, left_s)


class Drawing:
    """Runs renders in threads of its own and lets any number of pages follow each."""

    def __init__(self, threads: int = 16, metrics: Metrics | None = None) -> None:
        """Room for `threads` renders that wait or run; the renderer itself decides its order."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="drawing")
        self._works: dict[tuple[str, Hashable], Work[Any]] = {}
        self._took_s: dict[str, float] = {}
        self.metrics = metrics or Metrics()

    async def follow(
        self, kind: str, key: Hashable, render: Callable[[OnStep], Result]
    ) -> AsyncIterator[Progress | Result]:
        """Yield Progress while `render(on_step)` runs, and its result last.

        Args:
            kind: renders of one kind take about as long as one another.
            key: renders of one key are the same render, and run once; a tuple that begins with the session's
                token lets `stop` find it.
            render: blocking; calls `on_step(done, total)` now and then.

        Raises:
            Exception: whatever the render raised.
        """
        work = self._works.get((kind, key)) or self._begin(kind, key, render)
        waiting = asyncio.wrap_future(work.future)
        shown: Progress | None = None
        while not waiting.done():
            progress = work.progress()
            if shown is None or (progress.done, round(progress.left_s)) != (shown.done, round(shown.left_s)):
                shown = progress
                yield progress
            await asyncio.wait({waiting}, timeout=LOOK_S)
        yield await waiting

    def begin(self, kind: str, key: Hashable, render: Callable[[OnStep], Result]) -> None:
        """Run `render(on_step)` without anybody following; what it raises is only logged."""
        if (kind, key) not in self._works:
            self._begin(kind, key, render).future.add_done_callback(_log_failure)

    def stop(self, kind: str, token: str) -> bool:
        """Stop what is drawn of that kind for that session, at its next step; whether there was any.

        Whoever follows it gets a CancelledError.
        """
        found = [work for (k, key), work in self._works.items() if k == kind and _is_of(key, token)]
        for work in found:
            work.stopped = True
        return bool(found)

    def close(self) -> None:
        """Begin no more renders."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, kind: str, key: Hashable, render: Callable[[OnStep], Result]) -> Work[Result]:
        def on_step(done: int, total: int) -> None:
            if work.stopped:
                raise CancelledError("Stopped, as you asked. What was there before is as it was.")
            work.done, work.total = done, total

        def run() -> Result:
            began_s, failed = time.monotonic(), True
            try:
                result = render(on_step)
                failed = False
            finally:
                spent_s = time.monotonic() - began_s
                self.metrics.ended(kind, spent_s, failed=failed)
            self._took_s[kind] = spent_s
            return result

        # Made before the thread starts, so that `on_step` finds its work; running, so that nobody cancels it.
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        work = Work(future, self._took_s.get(kind, FIRST_GUESS_S))
        self._works[kind, key] = work
        self.metrics.begun(kind)
        self._pool.submit(_settle, future, run, lambda: self._works.pop((kind, key), None))
        return work


def _is_of(key: Hashable, token: str) -> bool:
    return isinstance(key, tuple) and bool(key) and key[0] == token


def _log_failure(future: "Future[Any]") -> None:
    if future.exception() is not None:
        log.warning("drawing ahead failed", exc_info=future.exception())


def _settle(future: "Future[Result]", run: Callable[[], Result], after: Callable[[], object]) -> None:
    try:
        result = run()
    except BaseException as error:  # noqa: BLE001  (handed to whoever follows)
        after()
        future.set_exception(error)
    else:
        after()
        future.set_result(result)
