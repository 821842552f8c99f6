"""The apps that are soaked: web processes, what they share, and what may go wrong with each."""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.proxy import Proxy
from tests.ray_nodes import ENVIRONMENT, RayNodes
from tests.session.postgres import PostgresServer
from tests.soak.clock import Clock, can_be_set
from tests.soak.faults import (
    Fault,
    faulty_cluster,
    faulty_pictures,
    faulty_renderer,
    full_disk,
    killed,
    killed_database,
    leave_disk,
    moved_database,
    own_disk,
    wrong_clock,
)
from tests.soak.processes import WebProcess

RECOVERY_S = 120.0
"""Seconds within which a round must be seen and answered at every process after a fault."""

STARTS_ON_RAY_S = 600.0
"""The same, and for the first answer, where a replica must load its networks first."""

ON_RAY_FLAGS = (
    "--bank", "0", "--shared-pool", "0", "--drawn-ahead", "0", "--threads", "1", "--replicas-least", "2",
    "--replicas-most", "2", "--draws-a-minute", "0", "--sessions-an-hour", "0",
)  # fmt: skip
"""Flags of the app: nothing is drawn that nobody asks for, and visitors may ask for as much as they like."""


@dataclass
class Hall:
    """An app that is visited.

    Attributes:
        processes: the web processes.
        urls: addresses that visitors use: of the processes, or of the proxy in front of them.
        faults: what may go wrong.
        left_out: faults that cannot be tried here, and why.
        recovery_s: seconds within which it must be well after a fault.
    """

    processes: list[WebProcess]
    urls: list[str]
    faults: list[Fault]
    left_out: dict[str, str]
    recovery_s: float = RECOVERY_S


@contextlib.contextmanager
def hall(database: str, folder: Path, chance: random.Random, proxied: bool = False) -> Iterator[Hall]:
    """An app with stand-ins for its networks, on "sqlite" (one process) or "postgresql" (two processes).

    Visitors of two processes choose one for each request, or come through the proxy of compose.yaml.
    """
    with contextlib.ExitStack() as stack:
        data, faulty = folder / "data", folder / "faults"
        data.mkdir()
        faulty.mkdir()
        flags = ["--data", str(data), "--faults", str(faulty)]
        faults = [*faulty_renderer(faulty), *faulty_pictures(data / "pictures", chance)]
        left_out: dict[str, str] = {}
        if database == "postgresql":
            server = stack.enter_context(PostgresServer())
            flags += ["--database", server.url("postgres")]
            faults.append(killed_database(server))
        else:
            faults.append(moved_database(data / "palate.sqlite3"))
            if own_disk(data):
                stack.callback(leave_disk, data)
                faults.append(full_disk(data))
            else:
                left_out["the disk full"] = "this account may not mount a small disk"
        processes: list[WebProcess] = []
        if not can_be_set():
            left_out["a clock set back"] = "the forks have no clock of their own"
        for number in range(1, 3 if database == "postgresql" else 2):
            clock = Clock(folder / f"clock-{number}")
            processes.append(WebProcess(flags, folder / f"web-{number}.log", clock.environment))
            stack.callback(processes[-1].stop)
            faults.append(killed(number, processes[-1]))
            if can_be_set():
                faults.append(wrong_clock(number, clock))
            processes[-1].wait()
        yield Hall(processes, _doors(stack, processes, folder, proxied), faults, left_out)


@contextlib.contextmanager
def hall_on_ray(folder: Path, chance: random.Random, kills: int, proxied: bool = False) -> Iterator[Hall]:
    """Two web processes on PostgreSQL, for which the mini models draw on a Ray cluster.

    One of two replicas is killed `kills` times, and the node of both once for every ten of these.
    """
    with contextlib.ExitStack() as stack:
        data = folder / "data"
        data.mkdir()
        server = stack.enter_context(PostgresServer())
        nodes = stack.enter_context(RayNodes(folder / "ray.log", cores=2))
        flags = ["--data", str(data), "--database-url", server.url("postgres"), *ON_RAY_FLAGS]
        flags += ["--render-on", nodes.address]
        processes: list[WebProcess] = []
        for number in (1, 2):
            log = folder / f"web-{number}.log"
            processes.append(WebProcess(flags, log, ENVIRONMENT, "app", STARTS_ON_RAY_S))
            stack.callback(processes[-1].stop)
            processes[-1].wait()
        faults = faulty_cluster(nodes, kills, chance)
        yield Hall(processes, _doors(stack, processes, folder, proxied), faults, {}, STARTS_ON_RAY_S)


def _doors(
    stack: contextlib.ExitStack, processes: list[WebProcess], folder: Path, proxied: bool
) -> list[str]:
    """The addresses that visitors use."""
    urls = [process.url for process in processes]
    return [stack.enter_context(Proxy(urls, folder / "proxy.log")).url] if proxied else urls
