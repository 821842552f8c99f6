"""Values of settings as text: read from a variable or a flag, and written in the table."""

from pathlib import Path
from typing import Any

from personalize.errors import SettingsError


def parsed(variable: str, text: str, kind: Any) -> object:
    """The value of a text, with the type of its setting.

    Raises:
        SettingsError: the text is not such a value.
    """
    if kind is Path and not text.strip():
        raise SettingsError(f"Expected {variable} to be a folder, found nothing. Leave it out or name one.")
    try:
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind == tuple[float, ...]:
            return tuple(float(part) for part in text.split(","))
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
    except ValueError:
        wanted = {int: "a whole number", float: "a number"}.get(kind, "numbers with commas between")
        raise SettingsError(f"Expected {variable} to be {wanted}, found '{text}'. Correct it.") from None
    return Path(text) if kind is Path else text


def written_value(value: object) -> str:
    """The text of a value, as in the table and on the command line."""
    if isinstance(value, tuple):
        return ",".join(part if isinstance(part, str) else f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
