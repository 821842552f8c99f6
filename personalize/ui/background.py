"""Run renders in background threads and stream their progress to the pages that wait for them.

Pages that ask for the same render share it: a reload or a second tab follows the render in progress. A render
goes on when its page is closed. The store keeps its pictures, so they are ready when the person comes back.
A render that nobody could find again, such as the adoption of a taste file, stops instead.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from personalize.errors import CancelledError
from personalize.progress import OnStep
from personalize.rendering.jobs import RenderJob, RenderProgress
from personalize.ui.http.metrics import Metrics

log = logging.getLogger(__name__)
Result = TypeVar("Result")

POLL_S = 0.1
"""Seconds between two checks of a render in progress."""

FIRST_GUESS_S = 3.0
"""Expected duration of a render before the first one of its kind was measured, in seconds."""


@dataclass
class _Running(Generic[Result]):
    """A render in progress.

    Attributes:
        future: holds the result.
        expected_s: duration of the last render of this kind, in seconds.
        began_s: start time, on the monotonic clock.
        done, total: steps so far and in all.
        stopped: whether the render must stop at its next step.
        followers: pages that follow it.
    """

    future: "Future[Result]"
    expected_s: float
    began_s: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0
    stopped: bool = False
    followers: int = 0

    def progress(self) -> RenderProgress:
        """The progress at this moment."""
        spent_s = time.monotonic() - self.began_s
        share = self.done / self.total if self.total else 0.0
        left_s = spent_s * (1.0 - share) / share if share else max(self.expected_s - spent_s, 1.0)
        return RenderProgress(share, left_s)


class BackgroundRenders:
    """Lets any number of pages follow a render: a job of the render queue, or a function that asks for jobs.

    A function runs in a thread of its own, where it mostly waits for its jobs. There is no pool, since the
    render queue alone decides who is drawn next.
    """

    def __init__(self, metrics: Metrics | None = None) -> None:
        """Start with no renders.

        Args:
            metrics: counts renders and measures their duration.
        """
        self._running: dict[tuple[str, Hashable], _Running[Any]] = {}
        self._took_s: dict[str, float] = {}
        self._counted: WeakSet[RenderJob] = WeakSet()
        self.metrics = metrics or Metrics()

    async def follow(
        self, kind: str, key: Hashable, render: Callable[[OnStep], Result], *, outlives: bool = True
    ) -> AsyncIterator[RenderProgress | Result]:
        """Yield the progress of `render(on_step)` while it runs, and its result last.

        Args:
            kind: kind of the render; the last duration of a kind predicts the next one.
            key: identity of the render. A second call with the same kind and key follows the first render.
                `stop` finds a render by its key if the key is a tuple that starts with the session's token.
            render: blocking function; it calls `on_step(done, total)` now and then.
            outlives: whether the render goes on when its last follower has left.

        Raises:
            Exception: any error of the render.
        """
        running = self._running.get((kind, key)) or self._begin(kind, key, render)
        running.followers += 1
        try:
            async for seen in _watched(running.future, running.progress):
                yield seen
        finally:
            running.followers -= 1
            if not running.followers and not outlives:
                running.stopped = True

    async def follow_job(self, kind: str, job: RenderJob) -> AsyncIterator[RenderProgress | Any]:
        """Yield the progress of a job of the render queue, and its result last.

        Args:
            kind: counted under this name.
            job: is waited for as long as this is iterated.

        Raises:
            RenderError: the renderer failed or stands still.
            CancelledError: the job was cancelled.
        """
        self.count(kind, job)
        with job.followed():
            async for seen in _watched(job.future, job.progress):
                yield seen

    def count(self, kind: str, job: RenderJob) -> None:
        """Count a job and its duration, once."""
        if job in self._counted or job.future.done():
            return
        self._counted.add(job)
        self.metrics.begun(kind)
        began_s = time.monotonic()

        def ended(future: "Future[Any]") -> None:
            error = future.exception()
            failed = error is not None and not isinstance(error, CancelledError)
            self.metrics.ended(kind, time.monotonic() - began_s, failed=failed)

        job.future.add_done_callback(ended)

    def begin(self, kind: str, key: Hashable, render: Callable[[OnStep], Result]) -> None:
        """Run `render(on_step)` without a follower; an error is only logged."""
        if (kind, key) not in self._running:
            self._begin(kind, key, render).future.add_done_callback(_log_failure)

    def stop(self, kind: str, token: str) -> bool:
        """Stop the renders of a kind for a session at their next step; their followers get a CancelledError.

        Returns:
            Whether there were any.
        """
        found = [
            running for (k, key), running in list(self._running.items()) if k == kind and _is_of(key, token)
        ]
        for running in found:
            running.stopped = True
        return bool(found)

    def close(self) -> None:
        """Stop all renders at their next step."""
        for running in list(self._running.values()):
            running.stopped = True

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
        threading.Thread(
            target=_settle,
            args=(future, run, lambda: self._running.pop((kind, key), None)),
            name=f"render {kind}",
            daemon=True,
        ).start()
        return running


async def _watched(
    future: "Future[Any]", progress: Callable[[], RenderProgress]
) -> AsyncIterator[RenderProgress | Any]:
    """Yield the progress whenever it changes, and the result of the future last."""
    waiting = asyncio.wrap_future(future)
    shown: RenderProgress | None = None
    while not waiting.done():
        now = progress()
        if shown is None or _differ(now, shown):
            shown = now
            yield now
        await asyncio.wait({waiting}, timeout=POLL_S)
    yield await waiting


def _differ(one: RenderProgress, other: RenderProgress) -> bool:
    """Whether a person would see the difference."""
    return (round(100 * one.share), round(one.left_s), one.waiting) != (
        round(100 * other.share),
        round(other.left_s),
        other.waiting,
    )


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
