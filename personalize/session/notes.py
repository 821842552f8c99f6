"""Notes: small values that all processes of a database know, each until its time is over.

A login of staff, a code from the console, a vote of an audience and the key of devices are notes. Times are
of the clock of the database. A note that would last longer than it may, because the clock was set back, ends.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FOR_EVER_S = 1e15
"""Seconds for which a note without an end is kept."""


@dataclass(frozen=True)
class Note:
    """A value, and when it was read.

    Attributes:
        value: of the note.
        now_s: seconds on the clock that all processes share.
    """

    value: bytes
    now_s: float


Change = Callable[[Note | None, float], bytes]
"""A note, if there is one, and the seconds on the shared clock, to the new value."""


class Notes(Protocol):
    """The notes of a store, by kind and name (at most 16 and 64 characters). Safe to call from any thread."""

    def find(self, kind: str, name: str) -> Note | None:
        """A note, unless it ended."""

    def keep(self, kind: str, name: str, value: bytes, for_s: float, most: int = 0) -> None:
        """Keep a value for so many seconds, in place of an earlier one.

        Args:
            kind: of the note.
            name: of the note.
            value: is kept.
            for_s: seconds; all notes of a kind have the same.
            most: notes of this kind that are kept, newest first; 0: all.
        """

    def first(self, kind: str, name: str, value: bytes) -> bytes:
        """The value that was kept first, for ever: this one if there was none."""

    def take(self, kind: str, name: str) -> bytes | None:
        """Remove a note; its value, unless it ended or somebody else took it."""

    def change(self, kind: str, name: str, change: Change, for_s: float) -> Note:
        """Put what `change` returns in the place of a note, while no other process changes it.

        An error of `change` leaves the note as it was.
        """


class MemoryNotes:
    """The notes of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without notes; `clock` gives seconds."""
        self._clock, self._lock = clock, threading.RLock()
        self._notes: dict[tuple[str, str], tuple[bytes, float]] = {}

    def find(self, kind: str, name: str) -> Note | None:
        """See Notes."""
        with self._lock:
            value, until = self._notes.get((kind, name), (b"", 0.0))
            now = self._clock()
            return Note(value, now) if (kind, name) in self._notes and now < until else None

    def keep(self, kind: str, name: str, value: bytes, for_s: float, most: int = 0) -> None:
        """See Notes."""
        with self._lock:
            now = self._clock()
            self._notes = {key: note for key, note in self._notes.items() if now < note[1]}
            self._notes.pop((kind, name), None)
            self._notes[kind, name] = value, now + for_s
            mine = [key for key in self._notes if key[0] == kind]
            for key in mine[: max(0, len(mine) - most)] if most else ():
                del self._notes[key]

    def first(self, kind: str, name: str, value: bytes) -> bytes:
        """See Notes."""
        with self._lock:
            return self._notes.setdefault((kind, name), (value, FOR_EVER_S))[0]

    def take(self, kind: str, name: str) -> bytes | None:
        """See Notes."""
        with self._lock:
            found = self.find(kind, name)
            self._notes.pop((kind, name), None)
            return None if found is None else found.value

    def change(self, kind: str, name: str, change: Change, for_s: float) -> Note:
        """See Notes."""
        with self._lock:
            now = self._clock()
            self.keep(kind, name, change(self.find(kind, name), now), for_s)
            return Note(self._notes[kind, name][0], now)
