"""Forgets pictures that were drawn ahead for sessions and never shown, once nobody comes back to them."""

from collections.abc import Callable, Collection
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


def forget_unshown(rows: Rows, files: PicturePlace, before: datetime, seeds_of: SeedsOf) -> int:
    """Delete pictures drawn ahead for sessions without an answer since `before`; how many are gone.

    A picture stays if a round or a blind test of the session shows it. It stays too if the session has the
    plain picture of its seed, because it may then be a personal picture. If another session may see it,
    only this session loses it.

    Args:
        rows: the transaction.
        files: the place of the pictures.
        before: sessions that were begun or answered later are left alone.
        seeds_of: tells pictures that were drawn ahead from personal ones.
    """
    newest = (
        select(func.max(AnswerRow.at))
        .join(RoundRow, RoundRow.id == AnswerRow.round_id)
        .where(RoundRow.session_id == SessionRow.id)
        .scalar_subquery()
    )
    idle = select(SessionRow).where(
        SessionRow.created < before, func.coalesce(newest, SessionRow.created) < before
    )
    gone = 0
    for session in rows.scalars(idle).all():
        rounds = rows.scalars(select(RoundRow).where(RoundRow.session_id == session.id)).all()
        trials = rows.scalars(select(TrialRow).where(TrialRow.session_id == session.id)).all()
        shown = {picture for round_ in rounds for picture in round_.pictures}
        shown |= {picture for trial in trials for picture in (trial.plain, trial.personal)}
        seeds = [str(seed) for seed in seeds_of(int(session.seed), len(rounds))]
        own = (
            select(RecordRow.seed, SeenRow.picture)
            .join(RecordRow, RecordRow.picture == SeenRow.picture)
            .where(SeenRow.session_id == session.id)
        )
        beside = {seed for seed, _ in rows.execute(own.where(RecordRow.prompt == session.subject))}
        ahead = [
            picture
            for seed, picture in rows.execute(own.where(RecordRow.seed.in_(seeds)))
            if seed not in beside
        ]
        for picture in set(ahead) - shown:
            gone += _forget(rows, files, session.id, picture)
    return gone


def _forget(rows: Rows, files: PicturePlace, session: int, picture: str) -> bool:
    """Take a picture from a session; whether the picture itself is gone."""
    rows.execute(delete(SeenRow).where(SeenRow.session_id == session, SeenRow.picture == picture))
    other = aliased(SeenRow)
    if rows.scalar(select(exists().where(other.picture == picture))):
        return False
    rows.execute(delete(EmbeddingRow).where(EmbeddingRow.picture == picture))
    row = rows.get(PictureRow, picture)
    if row is not None:
        files.remove(picture)
        rows.delete(row)
    return row is not None
