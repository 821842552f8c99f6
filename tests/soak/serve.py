"""The app that is soaked. Its renderer hangs while the file `hang` exists, and fails while `raise` does."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from personalize.errors import RenderError
from personalize.settings import Settings
from tests.browser.serve import serve_fakes
from tests.fakes import FakeRenderer, Job

STALL_S = 4.0
"""Seconds without a step after which the renderer counts as hanging."""


@dataclass
class FaultyRenderer(FakeRenderer):
    """Draws like the fake, as long as nothing is wrong."""

    faults: Path = Path()

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        """PNG bytes of every job, in order.

        Raises:
            RenderError: the file `raise` exists.
        """
        while (self.faults / "hang").exists():
            time.sleep(0.1)
        if (self.faults / "raise").exists():
            raise RenderError("The brush broke. Draw them again.")
        time.sleep(0.02 * len(jobs))
        return super().render(jobs, on_step)


def main(arguments: list[str]) -> None:
    """Serve at a port until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--pictures", default="")
    parser.add_argument("--faults", type=Path, required=True)
    parser.add_argument("--stall-s", type=float, default=STALL_S)
    parser.add_argument("--sessions-an-hour", type=int, default=0)
    chosen = parser.parse_args(arguments)
    settings = Settings(
        data=chosen.data,
        port=chosen.port,
        database_url=chosen.database,
        pictures=chosen.pictures,
        candidates=200,
        pool=64,
        bank=0,
        stall_s=chosen.stall_s,
        draws_a_minute=0,
        sessions_an_hour=chosen.sessions_an_hour,
    )
    serve_fakes(settings, FaultyRenderer(faults=chosen.faults))


if __name__ == "__main__":
    main(sys.argv[1:])
