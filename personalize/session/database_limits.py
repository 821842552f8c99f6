"""The buckets of requests in a database, by its clock."""

from sqlalchemy import case, delete, or_, select

from personalize.session.database import Database
from personalize.session.database_clock import now_s
from personalize.session.limits import tolerance_s
from personalize.session.new_rows import new_rows
from personalize.session.tables import LimitRow

TIDY = 200
"""Requests after which full buckets are deleted from the database."""

_SLACK_S = 1.0
"""Seconds by which a bucket may seem to be full too late: beyond them the clock was set back."""


class DatabaseLimits:
    """The buckets in a database, by its clock."""

    def __init__(self, database: Database) -> None:
        """The buckets of a database."""
        self._database, self._taken = database, 0

    def take(self, what: str, visitor: str, goes: int, seconds: float) -> float:
        """See Limits.

        Raises:
            StoreError: the database does not answer.
        """
        step, mine = seconds / goes, (LimitRow.what == what) & (LimitRow.visitor == visitor)
        strange = LimitRow.full_at > now_s() + seconds + _SLACK_S
        full_at = case((or_(strange, LimitRow.full_at < now_s()), now_s()), else_=LimitRow.full_at)
        with self._database.writing(lasting=False) as rows:
            self._taken += 1
            if self._taken % TIDY == 0:
                rows.execute(delete(LimitRow).where(LimitRow.full_at <= now_s()))
            taken = (
                new_rows(rows, LimitRow)
                .values(what=what, visitor=visitor, full_at=now_s() + step)
                .on_conflict_do_update(
                    index_elements=[LimitRow.what, LimitRow.visitor],
                    set_={"full_at": full_at + step},
                    where=full_at + step <= now_s() + seconds + tolerance_s(seconds),
                )
                .returning(LimitRow.full_at)
            )
            if rows.execute(taken).first() is not None:
                return 0.0
            wait_s = rows.scalar(select(LimitRow.full_at + step - seconds - now_s()).where(mine))
        return max(0.001, float(wait_s or 0.0))

    def forget(self, what: str) -> None:
        """See Limits."""
        with self._database.writing(lasting=False) as rows:
            rows.execute(delete(LimitRow).where(LimitRow.what == what))
