"""What a command is, and the flags that several commands have."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from personalize.errors import SettingsError
from personalize.settings import Settings

Flags = argparse.Namespace


class FlagParser(argparse.ArgumentParser):
    """A parser that raises errors in the form of all other errors."""

    def error(self, message: str) -> NoReturn:
        """Raise a SettingsError instead of printing the usage."""
        raise SettingsError(f"Expected flags as in --help, found this: {message}. Correct it.")


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        flags: adds the flags of this command only.
        run: runs the command and prints its result.
        shared: names of groups of flags that several commands have, for `add_shared`.
    """

    flags: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Flags, Settings], None]
    shared: tuple[str, ...] = ()


def add_shared(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    """Add `--model`, `--data` and `--threads`, and the groups of flags in `names` ("json", "questions")."""
    parser.add_argument("--model", help="name in the catalogue, or a folder (default: mini)")
    parser.add_argument("--data", help="folder of sessions, pictures and caches")
    parser.add_argument("--threads", type=int, help="CPU threads of the networks (default: the free cores)")
    if "json" in names:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    if "questions" in names:
        parser.add_argument("--options", type=int, help="number of pictures in a round")
        parser.add_argument("--vocabulary", help="name in assets/vocabulary, or a folder")
