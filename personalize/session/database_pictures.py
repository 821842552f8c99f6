"""The part of the store that keeps pictures: files, their rows, who may see them, and their embeddings."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import torch
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from torch import Tensor

from personalize.errors import UnknownSessionError
from personalize.session.database import Database
from personalize.session.picture_files import is_picture
from personalize.session.picture_place import PicturePlace
from personalize.session.record import PictureRecord
from personalize.session.rows import (
    embedding_row,
    find_session,
    grant_pictures,
    has_session,
    hold_pictures,
    record_key,
    record_row,
)
from personalize.session.store import hash_of, missing_picture
from personalize.session.tables import EmbeddingRow, PictureRow, RecordRow, SeenRow
from personalize.session.unshown import forget, idle_sessions, unshown_pictures


class _GoneError(Exception):
    """Another process deleted a picture that was about to be given to a session."""


class DatabasePictures:
    """Pictures as files, with rows in a database. A file is written before its row and removed before it."""

    def __init__(self, database: Database, files: PicturePlace) -> None:
        """Keep pictures in `files` and their rows in `database`."""
        self._database, self._files = database, files
        # No other thread may save or delete a picture between its file and its row.
        self._pictures = threading.Lock()

    def save_pictures(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        """See Store."""
        with self._pictures:
            with self._database.reading() as rows:
                tokens = {token for _, _, wanting in pictures for token in wanting if token is not None}
                alive = {token for token in tokens if has_session(rows, token)}
            there = self.find_pictures([record for record, _, _ in pictures])
            saved: list[str | None] = []
            new: dict[str, bytes] = {}
            for record, content, wanting in pictures:
                wanted = None in wanting or any(token in alive for token in wanting)
                saved.append(there.get(record, hash_of(content)) if wanted else None)
                if wanted and record not in there:
                    new[hash_of(content)] = content
            self._files.write(new)
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
                            if picture not in new:
                                raise _GoneError  # with its file
                            rows.merge(PictureRow(picture=picture, content=picture))
                            rows.flush()
                            rows.add(record_row(record, picture))
                        saved[nth] = known or picture
                    if hold_pictures(rows, [picture for picture in saved if picture is not None]):
                        raise _GoneError
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
            except (IntegrityError, UnknownSessionError, _GoneError):
                # Another process saved or deleted one of them, or deleted a session: one by one, then.
                saved = [self._save_for(*one) for one in pictures]
                self._remove_unknown(new.keys() - set(saved))
        return saved

    def _remove_unknown(self, pictures: Collection[str]) -> None:
        """Remove files without a row: those of sessions that were deleted while their pictures were saved."""
        with self._database.reading() as rows:
            query = select(PictureRow.picture).where(PictureRow.picture.in_(pictures))
            self._files.remove(*(set(pictures) - set(rows.scalars(query))))

    def _save_for(self, record: PictureRecord, content: bytes, wanting: Sequence[str | None]) -> str | None:
        """Keep one picture for the sessions that still exist; None when there is none."""
        with self._database.reading() as rows:
            alive = [token for token in wanting if token is not None and has_session(rows, token)]
        if not alive and None not in wanting:
            return None
        while True:
            picture = self._save(record, content)
            with self._database.writing() as rows:
                sessions = []
                for token in sorted(alive):
                    with suppress(UnknownSessionError):
                        sessions.append(find_session(rows, token, lock=True))
                if hold_pictures(rows, [picture]):
                    continue  # another process deleted it in between
                for session in sessions:
                    grant_pictures(rows, session, [picture])
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
            session = find_session(rows, token, lock=True)
            hold_pictures(rows, pictures)
            grant_pictures(rows, session, pictures)

    def owns(self, token: str, picture: str) -> bool:
        """See Store."""
        with self._database.reading() as rows:
            session = find_session(rows, token)
            return is_picture(picture) and rows.get(SeenRow, (session.id, picture)) is not None

    def forget_unshown(self, before: datetime, seeds_of: Callable[[int, int], Collection[int]]) -> int:
        """See Store."""
        with self._database.reading() as rows:
            idle = dict(idle_sessions(rows, before))
            found = unshown_pictures(rows, list(idle), seeds_of)
        gone = 0
        for session in found:  # one short transaction each, so that nobody's answer waits for all of them
            with self._pictures, self._database.writing() as rows:
                if dict(idle_sessions(rows, before, session)).get(session) == idle[session]:
                    for picture in sorted(unshown_pictures(rows, [session], seeds_of).get(session, ())):
                        gone += forget(rows, self._files, session, picture)
        return gone

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
        there = (
            select(PictureRow.picture).where(PictureRow.picture.in_(embeddings)).with_for_update(read=True)
        )
        try:
            with self._database.writing() as rows:
                for picture in rows.scalars(there).all():
                    rows.merge(embedding_row(embedder, picture, embeddings[picture]))
        except IntegrityError:  # another process kept one of them in between: one by one, then
            for picture, one in embeddings.items():
                with suppress(IntegrityError), self._database.writing() as rows:
                    if rows.get(PictureRow, picture, with_for_update={"read": True}) is not None:
                        rows.merge(embedding_row(embedder, picture, one))
