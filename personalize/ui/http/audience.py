"""The votes of an audience: one vote for each device and round, and the picture with most votes wins.

A device may change its vote until the vote is closed. Votes are kept in memory only and belong to nobody: a
device is a random number in a cookie that the server signed. The code of a vote is a hash of the session's
token, so it survives a restart. Whoever has the code can vote, and nothing else.
"""

import hashlib
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from personalize.errors import SessionError, StaleAnswerError

MOST_VOTES = 200
"""Live votes that are remembered; the one opened longest ago is forgotten first."""

MOST_BY_ADDRESS = 1000
"""Devices of one network address that may vote in one round: a hall behind one router has one address."""


def vote_code(token: str) -> str:
    """The code under which the audience of a session votes; nobody can compute the token from it."""
    return hashlib.sha256(f"audience/{token}".encode()).hexdigest()[:12]


@dataclass
class Ballot:
    """The vote on one round.

    Attributes:
        number: of the round.
        shown: fingerprint of the round, which identifies its pictures.
        options: number of pictures.
        closes_s: time at which it closes by itself, in seconds; None if only the presenter closes it.
        winner: index of the winning picture; None while the vote is open.
    """

    number: int
    shown: str
    options: int
    closes_s: float | None = None
    winner: int | None = None
    _votes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _cast: int = 0
    _devices: Counter[str] = field(default_factory=Counter)

    def vote(self, device: str, option: int, address: str = "") -> None:
        """Count a device's vote for a picture, in place of its earlier vote.

        Raises:
            StaleAnswerError: the vote is closed.
            SessionError: there is no such picture, or too many devices of that network address voted.
        """
        if self.winner is not None:
            raise StaleAnswerError(
                "Expected a vote before the end, found the vote closed. Wait for the next round."
            )
        if not 0 <= option < self.options:
            raise SessionError(
                "Expected a vote for 1 to {options}, found {found}. Tap a picture.",
                options=self.options,
                found=option + 1,
            )
        if device not in self._votes:
            if self._devices[address] >= MOST_BY_ADDRESS:
                raise SessionError(
                    "Expected at most {most} devices of one network, found more. Watch the screen, or use "
                    "another network.",
                    most=MOST_BY_ADDRESS,
                )
            self._devices[address] += 1
        if self.of(device) != option:  # a repeated vote changes nothing, not even the order of votes
            self._cast += 1
            self._votes[device] = (option, self._cast)

    def of(self, device: str) -> int | None:
        """Index of the picture that the device voted for; None without a vote."""
        vote = self._votes.get(device)
        return None if vote is None else vote[0]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of votes for each picture."""
        chosen = [option for option, _ in self._votes.values()]
        return tuple(chosen.count(option) for option in range(self.options))

    def close(self) -> int:
        """Close the vote, and return the picture with most votes: of equals, the first with all its votes.

        Raises:
            SessionError: there is no vote.
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


class LiveVote:
    """The audience of one session.

    Attributes:
        token: of the session.
        code: under which the audience votes.
        ballot: the vote on the present round; None before the presenter opened it.
    """

    def __init__(self, token: str, now_s: Callable[[], float] = time.monotonic) -> None:
        """Start without a ballot; `now_s` is a clock, in seconds."""
        self.token, self.code = token, vote_code(token)
        self.ballot: Ballot | None = None
        self._now_s = now_s

    def open(self, number: int, shown: str, options: int) -> Ballot:
        """The ballot on a round: the present one if it is on the same pictures, or else a new one.

        Args:
            number: of the round.
            shown: fingerprint of the round.
            options: number of pictures.
        """
        ballot = self.ballot
        if ballot is None or (ballot.number, ballot.shown) != (number, shown):
            ballot = self.ballot = Ballot(number, shown, options)
        return ballot

    def close_in(self, seconds: float) -> None:
        """Let the present ballot close by itself after so many seconds."""
        if self.ballot is not None:
            self.ballot.closes_s = self._now_s() + seconds

    def left_s(self) -> int | None:
        """Whole seconds until the ballot closes by itself; None when it does not."""
        if self.ballot is None or self.ballot.closes_s is None:
            return None
        return max(0, math.ceil(self.ballot.closes_s - self._now_s()))


class LiveVotes:
    """The live votes of an app, by code."""

    def __init__(self) -> None:
        """Start without any vote."""
        self._votes: OrderedDict[str, LiveVote] = OrderedDict()

    def open(self, token: str) -> LiveVote:
        """The live vote of a session, opened now if needed."""
        code = vote_code(token)
        if code not in self._votes:
            self._votes[code] = LiveVote(token)
            while len(self._votes) > MOST_VOTES:
                self._votes.popitem(last=False)
        return self._votes[code]

    def find(self, code: str) -> LiveVote | None:
        """The live vote of that code, if a presenter has opened it."""
        return self._votes.get(code)
