"""Sessions and their storage: records of rounds and answers, and the stores that keep them.

::

    record.py          sessions, rounds, answers, trials and cards as immutable values
    whole_number.py    whole numbers as they arrive from outside
    subject.py         the check of a person's text: one short line
    feedback.py        from answered rounds to comparisons
    store.py           the Store protocol, and the errors of every store
    memory_store.py    a store in memory
    database_store.py  a store in a database: sessions, rounds and answers
    database_pictures.py  its pictures as files, with their rows and embeddings
    database_cards.py  its blind trials and taste cards
    database.py        transactions on SQLite or PostgreSQL
    database_file.py   whether the file of an open SQLite database is still there
    database_clock.py  the clock of the database, which all processes share
    new_rows.py        INSERT where the row may exist
    leases.py          which process draws which picture
    database_leases.py  the leases in a database
    limits.py          limits of requests, by visitor
    database_limits.py  the limits in a database
    notes.py           small values that all processes know for a time
    database_notes.py  the notes in a database
    contents.py        the rows of each table, and the bytes of all
    tables.py          the tables of the database
    schema.py          the tables in an empty database, and in one of an earlier version
    migration.py       the way from an earlier version to today's, by the steps in revisions/
    column_types.py    types of columns: times, and parts of an answer, read whatever stands there
    rows.py            conversion between rows and records, and queries for a session's log
    sqlite_check.py    the check of a file before SQLite opens it
    picture_place.py   where pictures are kept: a folder, or the URL of an object store
    picture_files.py   pictures on disk
    picture_bucket.py  pictures in an object store
    unshown.py         forgets pictures that were drawn ahead and never shown
"""
