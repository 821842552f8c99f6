"""The store on disk: sessions in a database, pictures as files.

This module has the sessions with their rounds and answers, and joins the other parts of the store.

`Store` states its contract, and one set of tests checks all stores. When a method returns, its changes are on
the disk and survive a kill of the process. A picture's file is written before its row. On deletion, the file
is removed before its row. A kill between the two steps leaves a file without a row, or a row whose picture is
rendered again. A session is readable in both cases.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from personalize.session.database import LOCK_WAIT_S, Database
from personalize.session.database_cards import DatabaseCards
from personalize.session.database_leases import DatabaseLeases
from personalize.session.database_limits import DatabaseLimits
from personalize.session.database_notes import DatabaseNotes
from personalize.session.database_pictures import DatabasePictures
from personalize.session.leases import Leases
from personalize.session.picture_place import open_place
from personalize.session.record import Answer, PictureRecord, Round, Session, Trial
from personalize.session.rows import (
    answer_of,
    answer_row,
    find_card,
    find_live_round,
    find_session,
    grant_pictures,
    live_session,
    record_key,
    round_row,
    session_row,
    trials_of,
)
from personalize.session.store import (
    nothing_to_undo,
    other_pictures,
    stale_answer,
    token_in_use,
)
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


class DatabaseStore(DatabasePictures, DatabaseCards):
    """A Store on SQLite or PostgreSQL, with the pictures in a folder or an object store.

    Attributes:
        leases, limits, notes: of all processes that share the database.
    """

    def __init__(self, url: str | URL, pictures: Path | str, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        """Open the store of an SQLAlchemy URL and a place of pictures, and create what does not exist.

        Raises:
            StoreError: see Database and `open_place`.
        """
        files = open_place(pictures)
        super().__init__(Database(url, lock_wait_s=lock_wait_s), files)
        self.leases: Leases | None = DatabaseLeases(self._database)
        self.limits, self.notes = DatabaseLimits(self._database), DatabaseNotes(self._database)

    def close(self) -> None:
        """Close the database. The store cannot be used afterwards."""
        self._database.close()

    def check(self) -> None:
        """See Store."""
        self._files.check()
        self._database.check()

    def create(self, session: Session) -> None:
        """See Store."""
        try:
            with self._database.writing() as rows:
                rows.add(session_row(session))
        except IntegrityError:
            raise token_in_use() from None

    def load(self, token: str) -> Session:
        """See Store."""
        with self._database.reading() as rows:
            return live_session(rows, find_session(rows, token), token)

    def append_round(self, token: str, round_: Round) -> Round:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            live = live_session(rows, session, token)
            if live.current is not None:
                return live.current
            if find_live_round(rows, session, round_.number) is None:
                rows.add(round_row(session.id, round_))
                grant_pictures(rows, session, round_.pictures)
            return live_session(rows, session, token).round(round_.number)

    def set_pictures(
        self, token: str, number: int, pictures: Sequence[str], prompts: Sequence[str] | None = None
    ) -> Round:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            row = find_live_round(rows, session, number)
            if row is not None and (prompts is None or (row.prompts == [*prompts] and not row.pictures)):
                row.pictures = list(pictures)
                grant_pictures(rows, session, pictures)
            return live_session(rows, session, token).round(number)

    def append_answer(self, token: str, number: int, answer: Answer, shown: str | None = None) -> Session:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            live = live_session(rows, session, token)
            row = find_live_round(rows, session, number)
            if row is None or live.current is None or live.current.number != number:
                raise stale_answer(number, live)
            if shown is not None and shown != live.current.fingerprint:
                raise other_pictures()
            added = answer_row(row.id, answer)
            rows.add(added)
            try:
                rows.flush()
            except IntegrityError:
                raise stale_answer(number, live) from None
            answered = replace(live.current, answer=answer_of(added, live.current.options))
            return replace(live, rounds=(*live.rounds[:-1], answered))

    def change_answer(self, token: str, number: int, answer: Answer) -> None:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            row = find_live_round(rows, session, number)
            waiting = select(AnswerRow).where(
                AnswerRow.round_id == (-1 if row is None else row.id), AnswerRow.undone_at.is_(None)
            )
            old = rows.scalar(waiting)
            if row is None or old is None:
                raise stale_answer(number, live_session(rows, session, token))
            old.undone_at = datetime.now(UTC)
            rows.flush()
            rows.add(answer_row(row.id, answer))

    def undo(self, token: str) -> None:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            answered = live_session(rows, session, token).answered
            if not answered:
                raise nothing_to_undo()
            last, now = answered[-1].number, datetime.now(UTC)
            reopened = find_live_round(rows, session, last)
            assert reopened is not None
            rows.execute(
                update(AnswerRow)
                .where(AnswerRow.round_id == reopened.id, AnswerRow.undone_at.is_(None))
                .values(undone_at=now)
            )
            rows.execute(
                update(RoundRow)
                .where(
                    RoundRow.session_id == session.id,
                    RoundRow.number > last,
                    RoundRow.withdrawn_at.is_(None),
                )
                .values(withdrawn_at=now)
            )

    def delete(self, token: str, keep: Sequence[PictureRecord] = ()) -> int:
        """See Store."""
        with self._pictures, self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            other = aliased(SeenRow)
            shared = exists().where(other.picture == SeenRow.picture, other.session_id != session.id)
            kept = select(RecordRow.picture).where(RecordRow.key.in_([record_key(one) for one in keep]))
            mine_seen = select(SeenRow.picture).where(SeenRow.session_id == session.id)
            held = select(PictureRow).where(PictureRow.picture.in_(mine_seen)).order_by(PictureRow.picture)
            rows.scalars(held.with_for_update()).all()  # no other session gets one of them meanwhile
            unshared = rows.scalars(
                select(SeenRow.picture).where(
                    SeenRow.session_id == session.id, ~shared, SeenRow.picture.not_in(kept)
                )
            ).all()
            mine = RoundRow.session_id == session.id
            rounds = rows.scalar(select(func.count()).select_from(RoundRow).where(mine)) or 0
            answers = rows.scalar(select(func.count()).select_from(AnswerRow).join(RoundRow).where(mine)) or 0
            gone = {picture: rows.get(PictureRow, picture) for picture in unshared}
            self._files.remove(*(picture for picture, row in gone.items() if row is not None))
            for picture, row in gone.items():
                rows.execute(delete(EmbeddingRow).where(EmbeddingRow.picture == picture))
                if row is not None:
                    rows.delete(row)
            trials = (
                rows.scalar(
                    select(func.count()).select_from(TrialRow).where(TrialRow.session_id == session.id)
                )
                or 0
            )
            card = find_card(rows, session)
            rows.delete(session)
            return rounds + answers + trials + len(unshared) + (card is not None)

    def latest(self, vocabulary: str, embedder: str, most: int) -> list[Session]:
        """See Store."""
        fitting = select(SessionRow).where(
            SessionRow.vocabulary == vocabulary, SessionRow.embedder == embedder
        )
        newest = fitting.order_by(SessionRow.created.desc(), SessionRow.id.desc()).limit(most)
        with self._database.reading() as rows:
            return [live_session(rows, row, "") for row in rows.scalars(newest)]

    def studied(self, vocabulary: str, embedder: str) -> list[tuple[Session, list[Trial]]]:
        """See Store."""
        fitting = select(SessionRow).where(
            SessionRow.strategy == "study",
            SessionRow.vocabulary == vocabulary,
            SessionRow.embedder == embedder,
        )
        with self._database.reading() as rows:
            return [(live_session(rows, row, ""), trials_of(rows, row)) for row in rows.scalars(fitting)]
