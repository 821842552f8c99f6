"""Nodes of a real Ray cluster on this machine, started by the commands of compose.yaml."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
BIN = Path(sys.executable).parent
WITHIN_S = 300.0

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "OMP_NUM_THREADS": "1"}
"""Variables of every process that talks to the cluster. A token in the home folder would be asked for."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RayNodes:
    """A head without cores and a worker with some, while the `with` block lasts.

    Attributes:
        address: of the head; app processes on this machine draw by it.
        dashboard: address of Ray's own page.
        log: what all nodes write.
    """

    def __init__(self, log: Path, cores: int = 1) -> None:
        """Nothing runs yet; the worker will have so many cores."""
        self._cores = cores
        self._port, page = free_port(), free_port()
        self.address, self.dashboard, self.log = f"127.0.0.1:{self._port}", f"http://127.0.0.1:{page}", log
        self._environment = {**os.environ, **ENVIRONMENT}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "RayNodes":
        self._folder = tempfile.mkdtemp(prefix="ray-")
        page = self.dashboard.rpartition(":")[2]
        self._more = [f"--dashboard-port={page}", f"--temp-dir={self._folder}"]
        try:
            self._start("ray-head", *self._more)
            self.until(self._answers)
            self.start_worker()
        except BaseException:
            self._end()
            raise
        return self

    def _answers(self) -> bool:
        """Whether the head answers. It gives its parts 15 s, and Docker starts it again if it ends."""
        if self._processes["ray-head"].poll() is not None:
            self._start("ray-head", *self._more)
        return self.applications() is not None

    def start_worker(self) -> None:
        """Start the node that draws."""
        self._start("ray-worker", f"--num-cpus={self._cores}")

    def kill_worker(self) -> None:
        """End the node that draws, with all of its processes, without a warning."""
        os.killpg(self._processes["ray-worker"].pid, signal.SIGKILL)
        self._processes["ray-worker"].wait()

    def applications(self) -> dict[str, Any] | None:
        """The applications of Ray Serve by name, as Ray's page tells them; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.dashboard}/api/serve/applications/", timeout=10) as answer:
                return dict(json.loads(answer.read())["applications"])
        except (OSError, ValueError):
            return None

    def replicas(self) -> list[int]:
        """The process numbers of all replicas that draw."""
        return [
            int(replica["pid"])
            for application in (self.applications() or {}).values()
            for deployment in application["deployments"].values()
            for replica in deployment["replicas"]
            if replica["state"] == "RUNNING"
        ]

    def deploy(self, file: Path) -> None:
        """Deploy the applications of a configuration."""
        command: list[str | Path] = [BIN / "serve", "deploy", "-a", self.dashboard, file]
        with self.log.open("ab") as stream:
            subprocess.run(command, env=self._environment, check=True, stdout=stream, stderr=stream)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition.

        Raises:
            AssertionError: it does not hold within a time.
        """
        end = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < end, self.log.read_text("utf-8", "replace")
            time.sleep(0.5)

    def _start(self, service: str, *more: str) -> None:
        """Run the command of a service, with the addresses of this machine."""
        words = [str(word).replace("ray-head", "127.0.0.1") for word in COMPOSE[service]["command"]]
        command = [word.replace("6379", str(self._port)) for word in words]
        with self.log.open("ab") as stream:
            self._processes[service] = subprocess.Popen(
                [BIN / command[0], *command[1:], *more],
                cwd=ROOT,
                env=self._environment,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        """End all nodes, and remove their folder."""
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(60.0)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
