"""Rate limits, so that no visitor can use up the renderer: a token bucket for each visitor.

A session needs one token a round, so a person stays below the limits; a script may not. The store keeps the
buckets (`session/limits.py`), so all processes count together. It keeps no name and no address of a visitor,
only a keyed hash, until the bucket is full again.
"""

import hashlib
import hmac
import math
import secrets

from personalize.errors import LimitError
from personalize.session.limits import Limits, MemoryLimits
from personalize.session.notes import Notes


class Limit:
    """A token bucket for each visitor: at most so many requests in so many seconds, all at once if wanted."""

    def __init__(
        self, goes: int, seconds: float, what: str, limits: Limits | None = None, key: bytes = b"here"
    ) -> None:
        """Start with a full bucket for each visitor that has none yet.

        Args:
            goes: tokens in a full bucket; 0 for no limit.
            seconds: time in which an empty bucket becomes full.
            what: name of the limited thing in the error's sentence, such as "drawings".
            limits: keeps the buckets; None for buckets of its own.
            key: of the hashes of visitors (see `key_of_limits`).
        """
        self._goes, self._seconds, self._what = goes, seconds, what
        self._limits, self._key = limits or MemoryLimits(), key

    def take(self, visitor: str) -> None:
        """Take one token from this visitor's bucket. The call may wait for the database.

        Raises:
            LimitError: the bucket is empty; the error has the time to wait.
            StoreError: the database does not answer.
        """
        if not self._goes:
            return
        name = hmac.new(self._key, visitor.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        left_s = self._limits.take(self._what, name, self._goes, self._seconds)
        if left_s > 0.0:
            wait_s = math.ceil(left_s)
            raise LimitError(
                "Expected at most {goes} {what} in {span}, found more. Everyone shares one painter here; "
                "please wait {wait}.",
                wait_s,
                goes=self._goes,
                what=self._what,
                span=_span(self._seconds),
                wait=_span(wait_s),
            )


def key_of_limits(notes: Notes) -> bytes:
    """The key of the hashes of visitors, the same for all processes of a store."""
    return notes.first("key", "limits", secrets.token_bytes(32))


def _span(seconds: float) -> str:
    if seconds < 90:
        return "a minute" if seconds == 60 else f"{seconds:.0f} s"
    return "an hour" if seconds == 3600 else f"{math.ceil(seconds / 60)} min"
