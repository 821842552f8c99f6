"""What goes wrong while people pick. Each fault ends by itself, and nobody repairs anything."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.ray_nodes import RayNodes
from tests.session.postgres import PostgresServer
from tests.soak.clock import Clock
from tests.soak.processes import WebProcess

DISK_MB = 96
"""Size of the disk that is filled up."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong for a while.

    Attributes:
        name: what it is.
        seconds: how long it lasts.
        begin: lets it happen.
        end: lets it be over.
        times: how often it happens at least.
    """

    name: str
    seconds: float
    begin: Callable[[], object]
    end: Callable[[], object] = lambda: None
    times: int = 1


def killed(number: int, process: WebProcess) -> Fault:
    """A web process that is killed, and started again as a supervisor would."""
    return Fault(f"web process {number} killed", 0.5, process.kill, process.start)


def wrong_clock(number: int, clock: Clock) -> Fault:
    """The clock of a web process that is an hour late for a while."""
    return Fault(f"the clock of web process {number} set back", 6.0, clock.set_back, clock.set_right)


def faulty_cluster(nodes: RayNodes, kills: int, chance: random.Random) -> list[Fault]:
    """One of the replicas killed that often, and for every ten of these the node, which comes back."""

    def kill_replica() -> None:
        found: list[int] = []

        def one_draws() -> bool:
            found[:] = nodes.replicas()
            return bool(found)

        nodes.until(one_draws)
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)

    return [
        Fault("a replica killed", 1.0, kill_replica, times=kills),
        Fault("the node that draws killed", 3.0, nodes.kill_worker, nodes.start_worker, max(1, kills // 10)),
    ]


def killed_database(server: PostgresServer) -> Fault:
    """A database server that is killed and comes back."""
    return Fault("PostgreSQL killed", 2.0, server.kill, server.restart)


def faulty_renderer(folder: Path) -> list[Fault]:
    """A renderer that hangs, and one that fails, by the files that `tests.soak.serve` looks at."""
    return [
        Fault(f"the renderer {what}", seconds, (folder / file).touch, (folder / file).unlink)
        for what, file, seconds in (("hangs", "hang", 8.0), ("fails", "raise", 3.0))
    ]


def faulty_pictures(pictures: Path, chance: random.Random) -> list[Fault]:
    """A folder of pictures that is removed, and a picture that is damaged."""

    def damage() -> None:
        files = sorted(file for file in pictures.rglob("*.png"))
        if files:
            chance.choice(files).write_bytes(b"noise" * 100)

    return [
        Fault("the pictures removed", 1.0, lambda: shutil.rmtree(pictures, ignore_errors=True)),
        Fault("a picture damaged", 1.0, damage),
    ]


def moved_database(file: Path) -> Fault:
    """A database file that is moved away and back."""
    away = file.with_name("moved away")
    return Fault("the database file moved away", 3.0, lambda: file.rename(away), lambda: away.rename(file))


def full_disk(folder: Path) -> Fault:
    """A disk that is filled up to its last byte, and emptied."""
    filler = folder / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as stream:
            for size in (1_000_000, 1000, 1):
                try:
                    while stream.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    return Fault("the disk full", 3.0, fill, lambda: filler.unlink(missing_ok=True))


def own_disk(folder: Path) -> bool:
    """Put a small disk at an empty folder; whether this account may."""
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def leave_disk(folder: Path) -> None:
    """Take the small disk away again."""
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
