"""The steps from each version of the tables to the next, as revisions of Alembic.

::

    version_2.py    the trials of a blind test
    version_3.py    the cards of a wall
    version_4.py    the marks of an answer
    version_5.py    no answer that is no picture
    version_6.py    what processes that share a database agree on

A revision describes the tables as they were at that time, so it imports nothing of `session.tables`.
"""
