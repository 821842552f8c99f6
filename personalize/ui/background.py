"""Run renders in background threads and stream their progress to the pages that wait for them.

Pages that ask for the same render share it: a reload or a second tab follows the render in progress. A render
goes on when its page is closed. The store keeps its pictures, so they are ready when the person comes back.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from personalize.errors import CancelledError
from personalize.progress import OnStep
from personalize.ui.http.metrics import Metrics

log = logging.getLogger(__name__)
Result = TypeVar("Result")

POLL_S = 0.1
"""Seconds between two checks of a render in progress."""

FIRST_GUESS_S = 3.0
"""Expected duration of a render before the first one of its kind was measured, in seconds."""


@dataclass(frozen=True)
class RenderProgress:
    """Progress of a render.

    Attributes:
        done: steps that are done; 0 before the render begins.
        total: steps of the whole render; 0 before it begins.
        left_s: estimated seconds until the end.
        waiting: sessions that the renderer serves first.
    """

    done: int = 0
    total: int = 0
    left_s: float = FIRST_GUESS_S
    waiting: int = 0

    @property
    def share(self) -> float:
        """Share of the steps that are done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


@dataclass
class _Running(Generic[Result]):
    """A render in progress.

    Attributes:
        future: holds the result.
        expected_s: duration of the last render of this kind, in seconds.
        began_s: start time, on the monotonic clock.
        done, total: steps so far and in all.
        stopped: whether the render must stop at its next step.
    """

    future: "Future[Result]"
    expected_s: float
    began_s: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    stopped: bool = False

    def progress(self) -> RenderProgress:
        """The progress at this moment."""
        spent_s = time.monotonic() - self.began_s
        if self.done and self.total:
            left_s = spent_s * (self.total - self.done) / self.done
        else:
            left_s = max(self.expected_s - spent_s, 1.0)
        return RenderProgress(self.done, self.total, left_s)


class BackgroundRenders:
    """Runs renders in its own threads; any number of pages can follow each render."""

    def __init__(self, threads: int = 16, metrics: Metrics | None = None) -> None:
        """Start with no renders.

        Args:
            threads: renders that may wait or run at once. The renderer decides their order.
            metrics: counts renders and measures their duration.
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="render")
        self._running: dict[tuple[str, Hashable], _Running[Any]] = {}
        self._took_s: dict[str, float] = {}
        self.metrics = metrics or Metrics()

    async def follow(
        self, kind: str, key: Hashable, render: Callable[[OnStep], Result]
    ) -> AsyncIterator[RenderProgress | Result]:
        """Yield the progress of `render(on_step)` while it runs, and its result last.

        Args:
            kind: kind of the render; the last duration of a kind predicts the next one.
            key: identity of the render. A second call with the same kind and key follows the first render.
                `stop` finds a render by its key if the key is a tuple that starts with the session's token.
            render: blocking function; it calls `on_step(done, total)` now and then.

        Raises:
            Exception: any error of the render.
        """
        running = self._running.get((kind, key)) or self._begin(kind, key, render)
        waiting = asyncio.wrap_future(running.future)
        shown: RenderProgress | None = None
        while not waiting.done():
            progress = running.progress()
            if shown is None or (progress.done, round(progress.left_s)) != (shown.done, round(shown.left_s)):
                shown = progress
                yield progress
            await asyncio.wait({waiting}, timeout=POLL_S)
        yield await waiting

    def begin(self, kind: str, key: Hashable, render: Callable[[OnStep], Result]) -> None:
        """Run `render(on_step)` without a follower; an error is only logged."""
        if (kind, key) not in self._running:
            self._begin(kind, key, render).future.add_done_callback(_log_failure)

    def stop(self, kind: str, token: str) -> bool:
        """Stop the renders of a kind for a session at their next step; their followers get a CancelledError.

        Returns:
            Whether there were any.
        """
        found = [running for (k, key), running in self._running.items() if k == kind and _is_of(key, token)]
        for running in found:
            running.stopped = True
        return bool(found)

    def close(self) -> None:
        """Begin no more renders."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, kind: str, key: Hashable, render: Callable[[OnStep], Result]) -> _Running[Result]:
        def on_step(done: int, total: int) -> None:
            if running.stopped:
                raise CancelledError("Stopped, as you asked. What was there before is as it was.")
            running.done, running.total = done, total

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

        # The future exists before the thread starts, so `on_step` always finds `running`. It is marked as
        # running, so no follower can cancel it.
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        running = _Running(future, self._took_s.get(kind, FIRST_GUESS_S))
        self._running[kind, key] = running
        self.metrics.begun(kind)
        self._pool.submit(_settle, future, run, lambda: self._running.pop((kind, key), None))
        return running


def _is_of(key: Hashable, token: str) -> bool:
    """Whether a key belongs to the session of that token."""
    return isinstance(key, tuple) and bool(key) and key[0] == token


def _log_failure(future: "Future[Any]") -> None:
    """Log the error of a render that nobody follows."""
    if future.exception() is not None:
        log.warning("a render without a follower failed", exc_info=future.exception())


def _settle(future: "Future[Result]", run: Callable[[], Result], after: Callable[[], object]) -> None:
    """Put the result or the error of `run` into `future`, and call `after` before any follower sees it."""
    try:
        result = run()
    except BaseException as error:  # noqa: BLE001  (handed to the followers)
        after()
        future.set_exception(error)
    else:
        after()
        future.set_result(result)
