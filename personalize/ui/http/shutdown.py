"""The end of the process: in order when told once, at once when told twice.

Every write is safe on disk before it counts, so nothing has to be waited for. Python itself would wait for
each thread of a pool, and a picture may take minutes to draw.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import NoReturn

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def told_to_end() -> threading.Event:
    """An event that is set when the process is told to end; told again, the process ends there and then."""
    told = threading.Event()

    def hear(*_: object) -> None:
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)
        told.set()

    for ending in ENDINGS:
        signal.signal(ending, hear)
    return told


def leave(code: int) -> NoReturn:
    """End the process now, with whatever its threads are doing."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
