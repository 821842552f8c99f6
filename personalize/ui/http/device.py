"""Cookies of devices that this server signed, so that nobody can invent a device.

The key is a file in the data folder, and a note in the store. A device is therefore still known after a
restart, and to the other processes of the store.
"""

import hashlib
import hmac
import ipaddress
import logging
import os
import secrets
from pathlib import Path
from typing import Any

from personalize.session.notes import Notes

log = logging.getLogger(__name__)

KEY_FILE, KEY_BYTES = "device.key", 32
"""Name of the key's file in the data folder, and its size."""

_LONGEST = 128
"""Characters of a cookie that is worth a look."""


class Devices:
    """Signs and recognises devices with one key."""

    def __init__(self, key: bytes) -> None:
        """Use a secret key."""
        self._key = key

    def new(self) -> str:
        """The cookie of a new device: a random number and its signature."""
        number = secrets.token_urlsafe(16)
        return f"{number}.{self._signature(number)}"

    def of(self, cookie: str) -> str:
        """The number of the device with this cookie; "" if this server did not sign it."""
        number, _, signature = cookie.partition(".")
        signed = len(cookie) <= _LONGEST and hmac.compare_digest(
            signature.encode("utf-8", "replace"), self._signature(number).encode()
        )
        return number if signed else ""

    def hidden(self, name: str) -> str:
        """A keyed hash of a name, such as an address, that is kept in its place."""
        return self._signature(f"hidden/{name}")

    def _signature(self, number: str) -> str:
        return hmac.new(self._key, number.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def devices_in(folder: Path, kind: str, notes: Notes | None = None) -> Devices:
    """The devices of a data folder, with a key that is made now if there is none.

    The processes of one store have one key: that of the first of them.

    Each kind has a key of its own, so a device of one kind does not pass for one of another.

    Where no key can be kept, the devices are known until the process ends.
    """
    path = folder.expanduser() / KEY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _kept_key(path)
    except OSError as error:
        log.warning("expected to keep the key of devices, found: %s; a restart forgets them", error)
        key = secrets.token_bytes(KEY_BYTES)
    if notes is not None:
        key = notes.first("key", "devices", key)
    return Devices(hmac.new(key, kind.encode(), hashlib.sha256).digest())


def _kept_key(path: Path) -> bytes:
    """The key in a file; a missing, short or emptied file gets a new one."""
    if path.exists() and len(key := path.read_bytes()) == KEY_BYTES:
        return key
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
    part.replace(path)
    return path.read_bytes()


def address_of(request: Any) -> str:
    """The network address of a request, for limits: an IPv4 address, or the /64 network of an IPv6 one.

    Args:
        request: of starlette or of gradio; None where a program calls without one.

    Returns:
        The address; '' where it is unknown.
    """
    host = str(getattr(getattr(request, "client", None), "host", "") or "")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
