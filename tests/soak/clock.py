"""The clock of a web process, set back and right again.

The clock of the machine stays as it is. `clock.c` is compiled and loaded into the web processes (LD_PRELOAD).
It adds the seconds of a file to the time that they get.
"""

import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

BACK_S = 3600
"""Seconds by which a clock is set back."""

SOURCE = Path(__file__).with_name("clock.c")


@contextmanager
def clocks(folder: Path) -> Iterator[None]:
    """Let the forks of this program have clocks of their own, while the `with` block lasts.

    Nothing happens where there is no C compiler, or where a fork was started before.

    Args:
        folder: an empty one, for the library.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        yield
        return
    library = folder / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE], check=True)
    os.environ["LD_PRELOAD"] = str(library)
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["LD_PRELOAD"]
    _loaded.append(library)
    try:
        yield
    finally:
        _loaded.remove(library)


_loaded: list[Path] = []


def can_be_set() -> bool:
    """Whether forks have clocks of their own."""
    return bool(_loaded)


class Clock:
    """The clock of one process.

    Attributes:
        environment: variables of the process.
    """

    def __init__(self, file: Path) -> None:
        """A clock that is right. The process must end before the file is gone."""
        file.write_bytes(bytes(8))
        self.environment = {"CLOCK_FILE": str(file)}
        with file.open("r+b") as stream:
            self._seconds = mmap.mmap(stream.fileno(), 8)

    def set_back(self) -> None:
        """Set it back by an hour."""
        self._seconds[:] = struct.pack("=q", -BACK_S)

    def set_right(self) -> None:
        """Set it to the time of the machine."""
        self._seconds[:] = bytes(8)
