"""The standard output of a command: it may be a pipe that is closed, or a file on a full disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from models.errors import ModelError

CLOSED = 141
"""Exit code of a program that SIGPIPE ended, as shells write it."""


def write_line(text: str) -> None:
    """Write a line at once.

    Raises:
        BrokenPipeError: nobody reads the output any more.
        ModelError: the output cannot be written.
    """
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        raise ModelError(
            f"Expected to write the output, found: {error.strerror}. Make space, or write it elsewhere."
        ) from error


def exit_code_of(command: Callable[[], int]) -> int:
    """The exit code of a command; `CLOSED` without a message if nobody reads its output any more."""
    try:
        return command()
    except BrokenPipeError:
        _discard_output()
        return CLOSED


def _discard_output() -> None:
    """Send the output to nowhere, so that Python's own flush at its end succeeds."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
