"""``python -m models COMMAND``: models and their quality."""

from __future__ import annotations

import argparse
import sys

from models.card import add_card
from models.commands import add_check, add_fetch, add_list
from models.cpu_layout import add_layout
from models.errors import ModelError
from models.evaluation.by_eye import add_blind, add_pairs
from models.evaluation.commands import add_evaluate
from models.output import exit_code_of
from models.ray_speed import add_speed


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0; 1 if a checked model is damaged; 2 after one sentence about what did not fit; 130
        if the command was interrupted.
    """
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    files = (add_list, add_fetch, add_check)
    quality = (add_evaluate, add_blind, add_pairs, add_card)
    speed = (add_layout, add_speed)
    for add in (*files, *quality, *speed):
        add(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Files that have arrived are kept.\n")
        return 130
    return code


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
