"""Conversion between rows of the tables and values of `record`, and the queries for a session's log."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import torch
from sqlalchemy import and_, select
from sqlalchemy.orm import Session as Rows
from torch import Tensor

from personalize.errors import SessionError
from personalize.session.record import (
    Answer,
    CardState,
    PictureRecord,
    Round,
    Session,
    Trial,
    WallCard,
    checked_strategy,
)
from personalize.session.store import unknown_session
from personalize.session.tables import (
    AnswerRow,
    CardRow,
    EmbeddingRow,
    PictureRow,
    RecordRow,
    RoundRow,
    SeenRow,
    SessionRow,
    TrialRow,
)
from personalize.session.whole_number import checked_whole_number

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a damaged answer whose own time cannot be read."""


def token_hash(token: str) -> str:
    """The SHA-256 hash of a session's token; the store keeps only this hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def record_key(record: PictureRecord) -> str:
    """The SHA-256 hash of a picture record, as a key of fixed length."""
    fields = [record.renderer, record.prompt, record.negative_prompt, record.seed]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def session_row(session: Session) -> SessionRow:
    """The row of a new session, without its rounds."""
    return SessionRow(
        token_hash=token_hash(session.token),
        seed=str(session.seed),
        subject=session.subject,
        strategy=session.strategy,
        options=session.options,
        vocabulary=session.vocabulary,
        renderer=session.renderer,
        embedder=session.embedder,
        created=session.created,
    )


def session_of(row: SessionRow, token: str, rounds: tuple[Round, ...]) -> Session:
    """The session of a row and its live rounds."""
    return Session(
        token=token,
        seed=int(row.seed),
        subject=row.subject,
        strategy=checked_strategy(row.strategy),
        options=row.options,
        vocabulary=row.vocabulary,
        renderer=row.renderer,
        embedder=row.embedder,
        created=row.created,
        rounds=rounds,
    )


def card_of_row(row: CardRow) -> WallCard:
    """The card of a row."""
    states: dict[str, CardState] = {"shown": "shown", "refused": "refused"}
    return WallCard(row.id, row.content, states.get(row.state, "waiting"))


def find_card(rows: Rows, session: SessionRow) -> CardRow | None:
    """The row of a session's card, or None."""
    return rows.scalar(select(CardRow).where(CardRow.session_id == session.id))


def round_row(session_id: int, round_: Round) -> RoundRow:
    """The row of a new round, without its answer."""
    return RoundRow(
        session_id=session_id,
        number=round_.number,
        subject=round_.subject,
        paths=[list(path) for path in round_.paths],
        prompts=list(round_.prompts),
        seeds=list(round_.seeds),
        pictures=list(round_.pictures),
        strategy=round_.strategy,
    )


def round_of(row: RoundRow, answer: AnswerRow | None) -> Round:
    """The round of a row and its live answer."""
    return Round(
        number=row.number,
        subject=row.subject,
        paths=tuple(tuple(path) for path in row.paths),
        prompts=tuple(row.prompts),
        seeds=tuple(row.seeds),
        pictures=tuple(row.pictures),
        strategy=checked_strategy(row.strategy),
        answer=None if answer is None else answer_of(answer, len(row.paths)),
    )


def trial_row(session_id: int, trial: Trial) -> TrialRow:
    """The row of a new trial."""
    return TrialRow(
        session_id=session_id,
        number=trial.number,
        subject=trial.subject,
        plain_prompt=trial.plain_prompt,
        prompt=trial.prompt,
        plain=trial.plain,
        personal=trial.personal,
        personal_first=trial.personal_first,
        chosen=trial.chosen,
        at=datetime.now(UTC),
    )


def trials_of(rows: Rows, session: SessionRow) -> list[Trial]:
    """The trials of a session, in order."""
    mine = select(TrialRow).where(TrialRow.session_id == session.id).order_by(TrialRow.number)
    return [
        Trial(
            number=row.number,
            subject=row.subject,
            plain_prompt=row.plain_prompt,
            prompt=row.prompt,
            plain=row.plain,
            personal=row.personal,
            personal_first=row.personal_first,
            chosen=None if row.chosen is None else "personal" if row.chosen == "personal" else "plain",
        )
        for row in rows.scalars(mine)
    ]


def answer_of(row: AnswerRow, options: int) -> Answer:
    """The answer of a row to a question of `options` pictures, or a damaged answer if it cannot be one."""
    at = row.at if isinstance(row.at, datetime) else None
    liked = [] if row.liked is None else row.liked
    disliked = row.disliked if row.disliked is not None else [] if row.worst is None else [row.worst]
    if row.damaged is not None or at is None or not isinstance(liked, list) or not isinstance(disliked, list):
        return Answer("damaged", None, at or UNKNOWN_TIME)
    try:
        answer = Answer.checked(
            options,
            best=None if row.best is None else checked_whole_number(row.best, "best"),
            none=row.best is None,
            liked=[checked_whole_number(place, "liked") for place in liked],
            disliked=[checked_whole_number(place, "disliked") for place in disliked],
        )
    except SessionError:
        return Answer("damaged", None, at)
    return replace(answer, at=at)


def answer_row(round_id: int, answer: Answer) -> AnswerRow:
    """The row of a new answer. `worst` is what earlier versions of Palate understand of it."""
    return AnswerRow(
        round_id=round_id,
        best=answer.best,
        worst=answer.worst,
        at=answer.at,
        liked=list(answer.liked),
        disliked=list(answer.disliked),
        damaged="not known" if answer.kind == "damaged" else None,
    )


def find_session(rows: Rows, token: str, *, lock: bool = False) -> SessionRow:
    """The row of the session with the given token.

    Args:
        rows: the transaction.
        token: the session's token.
        lock: whether to lock the session against other changes until the transaction ends.

    Raises:
        UnknownSessionError: there is no such session.
    """
    query = select(SessionRow).where(SessionRow.token_hash == token_hash(token))
    row = rows.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise unknown_session()
    return row


def has_session(rows: Rows, token: str) -> bool:
    """Whether there is a session of that token."""
    return rows.scalar(select(SessionRow.id).where(SessionRow.token_hash == token_hash(token))) is not None


def embedding_row(embedder: str, picture: str, embedding: Tensor) -> EmbeddingRow:
    """An embedding as a row."""
    content = embedding.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    dtype = str(embedding.dtype).removeprefix("torch.")
    return EmbeddingRow(embedder=embedder, picture=picture, dtype=dtype, content=content)


def find_live_round(rows: Rows, session: SessionRow, number: int) -> RoundRow | None:
    """The row of a session's live round with the given number, or None."""
    return rows.scalar(
        select(RoundRow).where(
            RoundRow.session_id == session.id, RoundRow.number == number, RoundRow.withdrawn_at.is_(None)
        )
    )


def live_session(rows: Rows, session: SessionRow, token: str) -> Session:
    """The session with its live rounds.

    One statement reads all rounds, so concurrent writes cannot mix two states.
    """
    live_answer = and_(AnswerRow.round_id == RoundRow.id, AnswerRow.undone_at.is_(None))
    query = (
        select(RoundRow, AnswerRow)
        .outerjoin(AnswerRow, live_answer)
        .where(RoundRow.session_id == session.id, RoundRow.withdrawn_at.is_(None))
        .order_by(RoundRow.id)
    )
    rounds = tuple(round_of(row, answer) for row, answer in rows.execute(query))
    return session_of(session, token, rounds)


def hold_pictures(rows: Rows, pictures: Collection[str]) -> set[str]:
    """Keep others from deleting pictures until the transaction ends.

    A caller that also locks sessions must lock them before, as a deletion does.

    Returns:
        Those that are not there: another process deleted them, or they never were.
    """
    query = select(PictureRow.picture).where(PictureRow.picture.in_(set(pictures)))
    held = rows.scalars(query.order_by(PictureRow.picture).with_for_update(read=True, key_share=True))
    return set(pictures) - set(held)


def grant_pictures(rows: Rows, session: SessionRow, pictures: Sequence[str]) -> None:
    """Give a session access to pictures. The caller must hold the lock of the session."""
    granted = set(rows.scalars(select(SeenRow.picture).where(SeenRow.session_id == session.id)))
    rows.add_all(
        SeenRow(session_id=session.id, picture=picture)
        for picture in dict.fromkeys(pictures)
        if picture not in granted
    )


def record_row(record: PictureRecord, picture: str) -> RecordRow:
    """The row of a picture's record."""
    return RecordRow(
        key=record_key(record),
        picture=picture,
        renderer=record.renderer,
        prompt=record.prompt,
        negative_prompt=record.negative_prompt,
        seed=str(record.seed),
    )
