"""INSERT statements that say what happens where the row exists already, for SQLite and PostgreSQL."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as Rows

from personalize.session.tables import Table


def new_rows(rows: Rows, table: type[Table]) -> postgresql.Insert:
    """INSERT into a table, with `on_conflict_do_nothing` and `on_conflict_do_update`.

    Args:
        rows: the transaction, which knows the kind of the database.
        table: takes the rows.
    """
    if rows.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    statement: postgresql.Insert = sqlite.insert(table)  # type: ignore[assignment]  # the same two methods
    return statement
