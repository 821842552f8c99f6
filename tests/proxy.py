"""HAProxy as compose.yaml starts it: the real program with the configuration of the repository."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

CONFIGURATION = Path(__file__).parents[1] / "assets" / "deploy" / "haproxy.cfg"
COOKIE = "palate-process"
"""Cookie with the name of a visitor's web process."""

STARTS_WITHIN_S = 30.0


class Proxy:
    """The proxy in front of two web processes, while the `with` block lasts.

    Attributes:
        url: address for visitors.
        log: file of what the proxy writes.
    """

    def __init__(self, webs: Sequence[str], log: Path) -> None:
        """Stand in front of two addresses such as http://127.0.0.1:7860."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.url, self.log = f"http://{listen}", log
        first, second = (web.removeprefix("http://") for web in webs)
        self._environment = {**os.environ, "LISTEN": listen, "WEB_1": first, "WEB_2": second}

    def __enter__(self) -> "Proxy":
        program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "Expected haproxy on the path, found none. Run apt-get install haproxy."
        with self.log.open("wb") as stream:
            self._process = subprocess.Popen(
                [program, "-db", "-f", CONFIGURATION], env=self._environment, stdout=stream, stderr=stream
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/proxyz", timeout=5):
                    return self
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"HAProxy did not start:\n{self.log.read_text()}") from error
            time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
