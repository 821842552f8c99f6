"""Deletes pictures that were drawn ahead and never shown, now and every hour, while the app runs."""

import logging
import threading

from personalize.errors import PersonalizeError
from personalize.rounds.personalizer import Personalizer

log = logging.getLogger(__name__)

PAUSE_S = 3600.0
"""Seconds between two looks."""


class Tidying:
    """A thread that calls `Personalizer.forget_unshown`."""

    def __init__(self, loop: Personalizer, pause_s: float = PAUSE_S) -> None:
        """Nothing runs before `start`."""
        self._loop, self._pause_s = loop, pause_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidying", daemon=True)

    def start(self) -> None:
        """Look now, and then after every pause."""
        self._thread.start()

    def close(self) -> None:
        """End the thread after its present look."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._loop.forget_unshown()
            except PersonalizeError as error:
                log.warning("pictures that were never shown could not be deleted: %s", error)
            self._ended.wait(self._pause_s)
