"""The checks of values: ranges, choices, and the form of addresses, folders and PINs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personalize.errors import SettingsError
from personalize.session.record import STRATEGY_NAMES, STUDY
from personalize.settings.values import written_value

_ARMS = tuple(name for name in STRATEGY_NAMES if name != STUDY)
_PIN = re.compile(r"[0-9]{4,12}")
_CLUSTER = re.compile(r"local|ray|auto|[A-Za-z0-9._-]{1,253}:[0-9]{1,5}|\[[0-9A-Fa-f:]{2,45}\]:[0-9]{1,5}")
_SERVER = re.compile(r"https?://.", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]_~%/-]{1,200}")

_BUCKET = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*/?")

SHORTEST_REPEAT_GAP = 4
"""Fewest rounds from a question to its repeat.

With `repeats` = n, round n is the first repeat and round 1 its question. Their gap is n - 1, so n must be
above this constant. A shorter gap would be noticed, and its answer would add little information.
"""


def check_value(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    """Check one value.

    Raises:
        SettingsError: the value is not valid.
    """
    low, high, choices = metadata["low"], metadata["high"], metadata["choices"]
    if name == "study_arms" and (unknown := [arm for arm in value if arm not in _ARMS]):
        raise SettingsError(
            f"Expected study_arms out of {', '.join(_ARMS)}, found '{unknown[0]}'. Correct it."
        )
    if choices and value not in choices:
        raise SettingsError(f"Expected {name} to be {' or '.join(choices)}, found '{value}'. Choose one.")
    if isinstance(value, str) and any(ord(character) < 32 for character in value):
        raise SettingsError(f"Expected {name} without control characters, found some. Remove them.")
    if name in ("model", "host", "render_on") and not value:
        raise SettingsError(f"Expected {name} to be given, found nothing. Leave it out for the default.")
    if name == "picture_px" and value % 8:
        raise SettingsError(f"Expected picture_px to be a multiple of 8, found {value}. Round it.")
    if name == "address" and value and not _ADDRESS.fullmatch(value):
        raise SettingsError(
            f"Expected address to be a URL such as http://192.168.1.20:7860, found '{value}'. Correct it."
        )
    if name == "pictures" and value:
        _check_pictures(value)
    if name == "render_on" and not (_CLUSTER.fullmatch(value) or _SERVER.match(value)):
        raise SettingsError(
            "Expected render_on to be local, ray, host:port of a Ray cluster, or the http:// address of an "
            f"images server, found '{value}'. Correct it."
        )
    if name == "staff_pin" and value and not _PIN.fullmatch(value):  # the error must not contain the PIN
        raise SettingsError("Expected staff_pin to be 4 to 12 figures, found something else. Choose another.")
    if low is None:
        return
    numbers = value if isinstance(value, tuple) else (value,)
    if not numbers or not all(low <= number <= high for number in numbers):
        raise SettingsError(
            f"Expected {name} from {low:g} to {high:g}, found {written_value(value) or 'nothing'}. "
            "Choose a value in this range."
        )


def _check_pictures(place: str) -> None:
    """Check the place of the pictures.

    Raises:
        SettingsError: it is a URL with a password or without a bucket, or its home folder is unknown.
    """
    if "://" not in place:
        try:
            Path(place).expanduser()
        except RuntimeError:
            raise SettingsError(
                f"Expected pictures to be a folder or a URL, found an unknown home folder in '{place}'. "
                "Choose another folder."
            ) from None
        return
    if "@" in place:  # the error must not contain the password
        raise SettingsError(
            "Expected pictures to be a URL without a password, found one in it. "
            "Take it out, and use the variables of the store, such as AWS_SECRET_ACCESS_KEY."
        )
    if not _BUCKET.fullmatch(place):
        raise SettingsError(
            f"Expected pictures to be a folder or a URL such as s3://bucket/prefix, found '{place}'. "
            "Correct it."
        )


def check_folder(folder: Path) -> None:
    """Check the data folder.

    Raises:
        SettingsError: its home folder is unknown, or its name contains control characters.
    """
    try:
        folder.expanduser()
    except RuntimeError:
        raise SettingsError(
            f"Expected data to be a folder, found an unknown home folder in '{folder}'. "
            "Choose another folder."
        ) from None
    if any(ord(character) < 32 for character in str(folder)):
        raise SettingsError(
            f"Expected data to be a folder without control characters in its name, found {str(folder)!r}. "
            "Choose another folder."
        )
