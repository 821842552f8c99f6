"""Forgets pictures that were drawn ahead for sessions and never shown, once nobody comes back to them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session as Rows
from sqlalchemy.orm import aliased

from personalize.session.picture_place import PicturePlace
from personalize.session.tables import (
    AnswerRow,
    EmbeddingRow,
    PictureRow,
    RecordRow,
    RoundRow,
    SeenRow,
    SessionRow,
    TrialRow,
)

SeedsOf = Callable[[int, int], Collection[int]]
"""From the seed of a session and its number of rounds to the seeds of the pictures drawn ahead for it."""


AT_ONCE = 100
"""Sessions that are looked at in one query."""


def idle_sessions(rows: Rows, before: datetime, session: int | None = None) -> list[tuple[int, datetime]]:
    """Sessions without an answer since `before`, with the time of their newest one or of their beginning.

    Args:
        rows: the transaction.
        before: sessions that were begun or answered later are left out.
        session: looks at this one only.
    """
    newest = (
        select(func.max(AnswerRow.at))
        .join(RoundRow, RoundRow.id == AnswerRow.round_id)
        .where(RoundRow.session_id == SessionRow.id)
        .scalar_subquery()
    )
    last = func.coalesce(newest, SessionRow.created)
    idle = select(SessionRow.id, last).where(SessionRow.created < before, last < before)
    if session is not None:
        idle = idle.where(SessionRow.id == session)
    return [(number, at) for number, at in rows.execute(idle)]


def unshown_pictures(rows: Rows, sessions: Sequence[int], seeds_of: SeedsOf) -> dict[int, set[str]]:
    """Pictures that were drawn ahead for sessions and not shown; sessions without any are left out.

    A picture counts as shown if a round or a blind test of the session shows it. It counts too if the session
    has the plain picture of its seed, because it may then be a personal picture.

    Args:
        rows: the transaction.
        sessions: their numbers.
        seeds_of: tells pictures that were drawn ahead from personal ones.
    """
    found: dict[int, set[str]] = {}
    for start in range(0, len(sessions), AT_ONCE):
        found |= _unshown(rows, sessions[start : start + AT_ONCE], seeds_of)
    return found


def _unshown(rows: Rows, sessions: Sequence[int], seeds_of: SeedsOf) -> dict[int, set[str]]:
    shown: dict[int, set[str]] = {number: set() for number in sessions}
    rounds = dict.fromkeys(sessions, 0)
    asked = select(RoundRow.session_id, RoundRow.pictures).where(RoundRow.session_id.in_(sessions))
    for number, pictures in rows.execute(asked):
        shown[number] |= set(pictures)
        rounds[number] += 1
    tried = select(TrialRow.session_id, TrialRow.plain, TrialRow.personal)
    for number, plain, personal in rows.execute(tried.where(TrialRow.session_id.in_(sessions))):
        shown[number] |= {plain, personal}
    own = (
        select(SeenRow.session_id, RecordRow.prompt, RecordRow.seed, SeenRow.picture)
        .join(RecordRow, RecordRow.picture == SeenRow.picture)
        .where(SeenRow.session_id.in_(sessions))
    )
    owned: dict[int, list[tuple[str, str, str]]] = {number: [] for number in sessions}
    for number, prompt, seed, picture in rows.execute(own):
        owned[number].append((prompt, seed, picture))
    found = {}
    for session in rows.scalars(select(SessionRow).where(SessionRow.id.in_(sessions))):
        mine = owned[session.id]
        ahead = {str(seed) for seed in seeds_of(int(session.seed), rounds[session.id])}
        beside = {seed for prompt, seed, _ in mine if prompt == session.subject}
        unshown = {picture for _, seed, picture in mine if seed in ahead - beside} - shown[session.id]
        if unshown:
            found[session.id] = unshown
    return found


def forget(rows: Rows, files: PicturePlace, session: int, picture: str) -> bool:
    """Take a picture from a session; whether the picture itself is gone, because no other may see it."""
    row = rows.get(PictureRow, picture, with_for_update=True)  # no other session gets it meanwhile
    rows.execute(delete(SeenRow).where(SeenRow.session_id == session, SeenRow.picture == picture))
    other = aliased(SeenRow)
    if rows.scalar(select(exists().where(other.picture == picture))):
        return False
    rows.execute(delete(EmbeddingRow).where(EmbeddingRow.picture == picture))
    if row is not None:
        files.remove(picture)
        rows.delete(row)
    return row is not None
