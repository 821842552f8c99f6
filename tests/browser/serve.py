"""The page as the browser tests see it: everything real but the networks.

Some subjects behave oddly on purpose: "a broken brush" cannot be drawn the first time, "a slow brush" takes a
while, and a "held brush" waits for a file.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from personalize.errors import RenderError
from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.ui.background import BackgroundRenders
from personalize.ui.http.server import serve
from personalize.ui.http.shutdown import leave
from personalize.ui.page import build_page
from personalize.vocabulary.known_subjects import KnownSubjects
from tests.fakes import FakeEmbedder, FakeRenderer, Job, fake_vocabulary

SLOW_S = 2.0
KNOWN = Path(__file__).parents[2] / "models" / "mini" / "subjects.toml"


@dataclass
class OddRenderer(FakeRenderer):
    """Draws like the fake, fails once, can be slow, and can be held.

    Of a subject that ends in "held brush" the first pictures are drawn at once. All others wait until the
    file `release` exists.
    """

    release: Path | None = None
    failed: bool = False
    begun: set[str] = field(default_factory=set)

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        """PNG bytes of every job, in order.

        Raises:
            RenderError: the first time that a broken brush is asked for.
        """
        prompts = " ".join(job.prompt for job in jobs)
        if "broken brush" in prompts and not self.failed:
            self.failed = True
            raise RenderError("The brush broke. Draw them again.")
        if "slow brush" in prompts:
            for step in range(8):
                time.sleep(SLOW_S / 8)
                if on_step is not None:
                    on_step(step + 1, 8)
        subject = jobs[0].prompt.split(",")[0]
        if subject.endswith("held brush") and self.release is not None:
            while subject in self.begun and not self.release.exists():
                time.sleep(0.05)
                if on_step is not None:
                    on_step(1, 8)
            self.begun.add(subject)
        return super().render(jobs, on_step)


def say_ready(url: str) -> None:
    """As the app says it."""
    sys.stdout.write(f"Palate is ready at {url}\n")
    sys.stdout.flush()


def serve_fakes(settings: Settings, renderer: FakeRenderer, known: KnownSubjects | None = None) -> None:
    """Serve the real page, loop and store over a renderer, until told to end."""
    vocabulary, embedder = fake_vocabulary(), FakeEmbedder()
    preparation = prepare(vocabulary, FakeRenderer(), embedder, settings)
    store = DatabaseStore(settings.database, settings.picture_place)
    personalizer = Personalizer(preparation, store, renderer, embedder, settings, known=known)
    renders = BackgroundRenders()
    page = build_page(personalizer, settings, vocabulary, renders)
    serve(page, personalizer, settings, say_ready, renders.metrics)
    renders.close()
    renderer.close()


def main(arguments: list[str]) -> None:
    """Serve on a free port until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", default="")
    parser.add_argument("--release", type=Path)
    parser.add_argument("--kiosk", type=int, default=0)
    parser.add_argument("--address", default="")
    parser.add_argument("--staff-pin", default="")
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--mcp", type=int, default=0)
    parser.add_argument("--strategy", default="adaptive")
    parser.add_argument("--study-learning", type=int, default=8)
    parser.add_argument("--study-common", type=int, default=8)
    chosen = parser.parse_args(arguments)
    known = KnownSubjects.load(KNOWN) if vars(chosen).pop("known") else None
    renderer = OddRenderer(release=vars(chosen).pop("release"))
    settings = Settings(port=0, pool=64, **vars(chosen))
    serve_fakes(settings, renderer, known)


if __name__ == "__main__":
    main(sys.argv[1:])
    leave(0)
