"""The PIN of a booth, and the browsers that may act as staff because they gave it.

A PIN is short, so guessing must be slow: an address has a few tries in a few minutes, and so have all
addresses together. A device that gave the PIN once has tries of its own, so strangers cannot lock it out. A
code from the console (`unlock`) lets anybody else in. A browser of staff holds a random id in a cookie. This
process remembers the ids; a restart forgets them.
"""

import hmac
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from personalize.errors import LimitError, SessionError
from personalize.ui.http.device import KEY_BYTES, Devices, address_of, devices_in
from personalize.ui.http.unlock import take_code
from personalize.ui.rate_limit import Limit

STAFF_COOKIE = "palate_staff"
"""The cookie of a browser that gave the PIN."""

KNOWN_COOKIE, KNOWN_S = "palate_staff_device", 90 * 24 * 3600
"""The signed cookie of a device that gave the PIN once, and the seconds for which it is kept."""

TRIES, TRIES_S = 5, 300.0
"""Tries of the PIN for one address, and for one known device, in so many seconds."""

COMMON_TRIES = 20
"""Tries for all addresses together in the same time. Six figures would take half a year."""

SHIFT_S = 12 * 3600
"""Seconds after which the PIN is asked for again."""

MOST_BROWSERS = 50
"""Browsers that are remembered; the one that gave the PIN longest ago is forgotten first."""


class StaffAccess:
    """The PIN of a booth, and the browsers that gave it. Safe to use from any thread."""

    def __init__(
        self, pin: str, now_s: Callable[[], float] = time.monotonic, folder: Path | None = None
    ) -> None:
        """Start without any browser of staff.

        Args:
            pin: the PIN; "" for a booth without staff pages.
            now_s: a clock, in seconds.
            folder: the data folder, with the key of devices and the console's code; None for neither.
        """
        self._pin, self._now_s = pin, now_s
        self._folder = folder
        self._known = (
            devices_in(folder, "staff") if folder and pin else Devices(secrets.token_bytes(KEY_BYTES))
        )
        self._start_limits()
        self._since: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def enabled(self) -> bool:
        """Whether this booth has a PIN."""
        return bool(self._pin)

    def log_in(self, pin: str, response: Response, request: Request | None = None) -> None:
        """Set the staff cookie on this response if the PIN is right, or is the code of the console.

        Args:
            pin: what was typed.
            response: gets the cookies.
            request: with the address and the device; without one, all tries count for one address.

        Raises:
            LimitError: too many tries; the error has the time to wait.
            SessionError: the PIN is wrong, or the booth has none.
        """
        if self._pin and self._folder and take_code(self._folder, pin):
            self._start_limits()
            self._let_in(response)
            return
        try:
            self._take_try(request)
        except LimitError as error:
            wait = math.ceil(error.wait_s / 60)
            raise LimitError(
                "Expected a few tries of the PIN, found too many. Wait {minutes} min and try again.",
                error.wait_s,
                minutes=wait,
            ) from None
        if not self._pin or not hmac.compare_digest(pin.strip().encode(), self._pin.encode()):
            raise SessionError("Expected the PIN of this booth, found another. Try again.")
        self._let_in(response)

    def _start_limits(self) -> None:
        self._tries = Limit(TRIES, TRIES_S, "tries of the PIN", self._now_s)
        self._common = Limit(COMMON_TRIES, TRIES_S, "tries of the PIN", self._now_s)

    def _take_try(self, request: Request | None) -> None:
        """Count a try for the known device, or else for the address and for everybody."""
        device = self._known.of(request.cookies.get(KNOWN_COOKIE, "")) if request else ""
        if device:
            self._tries.take(f"device {device}")
            return
        # The address first: what one address tries beyond its own limit takes nothing from the others.
        self._tries.take(f"address {address_of(request) if request else ''}")
        self._common.take("everybody")

    def _let_in(self, response: Response) -> None:
        """Remember a new browser of staff, and set its cookies."""
        browser = secrets.token_urlsafe(16)
        with self._lock:
            self._since[browser] = self._now_s()
            while len(self._since) > MOST_BROWSERS:
                self._since.popitem(last=False)
        response.set_cookie(STAFF_COOKIE, browser, max_age=SHIFT_S, httponly=True, samesite="strict")
        known = self._known.new()
        response.set_cookie(KNOWN_COOKIE, known, max_age=KNOWN_S, httponly=True, samesite="strict")

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
