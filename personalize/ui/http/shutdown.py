"""End the process: in order after one signal, at once after a second one.

Every write is safe on disk before it counts, so the end need not wait for anything. Python itself would wait
for each thread of a pool, and a picture may take minutes to draw.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def shutdown_requested() -> threading.Event:
    """An event that is set by the first signal to end; the second signal ends the process at once."""
    requested = threading.Event()

    def request(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        requested.set()

    for number in SIGNALS:
        signal.signal(number, request)
    return requested


def leave(code: int) -> NoReturn:
    """End the process now with that exit code, without waiting for its threads."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
