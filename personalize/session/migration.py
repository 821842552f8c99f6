"""Brings the tables of an earlier version up to date, by the revisions of Alembic in `revisions/`.

The caller's transaction contains all steps, so a database has all of them or none. `palate_schema` says which
version the tables have. Alembic's own table of versions is not used, so there is one answer to that question.
"""

import logging
import threading
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

REVISIONS = Path(__file__).parent / "revisions"

log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()  # a revision finds its connection in a global name of Alembic


def migrate(connection: Connection, version: int) -> None:
    """Take the tables from a version to today's.

    Args:
        connection: a write transaction, with the lock of the schema.
        version: of the tables as they are, from 1.
    """
    scripts = ScriptDirectory(REVISIONS.parent, version_locations=[REVISIONS])
    steps = scripts.iterate_revisions("head", "base" if version == 1 else str(version))
    with _one_at_a_time, Operations.context(MigrationContext.configure(connection)):
        for step in reversed(list(steps)):
            log.info("The tables of sessions are brought to version %s.", step.revision)
            step.module.upgrade()
