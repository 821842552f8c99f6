"""Whose turn it is at the renderer: sessions take turns, and what somebody waits for goes before a guess.

The renderer draws one batch at a time. Everything that is to be drawn asks here for a turn, named after its
session: of those that wait, the session that was served longest ago is next, so that one who asks for many
pictures cannot keep the others waiting. What is drawn ahead, before anybody asked, waits until nobody else
does, and gives its turn up at the next step when somebody comes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from personalize.errors import CancelledError

Result = TypeVar("Result")
Check = Callable[[], None]
"""Called at every step of a drawing; raises when it is to stop."""

REMEMBERED = 10_000
"""Sessions whose last turn is remembered."""

LOOK_S = 0.1
"""Seconds between two looks whether somebody who waits has given up."""


class _GiveWay(Exception):
    """What was drawn ahead stops here, and is begun again later."""


@dataclass(eq=False)
class _Ticket:
    session: str
    ahead: bool
    number: int
    stopped: bool = False
    in_the_way: bool = False

    def check(self) -> None:
        if self.stopped:
            raise CancelledError("Stopped: what was drawn ahead is not needed any more.")
        if self.in_the_way and self.ahead:
            raise _GiveWay


class RenderQueue:
    """Turns at one renderer."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._running: _Ticket | None = None
        self._served: OrderedDict[str, int] = OrderedDict()
        self._count = 0

    def run(
        self,
        session: str,
        work: Callable[[Check], Result],
        *,
        ahead: bool = False,
        check: Check | None = None,
    ) -> Result:
        """Wait for a turn, do `work(check)` in it, and give the turn back.

        Args:
            session: whose turn it is.
            work: blocking; calls its argument at every step. Of what is ahead it may begin again.
            ahead: whether nobody waits for it yet.
            check: called now and then while it waits; raises when it is not to be drawn any more.

        Raises:
            CancelledError: it was ahead, and `drop` was called.
            Exception: whatever `work` or `check` raised.
        """
        ticket = self._queued(session, ahead)
        try:
            while True:
                self._wait(ticket, check)
                try:
                    return work(ticket.check)
                except _GiveWay:
                    self._again(ticket)
        finally:
            with self._changed:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
                if self._running is ticket:
                    self._running = None
                self._changed.notify_all()

    def hurry(self, session: str) -> None:
        """Somebody now waits for what is drawn ahead for that session."""
        with self._changed:
            for ticket in self._of(session):
                ticket.ahead = False
            self._make_way()
            self._changed.notify_all()

    def drop(self, session: str) -> None:
        """What is drawn ahead for that session stops: its person wants something else first."""
        with self._changed:
            for ticket in self._of(session):
                ticket.stopped = ticket.stopped or ticket.ahead
            self._changed.notify_all()

    def before(self, session: str) -> int:
        """How many others will be served before that session, the running one among them; 0 when it runs."""
        with self._changed:
            if self._running is not None and self._running.session == session:
                return 0
            mine = [ticket for ticket in self._waiting if ticket.session == session]
            if not mine:
                return 0
            order = sorted(self._waiting, key=self._turn)
            ahead_of = {ticket.session for ticket in order[: order.index(min(mine, key=self._turn))]}
            if self._running is not None:
                ahead_of.add(self._running.session)
            return len(ahead_of)

    def _queued(self, session: str, ahead: bool) -> _Ticket:
        with self._changed:
            self._count += 1
            ticket = _Ticket(session, ahead, self._count)
            self._waiting.append(ticket)
            self._make_way()
            return ticket

    def _again(self, ticket: _Ticket) -> None:
        with self._changed:
            self._running, ticket.in_the_way = None, False
            self._waiting.append(ticket)
            self._changed.notify_all()

    def _wait(self, ticket: _Ticket, check: Check | None) -> None:
        with self._changed:
            while self._running is not None or min(self._waiting, key=self._turn) is not ticket:
                self._changed.wait(LOOK_S)
                if check is not None:
                    check()
                if ticket.stopped:
                    ticket.check()
            self._waiting.remove(ticket)
            self._running = ticket
            self._count += 1
            self._served[ticket.session] = self._count
            self._served.move_to_end(ticket.session)
            while len(self._served) > REMEMBERED:
                self._served.popitem(last=False)

    def _turn(self, ticket: _Ticket) -> tuple[bool, int, int]:
        return ticket.ahead, self._served.get(ticket.session, 0), ticket.number

    def _make_way(self) -> None:
        running = self._running
        if running is not None and running.ahead and any(not ticket.ahead for ticket in self._waiting):
            running.in_the_way = True

    def _of(self, session: str) -> list[_Ticket]:
        there = self._waiting if self._running is None else [*self._waiting, self._running]
        return [ticket for ticket in there if ticket.session == session]
