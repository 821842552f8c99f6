"""``speed``: pictures a second of local threads beside replicas on Ray, drawn in turns in one run."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models import load_on_ray, load_renderer
from models.errors import ModelError
from models.jobs import Job
from models.output import write_line

ROUND = 4
"""Pictures of a request."""


def add_speed(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command ``speed``."""
    parser = commands.add_parser("speed", help="pictures a second: local threads beside replicas on Ray")
    parser.set_defaults(run=lambda chosen: compare(chosen.model, chosen.cores, chosen.repeats, chosen.json))
    parser.add_argument("model", nargs="?", default="mini", help="name in the catalogue, or a folder")
    parser.add_argument("--cores", type=int, default=2, help="local threads, and replicas of one thread each")
    parser.add_argument("--repeats", type=int, default=8, help="turns of each arm; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def compare(model: str, cores: int, repeats: int, as_json: bool) -> int:
    """Write the speeds of both arms and their ratio, and what the connection to Ray took; returns 0.

    Raises:
        ModelError: a number is below 1, or a model or Ray cannot be used.
    """
    if cores < 1 or repeats < 1:
        raise ModelError(f"Expected --cores and --repeats of at least 1, found {cores} and {repeats}.")
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        remote, _ = load_on_ray(model, folder=Path(folder), threads=1, least=cores, most=cores)
        start_s = time.perf_counter() - began_s
        memory = _memory()
        try:
            found = measured(remote.render, load_renderer(model, cores).render, cores, repeats)
        finally:
            remote.close()
    result = {**found, "start_s": start_s, "memory_mib": memory, "cores": cores, "repeats": repeats}
    write_line(json.dumps(result) if as_json else _table(result))
    return 0


def measured(
    remote: Callable[[Sequence[Any]], list[bytes]],
    local: Callable[[Sequence[Any]], list[bytes]],
    replicas: int,
    repeats: int,
) -> dict[str, float]:
    """Median pictures a second of both arms and of their ratio, over turns that follow one another.

    Args:
        remote: draws on replicas; asked by one more thread than there are replicas.
        local: draws in this process.
        replicas: how many there are.
        repeats: turns of each arm, after one that does not count.
    """
    seeds = iter(range(10**9))
    speeds: list[tuple[float, float]] = []

    def round_() -> list[Job]:
        return [Job("a fox, watercolor", next(seeds)) for _ in range(ROUND)]

    with ThreadPoolExecutor(replicas + 1) as asking:
        for _ in range(repeats + 1):
            rounds = [round_() for _ in range(2 * replicas)]
            began_s = time.perf_counter()
            list(asking.map(remote, rounds))
            turned_s = time.perf_counter()
            for one in rounds:
                local(one)
            ended_s = time.perf_counter()
            drawn = ROUND * len(rounds)
            speeds.append((drawn / (turned_s - began_s), drawn / (ended_s - turned_s)))
    counted = speeds[1:]
    return {
        "ray_a_second": statistics.median(ray for ray, _ in counted),
        "local_a_second": statistics.median(alone for _, alone in counted),
        "ratio": statistics.median(ray / alone for ray, alone in counted),
    }


def _memory() -> dict[str, float]:
    """Resident memory of this process in MiB, and its part that is no file, where the system says so."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return {}
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return {name: int(size) / 1024 for name, size in sizes.items()}


def _table(result: dict[str, Any]) -> str:
    memory, cores = result["memory_mib"], result["cores"]
    whole, own = memory.get("VmRSS", 0.0), memory.get("RssAnon", 0.0)
    return "\n".join(
        [
            f"{cores} replicas of one thread on Ray: {result['ray_a_second']:.2f} pictures a second",
            f"{cores} threads of this process:       {result['local_a_second']:.2f}",
            f"ratio, median of {result['repeats']} turns:      {result['ratio']:.2f}",
            f"start of Ray and of its replicas: {result['start_s']:.1f} s",
            f"memory of this process: {whole:.0f} MiB, {own:.0f} of it no files",
        ]
    )
