"""Checks a database file before SQLite opens it, because opening a file can change it.

For example, SQLite deletes the log of a database whose main file is empty. The log may hold the only copy of
the last answers.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from personalize.errors import StoreError

_MAGIC = b"SQLite format 3\x00"


def examine(path: Path, lock_wait_s: float) -> None:
    """Return if `path` is absent, new, or a sound SQLite database. The check writes nothing.

    Args:
        path: the database file.
        lock_wait_s: seconds to wait for the lock of another program.

    Raises:
        StoreError: the file is damaged, or is not an SQLite database.
        OSError: the file cannot be read.
    """
    log = path.with_name(path.name + "-wal")
    logged = log.is_file() and log.stat().st_size > 0
    head = b""
    if path.exists():
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    if not head:
        if logged:
            raise _damaged(path, f"empty or missing beside the log {log.name}")
        return
    if head != _MAGIC:
        raise _damaged(path, "it does not begin as an SQLite database does")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=lock_wait_s)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(path, str(error)) from error
        return  # locked, or not readable without writing: the real opening reports it
    if verdict != "ok":
        raise _damaged(path, str(verdict).splitlines()[-1])


def _damaged(path: Path, how: str) -> StoreError:
    return StoreError(
        f"Expected a sound database at {path}, found it damaged ({how}). It was left as it is; put a copy in "
        "its place, or move it away with its -wal file to start anew."
    )
