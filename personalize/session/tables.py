"""The tables of sessions, for SQLite and PostgreSQL.

The log is append-only: an undo sets `undone_at` or `withdrawn_at` and changes nothing else. Two partial
unique indexes hold under any number of concurrent answers. A session has one live round for each number, and
a round has one live answer. A token opens its session, so the table contains only the hash of the token.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Double, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from personalize.session.column_types import AnyJson, AnyTime, UtcDateTime

SCHEMA_VERSION = 6
"""Version of the tables below. A database with a larger number was written by a newer Palate.

A new version needs a revision in `revisions/`, which takes earlier databases to it.
"""


_PLACES = "(0, 1, 2, 3, 4, 5, 6, 7, 8)"
"""The places of up to nine pictures, in SQL. An empty column passes the CHECK."""


class Table(DeclarativeBase):
    """The base class that registers all tables."""

    type_annotation_map = {datetime: UtcDateTime, list[Any]: JSON}


class SchemaRow(Table):
    """The version of the tables in this database, in one row."""

    __tablename__ = "palate_schema"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SessionRow(Table):
    """The parameters of a session."""

    __tablename__ = "palate_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # A seed may be any signed or unsigned 64-bit number, and BIGINT holds only signed ones.
    seed: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str]
    strategy: Mapped[str]
    options: Mapped[int]
    vocabulary: Mapped[str]
    renderer: Mapped[str]
    embedder: Mapped[str]
    created: Mapped[datetime]


class RoundRow(Table):
    """One question of a session, with lists in screen order."""

    __tablename__ = "palate_round"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("palate_session.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    subject: Mapped[str]
    paths: Mapped[list[Any]]
    prompts: Mapped[list[Any]]
    seeds: Mapped[list[Any]]
    pictures: Mapped[list[Any]]
    strategy: Mapped[str]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class AnswerRow(Table):
    """An answer to a round; options count from 0. `rows.answer_of` judges whether it can be read.

    `damaged` says what an earlier version stored in place of a picture; it is NULL in every other answer.

    `liked` and `disliked` are NULL in answers of earlier versions, where `worst` is the only disliked option.
    """

    __tablename__ = "palate_answer"
    __table_args__ = (
        CheckConstraint(f"best IN {_PLACES} AND worst IN {_PLACES}", name="palate_answer_is_a_picture"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("palate_round.id", ondelete="CASCADE"), index=True)
    best: Mapped[int | None]
    worst: Mapped[int | None]
    at: Mapped[Any] = mapped_column(AnyTime, nullable=False)
    liked: Mapped[Any] = mapped_column(AnyJson, nullable=True)
    disliked: Mapped[Any] = mapped_column(AnyJson, nullable=True)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    damaged: Mapped[str | None] = mapped_column(default=None)


class TrialRow(Table):
    """One trial of a session's blind test."""

    __tablename__ = "palate_trial"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("palate_session.id", ondelete="CASCADE"))
    number: Mapped[int]
    subject: Mapped[str]
    plain_prompt: Mapped[str]
    prompt: Mapped[str]
    plain: Mapped[str] = mapped_column(String(64))
    personal: Mapped[str] = mapped_column(String(64))
    personal_first: Mapped[bool]
    chosen: Mapped[str | None]
    at: Mapped[datetime]


class CardRow(Table):
    """The card of a session for the wall of a booth; a larger number means a newer card."""

    __tablename__ = "palate_card"
    __table_args__ = {"sqlite_autoincrement": True}  # numbers are never reused
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("palate_session.id", ondelete="CASCADE"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), index=True)


class PictureRow(Table):
    """A picture's id (SHA-256 of its original file) and the SHA-256 of the file stored now.

    The two differ only if a lost picture was rendered again on a machine with different rounding.
    """

    __tablename__ = "palate_picture"
    picture: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(String(64))


class RecordRow(Table):
    """The record that a picture was rendered from; the key is the hash of the record."""

    __tablename__ = "palate_record"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    picture: Mapped[str] = mapped_column(ForeignKey("palate_picture.picture", ondelete="CASCADE"), index=True)
    renderer: Mapped[str]
    prompt: Mapped[str]
    negative_prompt: Mapped[str]
    seed: Mapped[str] = mapped_column(String(24))


class SeenRow(Table):
    """The access of a session to a picture."""

    __tablename__ = "palate_seen"
    session_id: Mapped[int] = mapped_column(
        ForeignKey("palate_session.id", ondelete="CASCADE"), primary_key=True
    )
    picture: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class EmbeddingRow(Table):
    """The embedding of a picture: the bytes of the tensor, and the name of its type."""

    __tablename__ = "palate_embedding"
    embedder: Mapped[str] = mapped_column(primary_key=True)
    picture: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    dtype: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LeaseRow(Table):
    """Who draws the picture of a record now, and how far it is (see `leases`).

    `until` is a time in seconds since 1970 on the clock of the database.
    """

    __tablename__ = "palate_lease"
    __table_args__ = (
        CheckConstraint("share BETWEEN 0 AND 1 AND left_s >= 0", name="palate_lease_is_progress"),
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32))
    until: Mapped[float] = mapped_column(Double)
    share: Mapped[float] = mapped_column(Double)
    left_s: Mapped[float] = mapped_column(Double)


class LimitRow(Table):
    """A bucket of requests that is not full (see `limits`); `full_at` as `LeaseRow.until`."""

    __tablename__ = "palate_limit"
    __table_args__ = (CheckConstraint("full_at >= 0", name="palate_limit_is_a_time"),)
    what: Mapped[str] = mapped_column(String(32), primary_key=True)
    visitor: Mapped[str] = mapped_column(String(64), primary_key=True)
    full_at: Mapped[float] = mapped_column(Double)


class NoteRow(Table):
    """A small value that all processes know for a time (see `notes`); `until` as `LeaseRow.until`."""

    __tablename__ = "palate_note"
    __table_args__ = (CheckConstraint("until >= 0 AND for_s >= 0", name="palate_note_is_for_a_time"),)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    until: Mapped[float] = mapped_column(Double)
    for_s: Mapped[float] = mapped_column(Double)


Index("palate_one_trial", TrialRow.session_id, TrialRow.number, unique=True)
Index(
    "palate_one_live_round",
    RoundRow.session_id,
    RoundRow.number,
    unique=True,
    sqlite_where=RoundRow.withdrawn_at.is_(None),
    postgresql_where=RoundRow.withdrawn_at.is_(None),
)
Index(
    "palate_one_live_answer",
    AnswerRow.round_id,
    unique=True,
    sqlite_where=AnswerRow.undone_at.is_(None),
    postgresql_where=AnswerRow.undone_at.is_(None),
)
