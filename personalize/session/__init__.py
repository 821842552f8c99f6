"""Sessions and their storage: records of rounds and answers, and the stores that keep them.

::

    record.py          sessions, rounds, answers, trials and cards as immutable values
    whole_number.py    whole numbers as they arrive from outside
    subject.py         the check of a person's text: one short line
    feedback.py        from answered rounds to comparisons
    store.py           the Store protocol, and the errors of every store
    memory_store.py    a store in memory
    database_store.py  a store in a database, with pictures as files
    database.py        transactions on SQLite or PostgreSQL
    tables.py          the tables of the database
    schema.py          the tables in an empty database, and in one of an earlier version
    migration.py       the way from an earlier version to today's, by the steps in revisions/
    column_types.py    types of columns: times, and parts of an answer, read whatever stands there
    rows.py            conversion between rows and records, and queries for a session's log
    sqlite_check.py    the check of a file before SQLite opens it
    picture_files.py   pictures on disk
"""
