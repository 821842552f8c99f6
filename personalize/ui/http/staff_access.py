"""Who is staff at a booth: whoever knows the PIN, on the browser that gave it, until the day is over.

The PIN is short, so guessing it must be slow: all browsers together have a few tries in some minutes. What
the browser then holds is a random number that this process remembers; a restart forgets all of them.
"""

import hmac
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from personalize.errors import LimitError, SessionError
from personalize.ui.rate_limit import Limit

STAFF = "palate_staff"
"""The cookie of a browser that gave the PIN."""

TRIES, TRIES_S = 5, 300.0
"""PINs that all browsers together may try in so many seconds: to try all of six figures takes two years."""

SHIFT_S = 12 * 3600
"""After that the PIN is asked for again."""

BROWSERS = 50
"""That are remembered; the one that gave the PIN longest ago is forgotten first."""


class Staff:
    """The PIN of a booth, and the browsers that gave it. Safe to use from any thread."""

    def __init__(self, pin: str, now_s: Callable[[], float] = time.monotonic) -> None:
        """Nobody is staff yet; with an empty PIN nobody ever is."""
        self._pin, self._now_s = pin, now_s
        self._tries = Limit(TRIES, TRIES_S, "tries of the PIN", now_s)
        self._since: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether this Palate has a PIN at all."""
        return bool(self._pin)

    def enter(self, pin: str, answer: Response) -> None:
        """Make the browser that gets this answer staff's.

        Raises:
            LimitError: too many tries by anybody; it says for how long.
            SessionError: it is not the PIN, or there is none.
        """
        try:
            self._tries.take("anybody")
        except LimitError as error:
            wait = math.ceil(error.wait_s / 60)
            raise LimitError(
                f"Expected a few tries of the PIN, found too many. Wait {wait} min and try again.",
                error.wait_s,
            ) from None
        if not self._pin or not hmac.compare_digest(pin.strip().encode(), self._pin.encode()):
            raise SessionError("Expected the PIN of this booth, found another. Try again.")
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._since[name] = self._now_s()
            while len(self._since) > BROWSERS:
                self._since.popitem(last=False)
        answer.set_cookie(STAFF, name, max_age=SHIFT_S, httponly=True, samesite="strict")

    def leave(self, request: Request, answer: Response) -> None:
        """Make it anybody's again."""
        with self._lock:
            self._since.pop(request.cookies.get(STAFF, ""), None)
        answer.delete_cookie(STAFF, httponly=True, samesite="strict")

    def knows(self, request: Request) -> bool:
        """Whether this comes from a browser of staff."""
        with self._lock:
            since = self._since.get(request.cookies.get(STAFF, ""))
        return since is not None and self._now_s() - since < SHIFT_S
