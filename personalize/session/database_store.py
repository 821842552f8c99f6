"""The store on disk: sessions in a database, pictures as files.

`Store` states its contract, and one set of tests checks all stores. When a method returns, its changes are on
the disk and survive a kill of the process. A picture's file is written before its row. On deletion, the file
is removed before its row. A kill between the two steps leaves a file without a row, or a row whose picture is
rendered again. A session is readable in both cases.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import torch
from sqlalchemy import URL, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from torch import Tensor

from personalize.errors import UnknownSessionError
from personalize.session.database import LOCK_WAIT_S, Database
from personalize.session.picture_files import is_picture
from personalize.session.picture_place import open_place
from personalize.session.record import Answer, CardState, PictureRecord, Round, Session, Trial, WallCard
from personalize.session.rows import (
    answer_of,
    answer_row,
    card_of_row,
    embedding_row,
    find_card,
    find_live_round,
    find_session,
    grant_pictures,
    has_session,
    live_session,
    record_key,
    record_row,
    round_row,
    session_row,
    trial_row,
    trials_of,
)
from personalize.session.store import (
    hash_of,
    missing_picture,
    no_card,
    nothing_to_undo,
    other_pictures,
    stale_answer,
    stale_trial,
    token_in_use,
)
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
from personalize.session.unshown import forget_unshown


class DatabaseStore:
    """A Store on SQLite or PostgreSQL, with the pictures in a folder or an object store."""

    def __init__(self, url: str | URL, pictures: Path | str, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        """Open the store of an SQLAlchemy URL and a place of pictures, and create what does not exist.

        Raises:
            StoreError: see Database and `open_place`.
        """
        self._files = open_place(pictures)
        self._database = Database(url, lock_wait_s=lock_wait_s)
        # No other thread may save or delete a picture between its file and its row.
        self._pictures = threading.Lock()

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
            if find_live_round(rows, session, round_.number) is None:
                rows.add(round_row(session.id, round_))
                grant_pictures(rows, session, round_.pictures)
            return live_session(rows, session, token).round(round_.number)

    def set_pictures(self, token: str, number: int, pictures: Sequence[str]) -> Round:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            row = find_live_round(rows, session, number)
            if row is not None:
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

    def save_pictures(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        """See Store."""
        with self._pictures:
            with self._database.reading() as rows:
                tokens = {token for _, _, wanting in pictures for token in wanting if token is not None}
                alive = {token for token in tokens if has_session(rows, token)}
            saved: list[str | None] = []
            for _, content, wanting in pictures:
                wanted = None in wanting or any(token in alive for token in wanting)
                saved.append(hash_of(content) if wanted else None)
            contents = [content for _, content, _ in pictures]
            self._files.write(
                {name: content for name, content in zip(saved, contents, strict=True) if name is not None}
            )
            try:
                with self._database.writing() as rows:
                    sessions = {token: find_session(rows, token, lock=True) for token in sorted(alive)}
                    for nth, (record, _, _) in enumerate(pictures):
                        if (picture := saved[nth]) is None:
                            continue
                        known = rows.scalar(
                            select(RecordRow.picture).where(RecordRow.key == record_key(record))
                        )
                        if known is None:
                            rows.merge(PictureRow(picture=picture, content=picture))
                            rows.flush()
                            rows.add(record_row(record, picture))
                        saved[nth] = known or picture
                    for token, session in sessions.items():
                        grant_pictures(
                            rows,
                            session,
                            [
                                picture
                                for picture, (_, _, wanting) in zip(saved, pictures, strict=True)
                                if picture is not None and token in wanting
                            ],
                        )
            except (IntegrityError, UnknownSessionError):
                # Another process saved one of them, or deleted a session, in between: one by one, then.
                return [self._save_for(*one) for one in pictures]
        return saved

    def _save_for(self, record: PictureRecord, content: bytes, wanting: Sequence[str | None]) -> str | None:
        """Keep one picture for the sessions that still exist; None when there is none."""
        with self._database.reading() as rows:
            alive = [token for token in wanting if token is not None and has_session(rows, token)]
        if not alive and None not in wanting:
            return None
        picture = self._save(record, content)
        for token in alive:
            with suppress(UnknownSessionError):
                self.own(token, [picture])
        return picture

    def save_picture(self, record: PictureRecord, content: bytes) -> str:
        """See Store."""
        with self._pictures:
            return self._save(record, content)

    def _save(self, record: PictureRecord, content: bytes) -> str:
        """Keep a picture; the caller holds the lock of pictures."""
        picture = hash_of(content)
        known = self.find_picture(record)
        if known is not None:
            return known
        self._files.write({picture: content})
        try:
            with self._database.writing() as rows:
                rows.merge(PictureRow(picture=picture, content=picture))
                rows.flush()
                rows.add(record_row(record, picture))
        except IntegrityError:  # another process saved it in between
            return self.find_picture(record) or picture
        return picture

    def find_picture(self, record: PictureRecord) -> str | None:
        """See Store."""
        with self._database.reading() as rows:
            return rows.scalar(select(RecordRow.picture).where(RecordRow.key == record_key(record)))

    def find_pictures(self, records: Sequence[PictureRecord]) -> dict[PictureRecord, str]:
        """See Store."""
        by_key = {record_key(record): record for record in records}
        query = select(RecordRow.key, RecordRow.picture).where(RecordRow.key.in_(by_key))
        with self._database.reading() as rows:
            return {by_key[key]: picture for key, picture in rows.execute(query)}

    def read_picture(self, picture: str) -> bytes:
        """See Store."""
        with self._database.reading() as rows:
            row = rows.get(PictureRow, picture) if is_picture(picture) else None
            if row is None:
                raise missing_picture(picture)
            content_hash = row.content
        return self._files.read(picture, content_hash)

    def record_of(self, picture: str) -> PictureRecord:
        """See Store."""
        if not is_picture(picture):
            raise missing_picture(picture)
        with self._database.reading() as rows:
            row = rows.scalar(select(RecordRow).where(RecordRow.picture == picture).order_by(RecordRow.id))
            if row is None:
                raise missing_picture(picture)
            return PictureRecord(row.renderer, row.prompt, row.negative_prompt, int(row.seed))

    def restore_picture(self, picture: str, content: bytes) -> None:
        """See Store."""
        with self._pictures:
            self._files.write({picture: content})
            with self._database.writing() as rows:
                rows.merge(PictureRow(picture=picture, content=hash_of(content)))

    def pictures_of(self, token: str, others: Sequence[PictureRecord] = ()) -> dict[PictureRecord, str]:
        """See Store."""
        with self._database.reading() as rows:
            session = find_session(rows, token)
            owned = select(SeenRow.picture).where(SeenRow.session_id == session.id)
            keys = [record_key(record) for record in others]
            wanted = or_(RecordRow.picture.in_(owned), RecordRow.key.in_(keys))
            found = rows.scalars(select(RecordRow).where(wanted))
            return {
                PictureRecord(row.renderer, row.prompt, row.negative_prompt, int(row.seed)): row.picture
                for row in found
            }

    def own(self, token: str, pictures: Sequence[str]) -> None:
        """See Store."""
        with self._database.writing() as rows:
            grant_pictures(rows, find_session(rows, token, lock=True), pictures)

    def owns(self, token: str, picture: str) -> bool:
        """See Store."""
        with self._database.reading() as rows:
            session = find_session(rows, token)
            return is_picture(picture) and rows.get(SeenRow, (session.id, picture)) is not None

    def forget_unshown(self, before: datetime, seeds_of: Callable[[int, int], Collection[int]]) -> int:
        """See Store."""
        with self._pictures, self._database.writing() as rows:
            return forget_unshown(rows, self._files, before, seeds_of)

    def embeddings(self, embedder: str, pictures: Sequence[str]) -> dict[str, Tensor]:
        """See Store."""
        query = select(EmbeddingRow).where(
            EmbeddingRow.embedder == embedder, EmbeddingRow.picture.in_(set(pictures))
        )
        with self._database.reading() as rows:
            return {
                row.picture: torch.frombuffer(bytearray(row.content), dtype=getattr(torch, row.dtype))
                for row in rows.scalars(query)
            }

    def keep_embeddings(self, embedder: str, embeddings: Mapping[str, Tensor]) -> None:
        """See Store."""
        found = [embedding_row(embedder, picture, one) for picture, one in embeddings.items()]
        try:
            with self._database.writing() as rows:
                for row in found:
                    rows.merge(row)
        except IntegrityError:  # another process kept one of them in between: one by one, then
            for picture, one in embeddings.items():
                with suppress(IntegrityError), self._database.writing() as rows:
                    rows.merge(embedding_row(embedder, picture, one))

    def trials(self, token: str) -> list[Trial]:
        """See Store."""
        with self._database.reading() as rows:
            return trials_of(rows, find_session(rows, token))

    def append_trial(self, token: str, trial: Trial) -> list[Trial]:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            if all(known.number != trial.number for known in trials_of(rows, session)):
                rows.add(trial_row(session.id, trial))
                rows.flush()
            return trials_of(rows, session)

    def answer_trial(self, token: str, number: int, chosen: Literal["plain", "personal"]) -> list[Trial]:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            waiting = select(TrialRow).where(
                TrialRow.session_id == session.id, TrialRow.number == number, TrialRow.chosen.is_(None)
            )
            row = rows.scalar(waiting)
            if row is None:
                raise stale_trial(number)
            row.chosen, row.at = chosen, datetime.now(UTC)
            rows.flush()
            return trials_of(rows, session)

    def put_card(self, token: str, content: bytes) -> WallCard:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            rows.execute(delete(CardRow).where(CardRow.session_id == session.id))
            row = CardRow(session_id=session.id, content=content, state="waiting")
            rows.add(row)
            rows.flush()
            return card_of_row(row)

    def take_card(self, token: str) -> None:
        """See Store."""
        with self._database.writing() as rows:
            session = find_session(rows, token, lock=True)
            rows.execute(delete(CardRow).where(CardRow.session_id == session.id))

    def card_of(self, token: str) -> WallCard | None:
        """See Store."""
        with self._database.reading() as rows:
            row = find_card(rows, find_session(rows, token))
            return None if row is None else card_of_row(row)

    def card(self, number: int) -> WallCard | None:
        """See Store."""
        with self._database.reading() as rows:
            row = rows.get(CardRow, number)
            return None if row is None else card_of_row(row)

    def cards(self, state: CardState, most: int) -> list[int]:
        """See Store."""
        newest = select(CardRow.id).where(CardRow.state == state).order_by(CardRow.id.desc()).limit(most)
        with self._database.reading() as rows:
            return list(rows.scalars(newest))

    def judge_card(self, number: int, state: CardState) -> None:
        """See Store."""
        with self._database.writing() as rows:
            row = rows.get(CardRow, number)
            if row is None:
                raise no_card()
            row.state = state

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
