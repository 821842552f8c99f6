"""The command line: ``python -m personalize COMMAND``. ``--help`` lists the commands."""

import argparse
import logging
import os
import sys

from models.errors import ModelError
from models.output import exit_code_of
from personalize.commands import COMMANDS, FlagParser, add_shared
from personalize.errors import PersonalizeError
from personalize.settings import Settings

FROM_SETTINGS = ("model", "vocabulary", "data", "threads", "options", "criterion", "feature_source")
"""Flags that are settings. So are `--rounds` of `design`."""


def read_command(arguments: list[str]) -> argparse.Namespace:
    """The chosen command and its flags.

    Raises:
        SettingsError: a flag does not fit.
    """
    parser = FlagParser(prog="python -m personalize", description="Palate without its page.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=FlagParser)
    for name, command in COMMANDS.items():
        about = command.run.__doc__
        one = commands.add_parser(name, help=about, description=about)
        add_shared(one, command.shared)
        command.flags(one)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 2 after one sentence when something does not fit."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        chosen = read_command(arguments)
        flags = {name: getattr(chosen, name, None) for name in FROM_SETTINGS}
        if chosen.command == "design":
            flags["rounds"] = chosen.rounds
        COMMANDS[chosen.command].run(chosen, Settings.from_environment(os.environ, **flags))
    except (PersonalizeError, ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(lambda: main(sys.argv[1:])))
