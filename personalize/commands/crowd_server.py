"""The server process that the benchmark of a crowd visits."""

import asyncio
import multiprocessing
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from personalize.experiments.benchmarks.crowd import Crowd
    from personalize.vocabulary.vocabulary import Vocabulary


def visit_crowd_page(crowd: "Crowd", vocabulary: "Vocabulary", settings: Settings) -> dict[str, Any]:
    """Let a crowd visit the page of a server process.

    Raises:
        RuntimeError: the server did not start.
    """
    from personalize.experiments.benchmarks.crowd_page import process_cpu_s, visit_page
    from personalize.progress import ConsoleProgress

    spawned = multiprocessing.get_context("spawn")
    ready, said = spawned.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        chosen = replace(
            settings, data=Path(folder), port=0, rounds=100, draws_a_minute=0, sessions_an_hour=0
        )
        server = spawned.Process(target=_serve_crowd, args=(crowd, vocabulary, chosen, said), daemon=True)
        server.start()
        said.close()
        try:
            url, began_s = ready.recv(), process_cpu_s(server.pid or 0)
            found = asyncio.run(visit_page(crowd, url, vocabulary.subjects, ConsoleProgress()))
            spent_s = process_cpu_s(server.pid or 0) - began_s
            return found | {"server_cpu_s_a_pick": round(spent_s / max(1, found["rounds"]), 3)}
        except EOFError:
            raise RuntimeError("Expected a server for the crowd, found that it ended.") from None
        finally:
            server.terminate()
            server.join(30)
            server.kill()


def _serve_crowd(crowd: "Crowd", vocabulary: "Vocabulary", settings: Settings, said: "Connection") -> None:
    """Serve the real page over a renderer that only takes time, until this process is told to end."""
    from personalize.experiments.benchmarks.crowd import crowd_loop
    from personalize.ui.background import BackgroundRenders
    from personalize.ui.http.server import serve
    from personalize.ui.page import build_page

    personalizer = crowd_loop(crowd, vocabulary, settings)
    renders = BackgroundRenders()
    page = build_page(personalizer, settings, vocabulary, renders)
    serve(page, personalizer, settings, said.send, renders.metrics)
