"""Pictures on disk: one PNG file for each picture, named by its hash.

A file is written under a temporary name, flushed to the disk, and then renamed in one step. Neither a kill of
the process nor a power cut can leave half a picture under a picture's name. Every picture is checked against
its hash when it is read.
"""

import re
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from personalize.errors import StoreError
from personalize.files import PART, flush_folder, write_whole
from personalize.session.store import hash_of, missing_picture

ABANDONED_S = 3600
"""Age in seconds above which an unfinished file belongs to a killed program."""

PROBE_BYTES = 1 << 16
"""Size of the file that tests whether pictures can be written; about that of a small picture."""

_NAME = re.compile(r"[0-9a-f]{64}")


def is_picture(name: str) -> bool:
    """Whether a name from outside has the form of a picture's name: 64 hexadecimal digits."""
    return _NAME.fullmatch(name) is not None


class PictureFiles:
    """A folder of pictures: `ab/abcd....png`."""

    def __init__(self, folder: Path) -> None:
        """Open the folder of pictures, and create it if it does not exist.

        Raises:
            StoreError: the folder is not writable.
        """
        self._folder = folder
        self.check()
        try:
            for left in (*folder.glob(PART.format("*")), *folder.glob("*/" + PART.format("*"))):
                with suppress(FileNotFoundError):  # another process clears too
                    if time.time() - left.stat().st_mtime > ABANDONED_S:
                        left.unlink()
        except OSError as error:
            raise _unwritable(folder, error) from error

    def check(self) -> None:
        """Write, flush, rename and remove a file of the size of a picture, as a round does.

        The folder is created again if it is missing.

        Raises:
            StoreError: there is no permission or no space.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self._folder / PART.format(uuid.uuid4().hex)
            try:
                write_whole(probe, lambda stream: stream.write(bytes(PROBE_BYTES)), durable=True)
                flush_folder(self._folder)
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write pictures, given by name, to the disk.

        Raises:
            StoreError: there is no permission or no space.
        """
        for picture, content in contents.items():
            self._write(self._path(picture), content)

    def _write(self, path: Path, content: bytes) -> None:
        try:
            if path.is_file() and path.read_bytes() == content:
                return
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, lambda stream: stream.write(content), durable=True)
            for folder in (path.parent, self._folder):
                flush_folder(folder)
        except OSError as error:
            raise _unwritable(path, error) from error

    def read(self, picture: str, content_hash: str) -> bytes:
        """The bytes under the name `picture`, checked against `content_hash`.

        Raises:
            StoreError: the file is missing, unreadable or damaged.
        """
        path = self._path(picture)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise missing_picture(picture) from None
        except OSError as error:
            raise StoreError(
                "Expected to read the picture {path}, found: {fault}. Check the disk and its permissions.",
                path=path,
                fault=error.strerror,
            ) from error
        if hash_of(content) != content_hash:
            raise damaged_picture(picture, path)
        return content

    def remove(self, *pictures: str) -> None:
        """Remove the files under the names `pictures`, where there are any.

        Raises:
            StoreError: there is no permission.
        """
        for path in [self._path(picture) for picture in pictures]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _unwritable(path, error) from error

    def _path(self, picture: str) -> Path:
        if not is_picture(picture):  # a name from outside must not point outside the folder
            raise missing_picture(picture)
        return self._folder / picture[:2] / f"{picture}.png"


def damaged_picture(picture: str, path: Path | str) -> StoreError:
    """The error for a picture whose bytes are not those that were saved."""
    return StoreError(
        "Expected the picture {picture} as it was saved, found {path} damaged. Render its round again.",
        picture=picture[:12],
        path=path,
    )


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        "Expected to write pictures to {path}, found: {fault}. "
        "Make space or give write permission there, or choose another data folder.",
        path=path,
        fault=error.strerror or error,
    )
