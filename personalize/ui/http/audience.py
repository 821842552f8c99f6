"""A hall that picks together: one vote a device and round, changed until the vote is closed; most votes win.

Votes are kept in memory only and belong to nobody: a device is a random number that its browser holds. The
code of a hall follows from its session's token by a hash, so it is the same after a restart, and whoever has
it can vote and do nothing else.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from personalize.errors import SessionError, StaleAnswerError

HALLS = 200
"""Halls that are remembered; the one opened longest ago is forgotten first."""

DEVICES = 5000
"""Devices that may vote in one round."""


def hall_code(token: str) -> str:
    """The code under which the audience of a session votes; the token cannot be found from it."""
    return hashlib.sha256(f"audience/{token}".encode()).hexdigest()[:12]


@dataclass
class Ballot:
    """The vote on one round.

    Attributes:
        number: of the round.
        shown: its fingerprint: which pictures are voted on.
        options: pictures.
        closes_s: when it closes by itself, on the hall's clock; None: when somebody closes it.
        winner: the option that won, once it is closed.
    """

    number: int
    shown: str
    options: int
    closes_s: float | None = None
    winner: int | None = None
    _votes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _cast: int = 0

    def vote(self, device: str, option: int) -> None:
        """Count a device's vote, in place of an earlier one.

        Raises:
            StaleAnswerError: the vote is closed.
            SessionError: no such picture, or too many devices.
        """
        if self.winner is not None:
            raise StaleAnswerError(
                "Expected a vote before the end, found the vote closed. Wait for the next round."
            )
        if not 0 <= option < self.options:
            raise SessionError(f"Expected a vote for 1 to {self.options}, found {option + 1}. Tap a picture.")
        if device not in self._votes and len(self._votes) >= DEVICES:
            raise SessionError(f"Expected at most {DEVICES} devices, found more. Watch the screen.")
        if self.of(device) != option:  # the same again changes nothing, not even who was first
            self._cast += 1
            self._votes[device] = (option, self._cast)

    def of(self, device: str) -> int | None:
        """What that device votes for."""
        vote = self._votes.get(device)
        return None if vote is None else vote[0]

    @property
    def counts(self) -> tuple[int, ...]:
        """Votes for each option."""
        chosen = [option for option, _ in self._votes.values()]
        return tuple(chosen.count(option) for option in range(self.options))

    def close(self) -> int:
        """The option with most votes; of several, the one that had all of its votes first.

        Raises:
            SessionError: nobody voted.
        """
        if self.winner is None:
            if not self._votes:
                raise SessionError("Expected at least one vote, found none. Wait for the audience.")
            last = [
                max((cast for o, cast in self._votes.values() if o == n), default=0)
                for n in range(self.options)
            ]
            self.winner = max(range(self.options), key=lambda option: (self.counts[option], -last[option]))
        return self.winner


class Hall:
    """The audience of one session."""

    def __init__(self, token: str, now_s: Callable[[], float] = time.monotonic) -> None:
        """Nothing is voted on yet."""
        self.token, self.code = token, hall_code(token)
        self.ballot: Ballot | None = None
        self._now_s = now_s

    def open(self, number: int, shown: str, options: int) -> Ballot:
        """The vote on that round: the one under way if it is on the same pictures, or a new one."""
        ballot = self.ballot
        if ballot is None or (ballot.number, ballot.shown) != (number, shown):
            ballot = self.ballot = Ballot(number, shown, options)
        return ballot

    def close_in(self, seconds: float) -> None:
        """Let the vote under way close by itself."""
        if self.ballot is not None:
            self.ballot.closes_s = self._now_s() + seconds

    def left_s(self) -> int | None:
        """Whole seconds until the vote closes by itself; None when it does not."""
        if self.ballot is None or self.ballot.closes_s is None:
            return None
        return max(0, math.ceil(self.ballot.closes_s - self._now_s()))


class Halls:
    """The halls of an app, by code."""

    def __init__(self) -> None:
        """None is open."""
        self._halls: OrderedDict[str, Hall] = OrderedDict()

    def open(self, token: str) -> Hall:
        """The hall of a session."""
        code = hall_code(token)
        if code not in self._halls:
            self._halls[code] = Hall(token)
            while len(self._halls) > HALLS:
                self._halls.popitem(last=False)
        return self._halls[code]

    def find(self, code: str) -> Hall | None:
        """The hall of that code, if its presenter has opened it."""
        return self._halls.get(code)
