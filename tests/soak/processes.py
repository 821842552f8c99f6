"""Web processes that are killed and started again, on the same ports and with one log each."""

import socket
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from tests.apps import FORKS, READY_S, run_here

SOAKED = "tests.soak.serve"
"""The app with stand-ins for its networks."""


class WebProcess:
    """One process of the app, in a fork of a server that has imported everything already."""

    def __init__(
        self,
        flags: list[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        module: str = SOAKED,
        ready_s: float = READY_S,
    ) -> None:
        """Start it, without waiting for it.

        Args:
            flags: of the module, without the port.
            log: takes what every start of the process writes.
            environment: variables of the process, beside those of the tests.
            module: whose `main` is the process.
            ready_s: seconds within which it must answer.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url, self.log = f"http://127.0.0.1:{self.port}", log
        self._flags = [*flags, "--port", str(self.port)]
        self._environment, self._module, self._ready_s = dict(environment or {}), module, ready_s
        self._process = self._started()

    def kill(self) -> None:
        """End it without a warning (SIGKILL), and wait until it is gone."""
        self._process.kill()
        self._process.join()

    def start(self) -> None:
        """Start it again."""
        self._process = self._started()

    def stop(self) -> None:
        """End it as an operator does, and be sure of it."""
        self._process.terminate()
        self._process.join(15.0)
        if self._process.is_alive():
            self.kill()

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            AssertionError: it does not within a time.
        """
        until = time.monotonic() + self._ready_s
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5.0).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if not self._process.is_alive():
                self._process = self._started()  # it may have met the database while that was away
            time.sleep(0.2)
        raise AssertionError(
            f"Expected {self.url} to answer within {self._ready_s:.0f} s.\n{self.log.read_text()}"
        )

    def _started(self) -> BaseProcess:
        process = FORKS.Process(
            target=run_here, args=(self._module, self._flags, self.log, self._environment), daemon=True
        )
        process.start()
        return process
