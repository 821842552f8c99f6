"""The leases of pictures in a database, by its clock."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session as Rows

from personalize.session.database import Database
from personalize.session.database_clock import now_s
from personalize.session.leases import LEASE_S, Claim, Lease
from personalize.session.new_rows import new_rows
from personalize.session.record import PictureRecord
from personalize.session.rows import record_key
from personalize.session.tables import LeaseRow, RecordRow


class DatabaseLeases:
    """The leases in a database."""

    def __init__(self, database: Database, lease_s: float = LEASE_S) -> None:
        """The leases of a database; `lease_s` as LEASE_S."""
        self._database, self._lease_s = database, lease_s

    def take(self, owner: str, records: Sequence[PictureRecord]) -> Claim:
        """See Leases."""
        by_key = {record_key(record): record for record in records}
        # The longest of several processes' waits for one another is short: rows are locked in one order.
        over = select(LeaseRow.key).where(self._is_over()).order_by(LeaseRow.key)
        with self._database.writing(lasting=False) as rows:
            rows.execute(
                delete(LeaseRow).where(LeaseRow.key.in_(over.with_for_update(skip_locked=True))),
                execution_options={"synchronize_session": False},
            )
            until = now_s() + self._lease_s
            wanted = [
                {"key": key, "owner": owner, "until": until, "share": 0.0, "left_s": 0.0}
                for key in sorted(by_key)
            ]
            rows.execute(new_rows(rows, LeaseRow).values(wanted).on_conflict_do_nothing())
            held = {row.key: row for row in rows.scalars(select(LeaseRow).where(LeaseRow.key.in_(by_key)))}
            # After the leases: a picture whose lease ended a moment ago is in the database by now.
            drawn = _drawn(rows, by_key)
            mine = [key for key, row in held.items() if row.owner == owner]
            there = [key for key in mine if key in drawn]
            if there:
                rows.execute(delete(LeaseRow).where(LeaseRow.key.in_(there), LeaseRow.owner == owner))
        others = {key: Lease(row.share, row.left_s) for key, row in held.items() if row.owner != owner}
        return _claim(by_key, drawn, others)

    def look(self, owner: str, records: Sequence[PictureRecord]) -> Claim:
        """See Leases."""
        by_key = {record_key(record): record for record in records}
        alive = select(LeaseRow).where(LeaseRow.key.in_(by_key), LeaseRow.owner != owner, ~self._is_over())
        with self._database.reading() as rows:
            others = {row.key: Lease(row.share, row.left_s) for row in rows.scalars(alive)}
            drawn = _drawn(rows, by_key)
        return _claim(by_key, drawn, others)

    def renew(self, owner: str, records: Sequence[PictureRecord], lease: Lease) -> None:
        """See Leases."""
        keys = [record_key(record) for record in records]
        with self._database.writing(lasting=False) as rows:
            rows.execute(
                update(LeaseRow)
                .where(LeaseRow.key.in_(keys), LeaseRow.owner == owner)
                .values(
                    until=now_s() + self._lease_s,
                    share=min(1.0, max(0.0, lease.share)),
                    left_s=max(0.0, lease.left_s),
                ),
                execution_options={"synchronize_session": False},
            )

    def release(self, owner: str, records: Sequence[PictureRecord]) -> None:
        """See Leases."""
        keys = [record_key(record) for record in records]
        with self._database.writing(lasting=False) as rows:
            rows.execute(delete(LeaseRow).where(LeaseRow.key.in_(keys), LeaseRow.owner == owner))

    def _is_over(self) -> ColumnElement[bool]:
        """Whether nobody renews a lease, or it ends so late that the clock was set back since."""
        return or_(LeaseRow.until <= now_s(), LeaseRow.until > now_s() + 2 * self._lease_s)


def _drawn(rows: Rows, keys: Collection[str]) -> dict[str, str]:
    """The hashes of pictures that are there, by the keys of their records."""
    query = select(RecordRow.key, RecordRow.picture).where(RecordRow.key.in_(keys))
    return {key: picture for key, picture in rows.execute(query)}


def _claim(
    by_key: Mapping[str, PictureRecord], drawn: Mapping[str, str], others: Mapping[str, Lease]
) -> Claim:
    """A picture with a lease of another owner is not ready: its embedding may still be made."""
    return Claim(
        tuple(record for key, record in by_key.items() if key not in others and key not in drawn),
        {by_key[key]: picture for key, picture in drawn.items() if key not in others},
        {by_key[key]: lease for key, lease in others.items()},
    )
