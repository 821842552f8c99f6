"""Pictures that other processes draw: they are waited for here, and not drawn a second time.

Before a batch is drawn, its leases are taken (`session/leases.py`). A picture whose lease another process has
leaves the batch. A thread then asks for it every `LOOK_S` seconds until it is there, or until its owner gave
it up or died: then it is drawn here. The same thread renews the leases of what is drawn here, and tells the
others how far it is. Without a database nothing is shared, and everything is drawn.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping

from personalize.errors import PersonalizeError, StoreError
from personalize.rendering.board import JobBoard, Watched
from personalize.rendering.jobs import Batch, RenderJob
from personalize.rendering.pace import Pace
from personalize.rendering.watchdog import Watchdog
from personalize.session.leases import LEASE_S, Claim, Lease, Leases
from personalize.session.record import PictureRecord

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""Seconds between two looks at what others draw, and between two reports of what is drawn here."""

Own = Callable[[str, list[str]], object]
"""Gives a session access to pictures by hash."""


class DrawnElsewhere:
    """The leases of one render queue. Safe to call from any thread."""

    def __init__(
        self,
        board: JobBoard,
        leases: Leases,
        own: Own,
        watchdog: Watchdog,
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        """Nothing is taken yet.

        Args:
            board: of the queue.
            leases: of the store.
            own: gives a session access to a picture that another process drew.
            watchdog: says which batches stand still; their leases are not renewed.
            pace: says how long a batch takes.
            clock: seconds, never set back.
        """
        self._board, self._leases, self._own = board, leases, own
        self._watchdog, self._pace, self._clock = watchdog, pace, clock
        self._owner = secrets.token_hex(16)
        self._tending: threading.Thread | None = None
        self._away_until = 0.0

    def claim(self, batch: Batch) -> bool:
        """Take what others draw or have drawn out of a batch; whether anything is left to draw."""
        with self._board.changed:
            # A picture that is restored is in the database, and its file is not sound. It needs no lease.
            restored = {record for job in self._board.jobs if job.take is not None for record in job.undrawn}
            wanted = [record for record in batch.records if record not in restored]
        if not wanted or time.monotonic() < self._away_until:
            return True
        try:
            claim = self._leases.take(self._owner, wanted)
        except StoreError as error:
            log.warning("pictures are drawn without a lease, and others may draw them too: %s", error)
            self._away_until = time.monotonic() + LEASE_S
            return True
        with self._board.changed:
            gone = {*claim.drawn, *claim.elsewhere}
            batch.records = [record for record in batch.records if record not in gone]
            batch.leased = claim.free
            batch.began_s = batch.stepped_s = self._clock()
            self._note(claim)
            self._tend()
        self._hand_out(claim.drawn)
        return bool(batch.records)

    def release(self, batch: Batch) -> None:
        """Nothing of a batch is drawn any more."""
        with self._board.changed:
            leased, batch.leased = batch.leased, ()
        if not leased:
            return
        try:
            self._leases.release(self._owner, leased)
        except StoreError as error:
            log.info("leases could not be ended, and end by themselves: %s", error)

    def _tend(self) -> None:
        """Have a thread renew and look, if there is none. The caller holds the lock of the board."""
        if self._tending is None:
            self._tending = threading.Thread(target=self._run, name="leases", daemon=True)
            self._tending.start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self._renew()
            self._look()
            with self._board.changed:
                leased = any(batch.leased for batch in self._board.running)
                if self._board.closed or not (leased or self._board.elsewhere):
                    self._tending = None
                    return

    def _renew(self) -> None:
        """Renew the leases of batches that make progress, and say how far they are."""
        with self._board.changed:
            self._watchdog.check()
            told = [
                (batch.leased, Lease(batch.share, self._left_s(batch)))
                for batch in self._board.running
                if batch.leased and not batch.stalled
            ]
        for records, lease in told:
            try:
                self._leases.renew(self._owner, records, lease)
            except StoreError as error:
                log.info("leases could not be renewed, and others may draw the pictures too: %s", error)

    def _left_s(self, batch: Batch) -> float:
        return len(batch.records) * self._pace.picture_s * (1.0 - batch.share)

    def _look(self) -> None:
        """See what became of the pictures that others draw."""
        with self._board.changed:
            wanted = {record for job in self._board.jobs for record in job.undrawn}
            for record in [record for record in self._board.elsewhere if record not in wanted]:
                del self._board.elsewhere[record]
            records = tuple(self._board.elsewhere)
        if not records:
            return
        try:
            claim = self._leases.look(self._owner, records)
        except StoreError as error:
            log.warning("others cannot be asked for their pictures, which are drawn here: %s", error)
            claim = Claim(free=records)
        with self._board.changed:
            self._note(claim)
        self._hand_out(claim.drawn)

    def _note(self, claim: Claim) -> None:
        """Write down who draws what. The caller holds the lock of the board."""
        for record in (*claim.free, *claim.drawn):
            self._board.elsewhere.pop(record, None)
        now_s = self._clock()
        for record, lease in claim.elsewhere.items():
            self._board.elsewhere[record] = Watched(lease.share, lease.left_s, now_s)
        self._board.changed.notify_all()

    def _hand_out(self, drawn: Mapping[PictureRecord, str]) -> None:
        """Give pictures that others drew to the jobs that want them."""
        if not drawn:
            return
        with self._board.changed:
            wanting = {job: [one for one in job.undrawn if one in drawn] for job in self._board.jobs}
        for job, records in wanting.items():
            if records and job.take is None:
                self._give(job, {record: drawn[record] for record in records})

    def _give(self, job: RenderJob, pictures: Mapping[PictureRecord, str]) -> None:
        try:
            if job.session is not None:
                self._own(job.session, list(pictures.values()))
        except PersonalizeError as error:
            self._board.settle(job, error=error)
            return
        with self._board.changed:
            job.drawn |= pictures
            complete = not job.undrawn
            self._board.changed.notify_all()
        if complete:
            self._board.complete(job)
