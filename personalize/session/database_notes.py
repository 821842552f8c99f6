"""The notes in a database, by its clock."""

from sqlalchemy import ColumnElement, and_, delete, or_, select

from personalize.session.database import Database
from personalize.session.database_clock import now_s
from personalize.session.new_rows import new_rows
from personalize.session.notes import FOR_EVER_S, Change, Note
from personalize.session.tables import NoteRow


class DatabaseNotes:
    """The notes in a database. Every method may raise a StoreError."""

    def __init__(self, database: Database) -> None:
        """The notes of a database."""
        self._database = database

    def find(self, kind: str, name: str) -> Note | None:
        """See Notes."""
        with self._database.reading() as rows:
            found = rows.execute(select(NoteRow.value, now_s()).where(_is(kind, name), ~_is_over())).first()
        return None if found is None else Note(*found)

    def keep(self, kind: str, name: str, value: bytes, for_s: float, most: int = 0) -> None:
        """See Notes."""
        with self._database.writing() as rows:
            rows.execute(delete(NoteRow).where(NoteRow.kind == kind, _is_over()))
            until = now_s() + for_s
            row = new_rows(rows, NoteRow).values(kind=kind, name=name, value=value, until=until, for_s=for_s)
            new = {"value": value, "until": until, "for_s": for_s}
            rows.execute(row.on_conflict_do_update(index_elements=[NoteRow.kind, NoteRow.name], set_=new))
            if most:
                newest = (
                    select(NoteRow.name)
                    .where(NoteRow.kind == kind)
                    .order_by(NoteRow.until.desc(), NoteRow.name)
                    .limit(most)
                )
                rows.execute(delete(NoteRow).where(NoteRow.kind == kind, NoteRow.name.not_in(newest)))

    def first(self, kind: str, name: str, value: bytes) -> bytes:
        """See Notes."""
        with self._database.writing() as rows:
            row = new_rows(rows, NoteRow).values(
                kind=kind, name=name, value=value, until=FOR_EVER_S, for_s=FOR_EVER_S
            )
            rows.execute(row.on_conflict_do_nothing())
            kept = rows.scalar(select(NoteRow.value).where(_is(kind, name)))
        return value if kept is None else kept

    def take(self, kind: str, name: str) -> bytes | None:
        """See Notes."""
        with self._database.writing() as rows:
            gone = delete(NoteRow).where(_is(kind, name), ~_is_over()).returning(NoteRow.value)
            return rows.scalar(gone)

    def change(self, kind: str, name: str, change: Change, for_s: float) -> Note:
        """See Notes."""
        with self._database.writing() as rows:
            rows.execute(delete(NoteRow).where(_is(kind, name), _is_over()))
            empty = new_rows(rows, NoteRow).values(
                kind=kind, name=name, value=b"", until=now_s() + for_s, for_s=for_s
            )
            is_new = rows.execute(empty.on_conflict_do_nothing().returning(NoteRow.name)).first() is not None
            row = rows.scalars(select(NoteRow).where(_is(kind, name)).with_for_update()).one()
            now = float(rows.scalar(select(now_s())) or 0.0)
            row.value = change(None if is_new else Note(row.value, now), now)
            row.until = now + for_s
            return Note(row.value, now)


def _is(kind: str, name: str) -> ColumnElement[bool]:
    return and_(NoteRow.kind == kind, NoteRow.name == name)


def _is_over() -> ColumnElement[bool]:
    """Whether the time of a note is over, or lies so far ahead that the clock was set back since."""
    return or_(NoteRow.until <= now_s(), NoteRow.until > now_s() + 2 * NoteRow.for_s)
