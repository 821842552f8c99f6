"""The tables that sessions are kept in, for SQLite and PostgreSQL alike.

The log is append-only: nothing that a person did is changed, an undo sets `undone_at` or `withdrawn_at`. Two
partial unique indexes hold what no program may break, however many answer at once: a session has one live
round of a number, and a round has one live answer. A session's token opens it, so only its hash is kept.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, LargeBinary, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = 3
"""Of the tables below; a larger number means that a newer Palate wrote them.

2 added `palate_trial`, 3 `palate_card`.
"""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its time zone, kept in UTC; SQLite itself would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From UTC, whether the database knows zones or not."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """What all tables are registered with."""

    type_annotation_map = {datetime: UtcDateTime, list[Any]: JSON}


class SchemaRow(Table):
    """One row: which version of the tables this database has."""

    __tablename__ = "palate_schema"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SessionRow(Table):
    """How a session was started."""

    __tablename__ = "palate_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # A seed may be any 64-bit number, signed or not: more than a BIGINT holds.
    seed: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str]
    strategy: Mapped[str]
    options: Mapped[int]
    vocabulary: Mapped[str]
    renderer: Mapped[str]
    embedder: Mapped[str]
    created: Mapped[datetime]


class RoundRow(Table):
    """One question of a session; lists are in screen order."""

    __tablename__ = "palate_round"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("palate_session.id", ondelete="CASCADE"))
    number: Mapped[int]
    subject: Mapped[str]
    paths: Mapped[list[Any]]
    prompts: Mapped[list[Any]]
    seeds: Mapped[list[Any]]
    pictures: Mapped[list[Any]]
    strategy: Mapped[str]
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class AnswerRow(Table):
    """What was answered to a round; options count from 0."""

    __tablename__ = "palate_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("palate_round.id", ondelete="CASCADE"), index=True)
    best: Mapped[int | None]
    worst: Mapped[int | None]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None] = mapped_column(default=None)


class TrialRow(Table):
    """One trial of a session's blind proof."""

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
    """The card that a session put up for the wall of a booth; the newest number is the newest card."""

    __tablename__ = "palate_card"
    __table_args__ = {"sqlite_autoincrement": True}  # a number is not used again
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("palate_session.id", ondelete="CASCADE"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), index=True)


class PictureRow(Table):
    """A picture's name (the hash of its first bytes) and the hash of the bytes it has now.

    They differ only after a lost picture was rendered again on a machine that rounds differently.
    """

    __tablename__ = "palate_picture"
    picture: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(String(64))


class RecordRow(Table):
    """What a picture was rendered from; the key is the hash of the record."""

    __tablename__ = "palate_record"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    picture: Mapped[str] = mapped_column(ForeignKey("palate_picture.picture", ondelete="CASCADE"), index=True)
    renderer: Mapped[str]
    prompt: Mapped[str]
    negative_prompt: Mapped[str]
    seed: Mapped[str] = mapped_column(String(24))


class SeenRow(Table):
    """A session may see a picture."""

    __tablename__ = "palate_seen"
    session_id: Mapped[int] = mapped_column(
        ForeignKey("palate_session.id", ondelete="CASCADE"), primary_key=True
    )
    picture: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class EmbeddingRow(Table):
    """What an embedder saw in a picture: the tensor's bytes, and the name of their type."""

    __tablename__ = "palate_embedding"
    embedder: Mapped[str] = mapped_column(primary_key=True)
    picture: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    dtype: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


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
