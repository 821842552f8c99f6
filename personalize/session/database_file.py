"""Notices that the file of an open SQLite database was removed, moved away or exchanged.

SQLite keeps the file open. It would go on writing into a file without a name, which is gone after a restart.
"""

from pathlib import Path

from personalize.errors import StoreError

Identity = tuple[int, int]
"""Device and inode of a file."""


class DatabaseFile:
    """The file that was opened."""

    def __init__(self, path: Path) -> None:
        """Remember the file at `path`, which exists."""
        self._path = path
        self._opened = self._identity()

    def check(self) -> None:
        """Be sure that the file still stands at its path.

        Raises:
            StoreError: it does not.
        """
        found = self._identity()
        if found is None:
            raise StoreError(
                "Expected the database {where} to be where it was opened, found it removed. Nothing is "
                "written until it is back; put it back, or restart Palate.",
                where=str(self._path),
            )
        if found != self._opened:
            raise StoreError(
                "Expected the database {where} that was opened, found another file in its place. Nothing is "
                "written to either; put the first one back, or restart Palate.",
                where=str(self._path),
            )

    def _identity(self) -> Identity | None:
        """Of the file at the path; None if there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
