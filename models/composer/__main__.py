"""``python -m models.composer``: compose the pictures that the mini models learn from."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from models.composer.dataset import build_pictures, read_data_config
from models.errors import ModelError
from models.progress import ConsoleProgress


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 2 after one sentence."""
    parser = argparse.ArgumentParser(prog="python -m models.composer", description=__doc__)
    parser.add_argument("--build", type=Path, default=Path(".build"), help="work folder (default: .build)")
    parser.add_argument("--config", type=Path, help="file with a table [data]")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="processes")
    chosen = parser.parse_args(arguments)
    try:
        build_pictures(chosen.build, read_data_config(chosen.config), chosen.workers, ConsoleProgress())
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(
            f"Expected to write below {chosen.build}, found: {error}. Name another folder with --build.\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
