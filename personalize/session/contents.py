"""How much a database holds: the rows of each table, and the bytes of all."""

from sqlalchemy import URL, create_engine, func, select, text

from personalize.session.tables import Table


def contents_of(url: str | URL) -> tuple[dict[str, int], int]:
    """Rows by table, and the bytes of the database with its indexes.

    Args:
        url: of a database whose tables are there.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            rows = {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in Table.metadata.tables.items()
            }
            if engine.dialect.name == "sqlite":
                pages = connection.execute(text("PRAGMA page_count")).scalar_one()
                size = pages * connection.execute(text("PRAGMA page_size")).scalar_one()
            else:
                size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    finally:
        engine.dispose()
    return rows, int(size)
