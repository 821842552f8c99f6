"""Serving an app from a thread. Nothing here limits the time of a start, as the machine may be busy."""

import contextlib
import socket
import threading
import time
from typing import Any

import uvicorn

from personalize.errors import SettingsError

ENDS_S = 5.0
"""Seconds for open requests at the end."""


class Server(uvicorn.Server):
    """A server in a thread of its own."""

    def __init__(self, app: Any, bound: socket.socket) -> None:
        """Prepare to serve `app` on a socket that is bound to its address."""
        super().__init__(uvicorn.Config(app, log_level="warning"))
        self._bound = bound
        self._thread = threading.Thread(target=self._in_thread, name="server", daemon=True)

    def start(self) -> None:
        """Begin to serve; returns when the server takes requests.

        Raises:
            SettingsError: the server ended before.
        """
        self._thread.start()
        while not self.started:
            if not self._thread.is_alive():
                host, port = self._bound.getsockname()[:2]
                raise SettingsError(
                    "Expected a server on {host} port {port}, found that it ended. Read the log.",
                    host=host,
                    port=port,
                )
            time.sleep(0.01)

    def _in_thread(self) -> None:
        with contextlib.suppress(SystemExit):  # raised where the app cannot start
            self.run([self._bound])

    def close(self) -> None:
        """End the server."""
        self.should_exit = True
        self._thread.join(ENDS_S)
