"""One of two web processes at one store. It writes down what it draws, and can be held while it draws.

While the file `hold` exists, a batch stays at its half. `begun` and `drawn` get a line for every picture.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from personalize.settings import Settings
from tests.browser.serve import serve_fakes
from tests.fakes import FakeRenderer, Job

PIN = "204618"
DRAWS = 12
"""Drawings a minute of one session."""


@dataclass
class HeldRenderer(FakeRenderer):
    """Draws like the fake, and says so in files of a folder that the test reads."""

    folder: Path = Path()

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        """PNG bytes of every job, in order."""
        self._say("begun", jobs)
        while (self.folder / "hold").exists():
            time.sleep(0.05)
            if on_step is not None:
                on_step(1, 2)
        drawn = super().render(jobs)
        self._say("drawn", jobs)
        return drawn

    def _say(self, file: str, jobs: Sequence[Job]) -> None:
        with (self.folder / file).open("a", encoding="utf-8") as stream:
            stream.write("".join(f"{os.getpid()}\t{job.prompt}\t{job.seed}\n" for job in jobs))


def main(arguments: list[str]) -> None:
    """Serve at a free port until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    parser.add_argument("--pid", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    chosen.pid.write_text(str(os.getpid()))
    settings = Settings(
        data=chosen.data,
        port=0,
        database_url=chosen.database,
        candidates=200,
        pool=64,
        bank=0,
        drawn_ahead=8,
        staff_pin=PIN,
        kiosk=600,
        draws_a_minute=DRAWS,
    )
    serve_fakes(settings, HeldRenderer(folder=chosen.data.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
