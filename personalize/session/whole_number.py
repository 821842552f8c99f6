"""Whole numbers as they arrive from outside: in calls of programs, in events of the page, and in votes."""

import re

from personalize.errors import SessionError

LARGEST = 2**31 - 1
"""Largest whole number that every database can store."""

_WRITTEN = re.compile(r"[+-]?[0-9]{1,10}(\.0{1,10})?")


def whole_number(value: object) -> int | None:
    """The whole number that a value means: 2, 2.0 and "2" are 2. None for a value that means none.

    A truth value, an empty text, a fraction, and a number beyond LARGEST are no whole numbers.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        written = value.strip()
        value = float(written) if _WRITTEN.fullmatch(written) else None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and -LARGEST <= value <= LARGEST else None


def checked_whole_number(value: object, name: str) -> int:
    """The whole number that a program sent under that name.

    Raises:
        SessionError: the value means no whole number.
    """
    number = whole_number(value)
    if number is None:
        raise SessionError(
            "Expected a whole number as {name}, found {found}. Send a number such as 2.",
            name=name,
            found=_shown(value),
        )
    return number


def _shown(value: object) -> str:
    """A short text for a value of any size and depth."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool | float | str):
        return repr(value)[:40]
    return "too large a number" if isinstance(value, int) else "something else"
