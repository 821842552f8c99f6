"""Leases: which process draws which picture, so that processes that share a database draw each one once.

A lease is a row that its owner renews while it draws. It is over when its owner ends it, or when it was not
renewed for `LEASE_S` on the clock of the database. Whoever comes next may take it then. Seeds fix a picture,
so two owners at once cost time and change nothing: the picture that is kept first stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from personalize.session.record import PictureRecord

LEASE_S = 5.0
"""Seconds for which a lease holds without a renewal."""


@dataclass(frozen=True)
class Lease:
    """What its owner says of a picture that it draws.

    Attributes:
        share: of the drawing that is done, 0..1.
        left_s: seconds until the picture is there, as its owner sees it.
    """

    share: float = 0.0
    left_s: float = 0.0


@dataclass(frozen=True)
class Claim:
    """Pictures by who draws them.

    Attributes:
        free: that nobody else draws. After `take` the caller has the leases of these.
        drawn: the hashes of those that are there.
        elsewhere: that other owners draw.
    """

    free: tuple[PictureRecord, ...] = ()
    drawn: Mapping[PictureRecord, str] = field(default_factory=dict)
    elsewhere: Mapping[PictureRecord, Lease] = field(default_factory=dict)


class Leases(Protocol):
    """The leases of the pictures of a store. Every method may raise a StoreError."""

    def take(self, owner: str, records: Sequence[PictureRecord]) -> Claim:
        """Take the leases of those pictures that are not there and that no other owner draws."""

    def look(self, owner: str, records: Sequence[PictureRecord]) -> Claim:
        """The same without taking any: `free` are those that `take` would give."""

    def renew(self, owner: str, records: Sequence[PictureRecord], lease: Lease) -> None:
        """Renew the owner's leases of these pictures, and say how far they are; others stay as they are."""

    def release(self, owner: str, records: Sequence[PictureRecord]) -> None:
        """End the owner's leases of these pictures."""
