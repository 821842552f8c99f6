"""How long the parts of a round take on this machine, measured side by side in one run."""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from personalize.errors import SettingsError
from personalize.preparation.prepare import prepare, solved_design
from personalize.rendering.png import open_picture
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.session.record import PictureRecord
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary

ANSWERS = 10


def measure(
    vocabulary: Vocabulary,
    renderer: Renderer,
    embedder: Embedder,
    settings: Settings,
    repeats: int,
    shipped: Path | None = None,
) -> dict[str, Any]:
    """Median seconds of each part over `repeats` runs, after one run to warm up.

    Raises:
        SettingsError: `repeats` below 1.
    """
    if repeats < 1:
        raise SettingsError(f"Expected at least 1 repeat, found {repeats}. Choose a larger number.")
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(settings, data=Path(folder))
        prepared = prepare(vocabulary, renderer, embedder, settings, shipped=shipped)
        loop = Personalizer(prepared, MemoryStore(), renderer, embedder, settings)
        token = loop.start(vocabulary.subjects[0], seed=1).token
        for _ in range(ANSWERS):
            round_ = loop.propose(token)
            loop.render(token, round_.number)
            loop.answer(token, round_.number, best=0)
        seeds = iter(range(10**6, 10**7))

        def draw() -> list[bytes]:
            jobs = [PictureRecord(renderer.name, p, "", next(seeds)) for p in round_.prompts]
            return renderer.render(jobs)

        pictures = [open_picture(content) for content in draw()]

        def propose() -> None:
            loop.undo(token)
            loop.answer(token, loop.propose(token).number, best=0)
            loop.propose(token)

        seconds = {
            f"render_{settings.options}_pictures": _median(draw, repeats),
            f"embed_{settings.options}_pictures": _median(lambda: embedder.embed_pictures(pictures), repeats),
            "estimate": _median(lambda: loop.estimate(token), repeats),
            "undo_answer_propose": _median(propose, repeats),
            "design": _median(
                lambda: solved_design(prepared.mdp, prepared.prior, settings, use_cache=False), repeats
            ),
        }
    return {
        "model": settings.model,
        "device": str(getattr(renderer, "device", "cpu")),
        "peak_mib": _peak_mib(),
        "threads": torch.get_num_threads(),
        "options": settings.options,
        "answers": ANSWERS,
        "repeats": repeats,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
    }


def _peak_mib() -> dict[str, int]:
    """Most memory that the process held, in MiB: of the machine, and of the GPU if there is one."""
    import resource
    import sys

    unit = 2**20 if sys.platform == "darwin" else 2**10
    found = {"process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit}
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.max_memory_allocated() // 2**20
    return found


def _median(act: Callable[[], object], repeats: int) -> float:
    act()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    where = f"{result['device']}, {result['threads']} threads"
    head = f"{result['model']} on {where}, median of {result['repeats']}, in seconds"
    memory = ", ".join(f"{name} {value} MiB" for name, value in result["peak_mib"].items())
    parts = [f"{name:<22} {value:8.3f}" for name, value in result["seconds"].items()]
    return "\n".join([head, *parts, f"most memory held: {memory}"])
