"""The clock of the database, as an SQL expression: all processes that share a database read the same clock.

It may be set back or forward while rows exist. So whoever keeps a time of it also bounds how far ahead a time
can lie, and takes a time beyond that bound for one of another clock.
"""

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class now_s(FunctionElement[float]):  # noqa: N801 - it reads as a function of SQL
    """Seconds since 1970 on the clock of the database, at the moment of the statement."""

    type = Double()
    inherit_cache = True


@compiles(now_s, "sqlite")
def _of_sqlite(element: now_s, compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_s, "postgresql")
def _of_postgresql(element: now_s, compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"
