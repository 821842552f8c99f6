"""Whether a file may be handed to SQLite: asked before SQLite can change anything.

Opening is not harmless. A database cut to nothing beside a log with content, for one, makes SQLite delete
the log, and with it the only copy of the last answers.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from personalize.errors import StoreError

_MAGIC = b"SQLite format 3\x00"


def examine(path: Path, lock_wait_s: float) -> None:
    """Return if `path` is absent, new, or a sound SQLite database; nothing is written either way.

    Raises:
        StoreError: it is damaged, or something else than an SQLite database.
        OSError: it cannot be read.
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
        return  # locked, or not readable without writing: the real opening finds out, and says so
    if verdict != "ok":
        raise _damaged(path, str(verdict).splitlines()[-1])


def _damaged(path: Path, how: str) -> StoreError:
    return StoreError(
        f"Expected a sound database at {path}, found it damaged ({how}). It was left as it is; put a copy in "
        "its place, or move it away with its -wal file to start anew."
    )
