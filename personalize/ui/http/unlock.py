"""A code from the console that lets staff in when strangers used up the tries of the PIN.

The console writes only a hash of the code into the data folder. The code works once, and for a few minutes.
"""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from personalize.errors import SettingsError
from personalize.files import write_whole

CODE_FILE = "staff-unlock"
"""Name of the file in the data folder."""

CODE_S = 600
"""Seconds for which a code works."""


def new_code(folder: Path) -> str:
    """A code that works once at the page for staff; an earlier code stops working.

    Raises:
        SettingsError: the data folder cannot be written.
    """
    code = secrets.token_hex(8)
    path = folder.expanduser() / CODE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, lambda stream: stream.write(_hash(code).encode()))
    except OSError as error:
        raise SettingsError(
            "Expected to write into the data folder {folder}, found: {fault}. Give the data folder of the "
            "running app with --data.",
            folder=folder,
            fault=error.strerror or error,
        ) from error
    return code


def take_code(folder: Path, code: str) -> bool:
    """Whether this is the code that the console gave; from then on it works no more."""
    path = folder.expanduser() / CODE_FILE
    try:
        fresh = 0 <= time.time() - path.stat().st_mtime <= CODE_S
        kept = path.read_bytes()
        if not fresh or not hmac.compare_digest(kept, _hash(code.strip()).encode()):
            return False
        path.unlink()  # of two requests with the same code, the second one finds no file
    except OSError:
        return False
    return True


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
