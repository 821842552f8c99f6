"""The settings that a folder of a model states in its palate.toml."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

from models.errors import ModelError

KINDS: dict[str, type] = {
    "title": str, "licence": str, "steps": int, "guidance": float, "picture_px": int, "words": int,
    "dtype": str, "variant": str, "scheduler": str, "negative": bool, "clip": str, "vocabulary": str,
    "subjects": str,
}  # fmt: skip
"""The type of each setting."""

DTYPES = ("float16", "bfloat16", "float32")
"""Those of `models.devices`, which imports torch; a command about files need not."""

RANGES = {"words": (1, 1000), "steps": (1, 500), "guidance": (0, 50), "picture_px": (8, 4096)}
_WRITTEN = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


def own_settings(folder: Path) -> dict[str, Any]:
    """The settings in a folder's palate.toml, if it has one.

    Raises:
        ModelError: the file cannot be read, or a name, a type or a value in it does not fit.
    """
    file = folder / "palate.toml"
    if not file.is_file():
        return {}
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # editors of Windows write a BOM
    except (ValueError, OSError) as error:
        raise ModelError(
            f"Expected settings in TOML in {file}, found: {error}. Correct the file, and save it as UTF-8."
        ) from error
    return {name: _checked(file, name, value) for name, value in stated.items()}


def _checked(file: Path, name: str, value: object) -> Any:
    """The value of a setting, with its type."""
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, 1)
        advice = f"Did you mean {near[0]}? Correct the file." if near else "Correct the file."
        raise ModelError(f"Expected one of {', '.join(KINDS)} in {file}, found '{name}'. {advice}")
    kind = KINDS[name]
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ModelError(
            f"Expected {name} to be {_WRITTEN[kind]} in {file}, found {value!r}. Correct the file."
        )
    if name in RANGES:
        low, high = RANGES[name]
        if not low <= float(str(value)) <= high:  # which no NaN passes
            raise ModelError(
                f"Expected {name} from {low} to {high} in {file}, found {value}. Correct the file."
            )
    if name == "picture_px" and int(str(value)) % 8:
        raise ModelError(
            f"Expected picture_px to be a multiple of 8 in {file}, found {value}. Correct the file."
        )
    if name == "dtype" and value not in DTYPES:
        raise ModelError(f"Expected dtype out of {', '.join(DTYPES)} in {file}, found '{value}'. Correct it.")
    return kind(value)
