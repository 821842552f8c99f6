"""Taste files that visitors brought: they wait on the server, in memory, and are forgotten after minutes.

Gradio's own state would keep a connection open for every tab. A browser opens at most six connections to one
host over HTTP/1.1, so the sixth tab would never open.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from personalize.errors import SessionError

KEPT_MINUTES = 30
"""Minutes for which a file is kept after it was brought or used."""

MOST_BYTES = 256 * 2**20
"""Bytes of all files together. The file that was not used for longest is forgotten first."""


class BroughtFiles:
    """The file that each visitor brought last, by a name that only the visitor's browser knows."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """Start without a file.

        Args:
            now_s: a clock, in seconds.
        """
        self._files: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._now_s = now_s
        self._lock = threading.Lock()

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file in place of the one that was kept under this name."""
        with self._lock:
            self._files.pop(name, None)
            self._files[name] = (content, self._now_s())
            self._forget_old()

    def find(self, name: str) -> bytes | None:
        """The content of the file, which is then kept for another while; None without a file."""
        with self._lock:
            self._forget_old()
            if name not in self._files:
                return None
            content, _ = self._files.pop(name)
            self._files[name] = (content, self._now_s())
            return content

    def read(self, name: str) -> bytes:
        """The content of the file, which is then kept for another while.

        Raises:
            SessionError: no file was brought, or it was forgotten.
        """
        content = self.find(name)
        if content is None:
            raise SessionError(
                "Expected a taste file of the last {minutes} minutes, found none. Choose the file again.",
                minutes=KEPT_MINUTES,
            )
        return content

    def forget(self, name: str) -> None:
        """Forget the file, if there is one."""
        with self._lock:
            self._files.pop(name, None)

    def _forget_old(self) -> None:
        oldest_s = self._now_s() - 60 * KEPT_MINUTES
        size = sum(len(content) for content, _ in self._files.values())
        for name, (content, used_s) in list(self._files.items()):
            if used_s > oldest_s and size <= MOST_BYTES:
                return
            del self._files[name]
            size -= len(content)
