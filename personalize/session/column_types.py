"""Types of columns: times with a time zone, and the parts of an answer, which are read whatever stands there.

SQLite keeps any value in any column, and earlier versions of Palate stored some answers that are no answers.
A value that does not fit its column is returned as it stands, so that one row does not spoil a session.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time with time zone, stored in UTC, because SQLite would drop the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert the time to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read the time as UTC, with or without time zones in the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyTime(UtcDateTime):
    """A time, or what stands in its place."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read a time; return any other value as it stands."""
        return _read_or_kept(super().result_processor(dialect, coltype))


class AnyJson(TypeDecorator[Any]):
    """A JSON value, or what stands in its place."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read a JSON value; return any other value as it stands."""
        return _read_or_kept(super().result_processor(dialect, coltype))


def _read_or_kept(read: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    if read is None:
        return None

    def read_or_kept(value: Any) -> Any:
        try:
            return read(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            return value

    return read_or_kept
