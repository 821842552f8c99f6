"""The address of an images server, and the key for it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from models.errors import ModelError

LOCAL = "local"
"""The value of `render_on` for drawing in this process."""

VARIABLE = "env:"
"""What the name of an environment variable begins with, as the place of a key."""

_WHOLE = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~%/-]*)?", re.IGNORECASE)

MOST_KEY = 4096
"""Bytes of a file that may be a key."""


def is_server(render_on: str) -> bool:
    """Whether the value of `render_on` is the address of an images server."""
    return render_on.lower().startswith(("http://", "https://"))


def base_of(render_on: str) -> str:
    """The address before /v1, without a slash at its end.

    Args:
        render_on: such as http://127.0.0.1:8000 or https://images.example.org/v1.

    Raises:
        ModelError: it is no such address, or it contains a password, a query or a fragment.
    """
    try:
        parts = urlsplit(render_on.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.username is not None or parts.password is not None:
        raise ModelError(
            "Expected render_on without a user or a password, found one in the address. "
            "Take it out, and name the place of the key in PALATE_RENDER_KEY."
        )
    if not _WHOLE.fullmatch(render_on.strip()) or not parts.hostname:
        raise ModelError(
            f"Expected render_on to be {LOCAL} or an address such as http://127.0.0.1:8000, "
            f"found '{render_on[:200]}'. Correct it."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return where + parts.path.rstrip("/").removesuffix("/v1").rstrip("/")


def key_at(place: str) -> str:
    """The key that a file or an environment variable contains; '' if no place is named.

    The errors do not repeat the place, because people may have written the key itself there.

    Args:
        place: path of a file, or env:NAME.

    Raises:
        ModelError: there is no such file or variable, or what it contains is no key.
    """
    if not place:
        return ""
    if place.startswith(VARIABLE):
        key = os.environ.get(place.removeprefix(VARIABLE), "")
    else:
        try:
            with Path(place).expanduser().open("rb") as stream:
                key = stream.read(MOST_KEY).decode("ascii")
        except (OSError, RuntimeError, ValueError):
            raise ModelError(
                "Expected render_key to name a readable file that contains the key, or env:NAME, found "
                "neither. Write the key into a file and name that file."
            ) from None
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ModelError(
            "Expected one line with the key of the images server at the place that render_key names, "
            "found something else. Correct the file or the variable."
        )
    return key
