"""Requests to the replicas of a deployment. One whose replica is lost is sent again."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ray import exceptions as lost
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, ReplicaUnavailableError
from ray.serve.handle import DeploymentHandle

from models.errors import ModelError

START_S = 600.0
"""Seconds that a request waits for a replica: one may have to start, and load its weights."""

LOOK_S = 0.1
"""Seconds between two looks at whether a request that waits is still wanted."""

TRIES = 6
"""Replicas that may be lost under one request. More than that, and it is the request that breaks them."""

PAUSE_S = 0.2
"""Seconds before a request is sent again."""

BUSY = (
    "Expected a free place at the machines that draw, found more requests than they can take. "
    "Try again in a minute."
)

NO_MACHINE = (
    "Expected a machine that draws within ten minutes, found none. Look at the nodes of the Ray cluster, "
    "and try again."
)

_LOST = (
    lost.RayActorError,
    lost.WorkerCrashedError,
    lost.NodeDiedError,
    lost.ObjectLostError,
    lost.OutOfMemoryError,
    ReplicaUnavailableError,
)
"""What a request raises whose replica or node ended."""


class Calls:
    """Requests by name. Safe to call from any thread.

    Attributes:
        asked: requests so far, with those that were sent again.
        lost: requests whose replica was lost.
    """

    def __init__(self, handle: DeploymentHandle) -> None:
        """Ask the deployment of a handle."""
        self._handle = handle
        self._closed = threading.Event()
        self.asked = self.lost = 0

    def close(self) -> None:
        """Requests that wait end with an error, and what the handle does beside them ends."""
        self._closed.set()
        with contextlib.suppress(Exception):
            self._handle.shutdown()

    def ask(self, method: str, *arguments: Any) -> Any:
        """The answer of one replica.

        Raises:
            ModelError: the replica says so, the deployment is busy, or no replica answers.
        """
        return self._again(lambda: getattr(self._handle, method).remote(*arguments).result(timeout_s=START_S))

    def follow(self, method: str, arguments: Any, on_answer: Callable[[Any], None]) -> None:
        """Hand every answer of a stream to `on_answer`, in this thread. One that is cut off begins again.

        Args:
            method: an asynchronous generator of the replica.
            arguments: of the method.
            on_answer: takes each answer, and None now and then before the first one. Its error ends the
                request, and the replica is told.

        Raises:
            ModelError: as `ask`.
        """
        self._again(lambda: self._follow(method, arguments, on_answer))

    def _again(self, attempt: Callable[[], Any]) -> Any:
        """What the attempt returns, tried anew while replicas are lost under it."""
        for left in range(TRIES - 1, -1, -1):
            if self._closed.is_set():
                break
            try:
                self.asked += 1
                with _said():
                    return attempt()
            except _LOST as error:
                self.lost += 1
                if not left:
                    raise ModelError(
                        f"Expected a machine that draws to answer, found that {TRIES} ended one after "
                        f"another ({type(error).__name__}). Look into the log of Ray."
                    ) from error
                time.sleep(PAUSE_S)
        raise ModelError("Expected to finish a picture, found that Palate is ending. Start it again.")

    def _follow(self, method: str, arguments: Any, on_answer: Callable[[Any], None]) -> None:
        response = getattr(self._handle.options(stream=True), method).remote(*arguments)
        answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

        def pull() -> None:
            try:
                for answer in response:
                    answers.put(("answer", answer))
                answers.put(("end", None))
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                answers.put(("error", error))

        threading.Thread(target=pull, name="ray-answers", daemon=True).start()
        try:
            for kind, value in self._arriving(answers):
                if kind == "error":
                    raise value
                if kind == "end":
                    return
                on_answer(value)
        except BaseException:
            with contextlib.suppress(Exception):
                response.cancel()
            raise

    def _arriving(self, answers: queue.SimpleQueue[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """What comes, and ("wait", None) now and then before the first."""
        begun, began_s = False, time.monotonic()
        while True:
            if self._closed.is_set():
                raise ModelError("Expected to finish a picture, found that Palate is ending. Start it again.")
            try:
                found = answers.get(timeout=LOOK_S)
            except queue.Empty:
                if begun:
                    continue
                if time.monotonic() - began_s > START_S:
                    raise _no_replica() from None
                yield "wait", None
            else:
                begun = True
                yield found


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Ray's errors as sentences, except those of a replica that was lost."""
    try:
        yield
    except lost.RayTaskError as error:
        if isinstance(error, _LOST):
            raise
        cause = error.cause if isinstance(error.cause, Exception) else error
        if isinstance(cause, ModelError):
            raise ModelError(str(cause)) from None
        if isinstance(cause, BackPressureError):
            raise ModelError(BUSY) from None
        if isinstance(cause, _LOST):
            raise cause from None
        raise ModelError(
            f"Expected a picture from a machine of the cluster, found that drawing failed "
            f"({type(cause).__name__}: {cause}). Try again; if it fails again, restart the app."
        ) from error
    except BackPressureError:
        raise ModelError(BUSY) from None
    except (TimeoutError, DeploymentUnavailableError) as error:
        raise _no_replica() from error
    except lost.RaySystemError as error:
        raise ModelError(
            f"Expected the Ray cluster to answer, found that the connection is gone ({error}). "
            "Restart the app when the cluster runs."
        ) from error


def _no_replica() -> ModelError:
    return ModelError(NO_MACHINE)
