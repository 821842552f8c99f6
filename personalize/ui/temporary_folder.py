"""The folder of temporary files: below the data folder, of this process only, and soon empty again.

Gradio keeps uploads in a folder that all users of a machine share. There, another user can own it, and other
users can read it. Uploads are deleted when they are read (`blocks.py`). This module deletes those that
nobody reads, and those of a process that was killed.
"""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from personalize.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

NAME = "temporary"
"""Name of the folder in the data folder. Each process has a folder of its own in it."""

UPLOADS, LOCK = "uploads", "in-use"
KEPT_S = 600.0
"""Seconds for which an upload waits to be read."""

LOOKS_EVERY_S = 30.0

NEW_S = 60.0
"""Seconds in which a folder counts as new."""

CACHES = {"TORCHINDUCTOR_CACHE_DIR": "compiled", "MPLCONFIGDIR": "matplotlib"}
"""Folders in the folder of caches by the variables that name them, unless the environment names others."""


@contextlib.contextmanager
def temporary_folder(data: Path, cache: Path) -> Iterator[Path]:
    """A folder for the temporary files of this process, while the `with` block lasts.

    Enter it before gradio and torch are imported: they read the places of their files at import.

    Args:
        data: the data folder. It is created, as private as the folder of temporary files, if it is missing.
        cache: folder of caches, for the libraries.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        shared = data / NAME
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        shared.mkdir(mode=0o700, exist_ok=True)
        shared.chmod(0o700)
        _remove_left(shared)
        own = Path(tempfile.mkdtemp(dir=shared)).resolve()
        (own / UPLOADS).mkdir(mode=0o700)
        lock = _locked(own)
    except OSError as error:
        raise StoreError(
            "Expected to keep temporary files in {folder}, found: {fault}. Give write permission there, or "
            "choose another data folder.",
            folder=data / NAME,
            fault=error.strerror or error,
        ) from error
    places = {"GRADIO_TEMP_DIR": str(own / UPLOADS)}
    for name, kept in CACHES.items():
        places[name] = os.environ.get(name) or str(cache / kept)
    before, before_tempdir = {name: os.environ.get(name) for name in places}, tempfile.tempdir
    os.environ.update(places)
    tempfile.tempdir = str(own)
    ended = threading.Event()
    janitor = threading.Thread(target=_clear, args=(own / UPLOADS, ended), name="uploads", daemon=True)
    janitor.start()
    try:
        yield own
    finally:
        ended.set()
        janitor.join()
        tempfile.tempdir = before_tempdir
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(own, ignore_errors=True)
        lock.close()


def remove_older(folder: Path, age_s: float) -> None:
    """Delete the files that nobody has written for `age_s` seconds, and the empty folders in the folder."""
    until = time.time() - age_s
    for path in sorted(folder.rglob("*"), reverse=True):  # a folder after its content
        with contextlib.suppress(OSError):  # another thread deleted it, or it is not empty
            if path.lstat().st_mtime > until:
                continue
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()


def _clear(uploads: Path, ended: threading.Event) -> None:
    while not ended.wait(LOOKS_EVERY_S):
        remove_older(uploads, KEPT_S)


def _locked(folder: Path) -> BinaryIO:
    """The open lock of a folder. The system releases it when the process ends, however that happens."""
    lock = (folder / LOCK).open("wb")
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _remove_left(shared: Path) -> None:
    """Delete the folders of processes that no longer run; another process may use the same data folder."""
    for folder in shared.iterdir():
        if folder.is_symlink() or not folder.is_dir():
            folder.unlink(missing_ok=True)
        elif not _in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    if fcntl is None:
        return False
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return _is_new(folder)
    except OSError:  # a file system without locks cannot tell
        return True
    return False


def _is_new(folder: Path) -> bool:
    """Whether a folder was made in the last NEW_S seconds: its process may not have locked it yet."""
    try:
        return time.time() - folder.stat().st_mtime < NEW_S
    except FileNotFoundError:
        return True
