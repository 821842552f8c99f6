"""Transactions on one database, with every failure explained in a sentence.

SQLite is the default. Its write-ahead log lets a reader proceed without waiting for a writer. With
`synchronous=FULL`, an answer is on the disk before it is acknowledged. A damaged file is refused before
SQLite opens it, because SQLite can delete the log of a damaged file. Several processes can share a PostgreSQL
database.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session as Rows
from sqlalchemy.pool import ConnectionPoolEntry

from personalize.errors import StoreError
from personalize.session.database_file import DatabaseFile
from personalize.session.schema import make_tables
from personalize.session.sqlite_check import examine
from personalize.session.tables import SCHEMA_VERSION, SchemaRow

DatabaseUrl = URL
"""The type of a database's URL."""

LOCK_WAIT_S = 15.0
"""Seconds that a write waits for the write of another program."""

CLOSE_WAIT_S = 2.0
"""Longest wait for transactions to end before all connections are closed, in seconds."""


class Database:
    """Read and write transactions on one database, safe to use from any thread."""

    def __init__(self, url: str | URL, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        """Open the database of an SQLAlchemy URL, and create the tables in an empty database.

        Raises:
            StoreError: the URL is not valid, or the database is damaged, locked, not writable, not running,
                or of another program or version. The database is unchanged.
        """
        self._lock_wait_s = lock_wait_s
        self._idle, self._transactions = threading.Condition(), 0
        parsed = _parsed(url)
        self.where = parsed.database or "" if _is_sqlite(parsed) else parsed.render_as_string()
        if _is_sqlite(parsed):
            _prepare_file(Path(self.where), lock_wait_s)
        self._engine = _engine(parsed, lock_wait_s)
        self._writer = self._engine.execution_options(palate_writes=True)
        self._fleeting = self._engine.execution_options(palate_writes=True, palate_fleeting=True)
        try:
            with self._explained(), self._writer.begin() as connection:
                make_tables(connection, self.where)
            self._file = DatabaseFile(Path(self.where)) if _is_sqlite(parsed) else None
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """A transaction that reads: one state of an SQLite database, what is committed on PostgreSQL.

        Raises:
            StoreError: the database is damaged, locked or not available.
        """
        with self._counted(), self._explained(), Rows(self._engine) as rows, rows.begin():
            yield rows

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Rows]:
        """A write transaction: at the end of the block all its changes are on the disk, or none.

        SQLite admits one writer at a time, from the first statement on. On PostgreSQL the caller locks rows.

        Args:
            lasting: False for changes that a power cut may take back. They cost no wait for the disk. The
                death of a process takes nothing back.

        Raises:
            IntegrityError: a write would break a UNIQUE constraint.
            StoreError: the database is damaged, locked, full or not writable, or its file was removed.
        """
        if self._file is not None:
            self._file.check()
        writer = self._writer if lasting else self._fleeting
        with self._counted(), self._explained(), Rows(writer, expire_on_commit=False) as rows, rows.begin():
            yield rows

    def check(self) -> None:
        """Write a row that changes nothing.

        Raises:
            StoreError: the database is damaged, locked, full or not writable.
        """
        with self.writing() as rows:
            rows.execute(update(SchemaRow).values(version=SCHEMA_VERSION))

    def close(self) -> None:
        """Close all connections, once the transactions of other threads are over, or after `CLOSE_WAIT_S`."""
        with self._idle:
            self._idle.wait_for(lambda: not self._transactions, CLOSE_WAIT_S)
        self._engine.dispose()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._transactions += 1
        try:
            yield
        finally:
            with self._idle:
                self._transactions -= 1
                self._idle.notify_all()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise _explanation(str(error.orig), self.where, self._lock_wait_s) from error
        except SQLAlchemyError as error:
            raise _explanation(str(error), self.where, self._lock_wait_s) from error


def url_of_file(path: Path) -> URL:
    """The URL of an SQLite file, whose path may contain any character."""
    return URL.create("sqlite", database=str(path))


def _parsed(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(
            "Expected a database URL such as sqlite:////folder/palate.sqlite3 or "
            f"postgresql+psycopg://user@host/name, found one that does not fit ({_first_line(str(error))}). "
            "Correct it or leave it out."
        ) from None  # the cause would repeat the URL with its password
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"Expected SQLite or PostgreSQL, found {parsed.get_backend_name()}. Use one of them."
        )
    if _is_sqlite(parsed) and (not parsed.database or parsed.database == ":memory:" or parsed.query):
        raise StoreError("Expected sqlite:/// and the path of a file, found no plain path. Name a file.")
    return parsed


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _prepare_file(path: Path, lock_wait_s: float) -> None:
    try:
        path.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        examine(path, lock_wait_s)
        path.touch()
    except OSError as error:
        raise StoreError(
            f"Expected to keep sessions in {path}, found: {error.strerror or error}. "
            "Give write permission there, or choose another data folder."
        ) from error


def _engine(url: URL, lock_wait_s: float) -> Engine:
    try:
        if not _is_sqlite(url):
            wait_ms = round(1000 * lock_wait_s)
            connect = {"connect_timeout": 10, "options": f"-c lock_timeout={wait_ms}"}
            engine = create_engine(url, connect_args=connect, pool_pre_ping=True, hide_parameters=True)

            @event.listens_for(engine, "begin")
            def on_begin_there(connection: Connection) -> None:
                if connection.get_execution_options().get("palate_fleeting"):
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

            return engine
        engine = create_engine(url, creator=lambda: _connected(url, lock_wait_s), hide_parameters=True)
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(
            f"Expected the driver of {url.drivername}, found: {_first_line(str(error))}. "
            'For PostgreSQL: pip install "psycopg[binary]".'
        ) from error

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # SQLAlchemy begins the transactions (below). The driver would not begin one before a SELECT.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={round(1000 * lock_wait_s)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # deletion overwrites the texts of a session
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A write transaction takes its lock at once. If it read first, it could not wait for the lock later
        # (SQLITE_BUSY).
        options = connection.get_execution_options()
        if options.get("palate_writes"):
            kept = "NORMAL" if options.get("palate_fleeting") else "FULL"
            connection.exec_driver_sql(f"PRAGMA synchronous={kept}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("palate_writes") else "BEGIN")

    return engine


def _connected(url: URL, lock_wait_s: float) -> sqlite3.Connection:
    """A connection to a file that exists. SQLite would make an empty one where a file was moved away."""
    file = Path(url.database or "").absolute().as_uri()
    return sqlite3.connect(f"{file}?mode=rw", uri=True, timeout=lock_wait_s, check_same_thread=False)


def _explanation(found: str, where: str, lock_wait_s: float) -> StoreError:
    line = _first_line(found)
    if "locked" in found or "lock timeout" in found:
        return StoreError(
            "Expected the database {where} to be free within {lock_wait_s} s, found it locked by another "
            "program. Close that program or try again; nothing was lost.",
            where=where,
            lock_wait_s=f"{lock_wait_s:g}",
        )
    if "malformed" in found or "not a database" in found:
        return StoreError(
            "Expected a sound database at {where}, found it damaged ({fault}). It was left as it is; put a "
            "copy in its place, or move it away to start anew.",
            where=where,
            fault=line,
        )
    if "unable to open" in found or "readonly" in found:
        return StoreError(
            "Expected to write to the database {where}, found: {fault}. "
            "Give write permission to it and to its folder, or choose another data folder.",
            where=where,
            fault=line,
        )
    if "disk is full" in found:
        return StoreError(
            "Expected space on the disk of {where}, found none. Make some and try again.", where=where
        )
    return StoreError(
        "Expected the database {where} to answer, found: {fault}. Check it, and try again.",
        where=where,
        fault=line,
    )


def _first_line(message: str) -> str:
    return (message.strip().splitlines() or ["no reason given"])[0]
