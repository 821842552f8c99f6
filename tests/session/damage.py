"""Answers as no Palate of today writes them, put into a database by SQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text

NOT_ANSWERS = {
    "half a picture": "best = 0.5",
    "one and a half": "best = 1.5",
    "text": "best = 'left'",
    "empty text": "best = ''",
    "bytes": "best = x'00ff'",
    "not a number": "best = 9e999",
    "below the first": "best = -1",
    "beyond the last": "best = 7",
    "beyond every number": "best = 9223372036854775807",
    "no JSON": "liked = 'not json'",
    "cut JSON": "liked = '[1, 2'",
    "a number instead of a list": "liked = 3",
    "a JSON number": "disliked = '3'",
    "an object": "liked = '{\"1\": 2}'",
    "a text in quotes": "liked = '\"12\"'",
    "a list of texts": "disliked = '[\"left\"]'",
    "a list of lists": "liked = '[[1]]'",
    "a fraction in a list": "liked = '[1.5]'",
    "a truth value in a list": "liked = '[true]'",
    "nothing in a list": "liked = '[null]'",
    "a mark beyond the last": "liked = '[7]'",
    "both marks on one": "liked = '[1]', disliked = '[1]'",
    "the favourite disliked": "disliked = '[0]'",
    "marks without a favourite": "best = NULL, liked = '[1]'",
    "lists in lists without end": f"liked = '{'[' * 100_000}'",
    "an old mark in halves": "disliked = NULL, worst = 1.5",
    "an old mark as text": "disliked = NULL, worst = 'left'",
    "a time that is none": "at = 'yesterday'",
    "a number as the time": "at = 7",
}
"""What an SQL statement may set in the row of an answer (0, without marks) so that it is none."""

NOT_ANSWERS_ON_POSTGRESQL = {
    name: NOT_ANSWERS[name]
    for name in (
        "beyond the last",
        "a JSON number",
        "an object",
        "a list of texts",
        "a fraction in a list",
        "a mark beyond the last",
        "the favourite disliked",
        "marks without a favourite",
    )
}
"""The same on PostgreSQL, whose columns keep values of their own types only."""


def damage(file: Path, number: int, change: str) -> None:
    """Change the live answer to round `number` in the only session of an SQLite file."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        changed = connection.execute(_statement(number, change))
        assert changed.rowcount == 1


def damage_on_postgresql(url: str, number: int, change: str) -> None:
    """The same on PostgreSQL."""
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text(_statement(number, change))).rowcount == 1
    engine.dispose()


def _statement(number: int, change: str) -> str:
    return (
        f"UPDATE palate_answer SET {change} WHERE undone_at IS NULL "
        f"AND round_id IN (SELECT id FROM palate_round WHERE number = {number})"
    )
