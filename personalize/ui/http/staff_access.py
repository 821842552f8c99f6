"""The PIN of a booth, and the browsers that may act as staff because they gave it.

A PIN is short, so guessing must be slow: an address has a few tries in a few minutes, and so have all
addresses together. A device that gave the PIN once has tries of its own, so strangers cannot lock it out. A
code from the console (`unlock`) lets anybody else in. A browser of staff holds a random id in a cookie. The
store remembers hashes of the ids, and counts the tries, so all its processes and a restarted one agree.
"""

import hashlib
import hmac
import math
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from personalize.errors import LimitError, SessionError
from personalize.session.limits import Limits, MemoryLimits
from personalize.session.notes import MemoryNotes, Notes
from personalize.ui.http.device import KEY_BYTES, Devices, address_of, devices_in
from personalize.ui.http.unlock import take_code
from personalize.ui.rate_limit import Limit, key_of_limits

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

TRIES_OF_PIN = "tries of the PIN"
"""What is limited, in the store and in the error's sentence."""

_KIND = "staff"
"""The kind of a note about a browser of staff."""


class StaffAccess:
    """The PIN of a booth, and the browsers that gave it. Safe to use from any thread."""

    def __init__(
        self,
        pin: str,
        limits: Limits | None = None,
        notes: Notes | None = None,
        folder: Path | None = None,
    ) -> None:
        """Know the browsers of staff that the store knows.

        Args:
            pin: the PIN; "" for a booth without staff pages.
            limits: counts the tries; None to count here.
            notes: remembers browsers and the console's code; None to remember here.
            folder: the data folder, with the key of devices; None for a key of its own.
        """
        self._pin = pin
        self._limits, self._notes = limits or MemoryLimits(), notes or MemoryNotes()
        self._known = (
            devices_in(folder, "staff", self._notes)
            if folder and pin
            else Devices(secrets.token_bytes(KEY_BYTES))
        )
        key = key_of_limits(self._notes) if pin else b""
        self._tries = Limit(TRIES, TRIES_S, TRIES_OF_PIN, self._limits, key)
        self._common = Limit(COMMON_TRIES, TRIES_S, TRIES_OF_PIN, self._limits, key)

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
        if self._pin and take_code(self._notes, pin):
            self._limits.forget(TRIES_OF_PIN)
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
        self._notes.keep(_KIND, _hash(browser), b"", SHIFT_S, MOST_BROWSERS)
        response.set_cookie(STAFF_COOKIE, browser, max_age=SHIFT_S, httponly=True, samesite="strict")
        known = self._known.new()
        response.set_cookie(KNOWN_COOKIE, known, max_age=KNOWN_S, httponly=True, samesite="strict")

    def log_out(self, request: Request, response: Response) -> None:
        """Forget the browser of the request, and delete its staff cookie."""
        self._notes.take(_KIND, _hash(request.cookies.get(STAFF_COOKIE, "")))
        response.delete_cookie(STAFF_COOKIE, httponly=True, samesite="strict")

    def is_staff(self, request: Request) -> bool:
        """Whether the request comes from a browser that gave the PIN during this shift."""
        browser = request.cookies.get(STAFF_COOKIE, "")
        return bool(browser) and self._notes.find(_KIND, _hash(browser)) is not None


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode("utf-8", "replace")).hexdigest()
