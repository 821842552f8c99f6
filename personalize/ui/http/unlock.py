"""A code from the console that lets staff in when strangers used up the tries of the PIN.

The console writes only a hash of the code into the store. The code works once, for a few minutes, and at any
process of the store.
"""

import hashlib
import secrets

from personalize.session.notes import Notes

CODE_S = 600
"""Seconds for which a code works."""

_KIND = "unlock"


def new_code(notes: Notes) -> str:
    """A code that works once at the page for staff; an earlier code stops working.

    Raises:
        StoreError: the store cannot be written.
    """
    code = secrets.token_hex(8)
    notes.keep(_KIND, _hash(code), b"", CODE_S, most=1)
    return code


def take_code(notes: Notes, code: str) -> bool:
    """Whether this is the code that the console gave; from then on it works no more."""
    name = _hash(code.strip())
    # Most tries are a PIN. They cost no write.
    return notes.find(_KIND, name) is not None and notes.take(_KIND, name) is not None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
