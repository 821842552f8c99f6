"""The schema of a database: made in an empty one, and brought up to date in an earlier one."""

from sqlalchemy import Connection, insert, inspect, select, text, update

from personalize.errors import StoreError
from personalize.session.tables import SCHEMA_VERSION, SchemaRow, Table

_LOCK = 7526484
"""An arbitrary number: PostgreSQL's advisory lock while tables are made or changed."""


def make_tables(connection: Connection, where: str) -> None:
    """Give a database the tables of SCHEMA_VERSION, with the rows that it has.

    Args:
        connection: a write transaction. On PostgreSQL other programs wait here until it ends.
        where: name of the database, for errors.

    Raises:
        StoreError: the tables belong to another program, or to a newer Palate. The database is unchanged.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    present = inspect(connection).get_table_names()
    if not present:
        Table.metadata.create_all(connection)
        connection.execute(insert(SchemaRow).values(version=SCHEMA_VERSION))
    if present and SchemaRow.__tablename__ not in present:
        raise StoreError(
            f"Expected an empty database or one of Palate's at {where}, found another program's tables. "
            "It was left as it is; give Palate a database of its own."
        )
    version = connection.scalar(select(SchemaRow.version))
    if version is not None and 1 <= version < SCHEMA_VERSION:
        # Imported here: Alembic takes a moment, and few starts need it.
        from personalize.session.migration import migrate

        migrate(connection, version)
        connection.execute(update(SchemaRow).values(version=SCHEMA_VERSION))
        version = SCHEMA_VERSION
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"Expected version {SCHEMA_VERSION} of Palate's tables at {where}, found version {version}. "
            "It was left as it is; use the Palate that made it, or another data folder."
        )
