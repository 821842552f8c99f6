"""Writes files whole: a reader finds the old content or the new content, never a part of either."""

import errno
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PART = ".{}.part"
"""Name of an unfinished file, with a random middle. A killed program may leave one behind."""


LONGEST_TITLE = 60
"""Largest number of characters that a title adds to a file's name."""

NO_FOLDER_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""Errors with which a file system, such as CIFS or FUSE, says that it cannot flush a folder."""


def write_whole(path: Path, write: Callable[[BinaryIO], object], *, durable: bool = False) -> None:
    """Write a file beside its place and move it into place in one step.

    Args:
        path: of the file. Its folder must exist.
        write: writes the content to the stream it is given.
        durable: whether the content is flushed to the disk before the move, so that it survives a power cut.

    Raises:
        OSError: no permission or no space. The old file is unchanged.
    """
    part = path.with_name(PART.format(uuid.uuid4().hex))
    try:
        with part.open("wb") as stream:
            write(stream)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that the names of new files in it survive a power cut.

    Network shares often cannot flush a folder. They write its names by themselves, so this is no error.

    Raises:
        OSError: the folder is missing, or the disk failed.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(descriptor)


class NumberedFiles:
    """New files of a folder, with numbers that continue after those of earlier runs: `00003-title.png`."""

    def __init__(self, folder: Path) -> None:
        """Continue after the largest number in the folder, which must exist.

        Raises:
            OSError: the folder cannot be read.
        """
        self._folder = folder
        numbers = (re.match(r"(\d{5,9})\D", path.name) for path in folder.iterdir())
        self._next = 1 + max((int(found[1]) for found in numbers if found), default=0)

    def write(self, title: str, suffix: str, content: bytes) -> Path:
        """Write a new file and return its path. A file of another program at that place is left alone.

        Args:
            title: any text; its letters and figures become a part of the name.
            suffix: of the name, such as ".png".
            content: of the file.

        Raises:
            OSError: no permission or no space. No file is left.
        """
        words = re.sub(r"[\W_]+", "-", title)[:LONGEST_TITLE].strip("-")
        while True:
            path = self._folder / f"{self._next:05}-{words}{suffix}"
            self._next += 1
            try:
                path.open("xb").close()  # takes the name, so that two programs never share it
            except FileExistsError:
                continue
            break
        try:
            write_whole(path, lambda stream: stream.write(content))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
