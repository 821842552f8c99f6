"""The parts of the store that keep blind trials, and the taste cards on the wall."""

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete, select

from personalize.session.database import Database
from personalize.session.record import CardState, Trial, WallCard
from personalize.session.rows import card_of_row, find_card, find_session, trial_row, trials_of
from personalize.session.store import no_card, stale_trial
from personalize.session.tables import CardRow, TrialRow


class DatabaseCards:
    """Trials and cards of sessions, as rows in a database."""

    _database: Database

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
