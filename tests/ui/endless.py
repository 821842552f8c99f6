"""An app whose pictures never get done: three of them are being drawn as soon as it is ready."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.ui.background import BackgroundRenders
from personalize.ui.http.server import serve
from personalize.ui.http.shutdown import leave
from personalize.ui.page import build_page
from tests.fakes import FakeEmbedder, FakeRenderer, Job, fake_vocabulary


class EndlessRenderer(FakeRenderer):
    """Draws for ten minutes."""

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        """Nothing before the test is over."""
        say("drawing")
        time.sleep(600)
        return super().render(jobs, on_step)


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Serve on a free port until told to end."""
    settings = Settings(port=0, data=folder, candidates=200)
    vocabulary, embedder, renderer = fake_vocabulary(), FakeEmbedder(), EndlessRenderer()
    preparation = prepare(vocabulary, FakeRenderer(), embedder, settings)
    store = DatabaseStore(settings.database, settings.picture_place)
    personalizer = Personalizer(preparation, store, renderer, embedder, settings)
    renders = BackgroundRenders()

    async def follow() -> None:
        token = personalizer.start("a fox").token
        round_ = personalizer.propose(token)
        async for _ in renders.follow("round", token, lambda on_step: personalizer.render(token, 1, on_step)):
            assert not round_.rendered

    def draw() -> None:
        for _ in range(3):
            threading.Thread(target=lambda: asyncio.run(follow()), daemon=True).start()

    def ready(url: str) -> None:
        say(f"ready at {url}")
        draw()

    serve(build_page(personalizer, settings, vocabulary, renders), personalizer, settings, ready)
    renders.close()
    renderer.close()
    leave(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
