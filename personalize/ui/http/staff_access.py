"""The PIN of a booth, and the browsers that may act as staff because they gave it.

A PIN is short, so guessing must be slow: all browsers together have a few tries in a few minutes. A browser
that gave the PIN holds a random id in a cookie. This process remembers the ids; a restart forgets them.
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

STAFF_COOKIE = "palate_staff"
"""The cookie of a browser that gave the PIN."""

TRIES, TRIES_S = 5, 300.0
"""Tries of the PIN for all browsers together, in so many seconds. Six figures would take two years."""

SHIFT_S = 12 * 3600
"""Seconds after which the PIN is asked for again."""

MOST_BROWSERS = 50
"""Browsers that are remembered; the one that gave the PIN longest ago is forgotten first."""


class StaffAccess:
    """The PIN of a booth, and the browsers that gave it. Safe to use from any thread."""

    def __init__(self, pin: str, now_s: Callable[[], float] = time.monotonic) -> None:
        """Start without any browser of staff.

        Args:
            pin: the PIN; "" for a booth without staff pages.
            now_s: a clock, in seconds.
        """
        self._pin, self._now_s = pin, now_s
        self._tries = Limit(TRIES, TRIES_S, "tries of the PIN", now_s)
        self._since: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def enabled(self) -> bool:
        """Whether this booth has a PIN."""
        return bool(self._pin)

    def log_in(self, pin: str, response: Response) -> None:
        """Set the staff cookie on this response if the PIN is right.

        Raises:
            LimitError: too many tries; the error has the time to wait.
            SessionError: the PIN is wrong, or the booth has none.
        """
        try:
            self._tries.take("anybody")
        except LimitError as error:
            wait = math.ceil(error.wait_s / 60)
            raise LimitError(
                "Expected a few tries of the PIN, found too many. Wait {minutes} min and try again.",
                error.wait_s,
                minutes=wait,
            ) from None
        if not self._pin or not hmac.compare_digest(pin.strip().encode(), self._pin.encode()):
            raise SessionError("Expected the PIN of this booth, found another. Try again.")
        browser = secrets.token_urlsafe(16)
        with self._lock:
            self._since[browser] = self._now_s()
            while len(self._since) > MOST_BROWSERS:
                self._since.popitem(last=False)
        response.set_cookie(STAFF_COOKIE, browser, max_age=SHIFT_S, httponly=True, samesite="strict")

    def log_out(self, request: Request, response: Response) -> None:
        """Forget the browser of the request, and delete its staff cookie."""
        with self._lock:
            self._since.pop(request.cookies.get(STAFF_COOKIE, ""), None)
        response.delete_cookie(STAFF_COOKIE, httponly=True, samesite="strict")

    def is_staff(self, request: Request) -> bool:
        """Whether the request comes from a browser that gave the PIN during this shift."""
        with self._lock:
            since = self._since.get(request.cookies.get(STAFF_COOKIE, ""))
        return since is not None and self._now_s() - since < SHIFT_S
