"""The votes of an audience: one vote for each device and round, and the picture with most votes wins.

A device may change its vote until the vote is closed. Votes are notes of the store, so all its processes
count together. They are kept for hours and belong to nobody: a device is a random number in a cookie that the
server signed. The code of a vote is a hash of the session's token, so it survives a restart. Whoever has the
code can vote, and nothing else.
"""

import hashlib
import json
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from personalize.errors import SessionError, StaleAnswerError
from personalize.session.notes import Note, Notes

KIND, KEPT_S = "vote", 12 * 3600.0
"""The kind of the notes, and the seconds for which a vote is kept after its last change."""

FRESH_S = 0.5
"""Seconds for which a process does not ask again for the state of a vote. Hundreds of phones ask for it."""

MOST_VOTES = 200
"""Live votes whose state a process remembers."""

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
        pictures: their hashes.
        closes_s: time at which it closes by itself, in seconds; None if only the presenter closes it.
        winner: index of the winning picture; None while the vote is open.
        votes: option and turn of each device's vote.
        cast: turns so far.
        devices: number of devices by network address, which may be a hash.
    """

    number: int
    shown: str
    options: int
    pictures: tuple[str, ...] = ()
    closes_s: float | None = None
    winner: int | None = None
    votes: dict[str, tuple[int, int]] = field(default_factory=dict)
    cast: int = 0
    devices: dict[str, int] = field(default_factory=dict)

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
        if device not in self.votes:
            if self.devices.get(address, 0) >= MOST_BY_ADDRESS:
                raise SessionError(
                    "Expected at most {most} devices of one network, found more. Watch the screen, or use "
                    "another network.",
                    most=MOST_BY_ADDRESS,
                )
            self.devices[address] = self.devices.get(address, 0) + 1
        if self.of(device) != option:  # a repeated vote changes nothing, not even the order of votes
            self.cast += 1
            self.votes[device] = (option, self.cast)

    def of(self, device: str) -> int | None:
        """Index of the picture that the device voted for; None without a vote."""
        vote = self.votes.get(device)
        return None if vote is None else vote[0]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of votes for each picture."""
        chosen = [option for option, _ in self.votes.values()]
        return tuple(chosen.count(option) for option in range(self.options))

    def close(self) -> int:
        """Close the vote, and return the picture with most votes: of equals, the first with all its votes.

        Raises:
            SessionError: there is no vote.
        """
        if self.winner is None:
            if not self.votes:
                raise SessionError("Expected at least one vote, found none. Wait for the audience.")
            last = [
                max((cast for o, cast in self.votes.values() if o == n), default=0)
                for n in range(self.options)
            ]
            self.winner = max(range(self.options), key=lambda option: (self.counts[option], -last[option]))
        return self.winner


@dataclass
class LiveVote:
    """The audience of one session, as the store had it at one moment.

    Attributes:
        ballot: the vote on the present round; None before the presenter opened it.
        now_s: that moment, on the clock that all processes share.
    """

    ballot: Ballot | None = None
    now_s: float = 0.0

    def open(self, number: int, shown: str, options: int, pictures: Sequence[str] = ()) -> Ballot:
        """The ballot on a round: the present one if it is on the same pictures, or else a new one.

        Args:
            number: of the round.
            shown: fingerprint of the round.
            options: number of pictures.
            pictures: their hashes.
        """
        ballot = self.ballot
        if ballot is None or (ballot.number, ballot.shown) != (number, shown):
            ballot = self.ballot = Ballot(number, shown, options, tuple(pictures))
        return ballot

    def close_in(self, seconds: float) -> None:
        """Let the present ballot close by itself after so many seconds."""
        if self.ballot is not None:
            self.ballot.closes_s = self.now_s + seconds

    def left_s(self) -> int | None:
        """Whole seconds until the ballot closes by itself; None when it does not."""
        if self.ballot is None or self.ballot.closes_s is None:
            return None
        return max(0, math.ceil(self.ballot.closes_s - self.now_s))


class LiveVotes:
    """The live votes of a store, by code. Calls may wait for the database, and may come from any thread."""

    def __init__(self, notes: Notes) -> None:
        """The votes that the store knows."""
        self._notes, self._lock = notes, threading.Lock()
        self._seen: OrderedDict[str, tuple[LiveVote, float]] = OrderedDict()

    def find(self, code: str) -> LiveVote | None:
        """The live vote of that code, as it was at most `FRESH_S` ago; None if no presenter opened it."""
        with self._lock:
            seen = self._seen.get(code)
        if seen is not None and time.monotonic() - seen[1] < FRESH_S:
            return seen[0]
        note = self._notes.find(KIND, code)
        if note is None:
            return None
        return self._remembered(code, LiveVote(_ballot_of(note.value), note.now_s))

    def change(self, code: str, change: Callable[[LiveVote], None]) -> LiveVote:
        """Change a live vote, which is opened now if needed, while no other process changes it.

        An error of `change` leaves the vote as it was.
        """
        changed: list[LiveVote] = []

        def new_value(note: Note | None, now_s: float) -> bytes:
            live = LiveVote(None if note is None else _ballot_of(note.value), now_s)
            change(live)
            changed.append(live)
            return b"null" if live.ballot is None else json.dumps(asdict(live.ballot)).encode()

        self._notes.change(KIND, code, new_value, KEPT_S)
        self._remembered(code, changed[-1])
        return changed[-1]

    def _remembered(self, code: str, live: LiveVote) -> LiveVote:
        with self._lock:
            self._seen[code] = live, time.monotonic()
            self._seen.move_to_end(code)
            while len(self._seen) > MOST_VOTES:
                self._seen.popitem(last=False)
        return live


def _ballot_of(value: bytes) -> Ballot | None:
    """The ballot as it was kept."""
    kept = json.loads(value)
    if kept is None:
        return None
    votes = {device: (option, cast) for device, (option, cast) in kept["votes"].items()}
    return Ballot(**kept | {"votes": votes, "pictures": tuple(kept["pictures"])})
