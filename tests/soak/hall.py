"""One run: visitors, faults and fuzzed requests at one app, and the count at the end."""

import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.session.postgres import PostgresServer
from tests.soak.faults import (
    Fault,
    faulty_pictures,
    faulty_renderer,
    full_disk,
    killed,
    killed_database,
    leave_disk,
    moved_database,
    own_disk,
)
from tests.soak.fuzz import Fuzz
from tests.soak.processes import WebProcess
from tests.soak.visitors import Door, Ledger, RefusedError, Visitor, check

RECOVERY_S = 120.0
"""Seconds within which a round must be seen and answered at every process after a fault."""

Told = Callable[[str], None]
"""Takes a line about how far it is."""


@dataclass
class Hall:
    """An app that is visited.

    Attributes:
        processes: the web processes.
        faults: what may go wrong.
        left_out: faults that cannot be tried here, and why.
    """

    processes: list[WebProcess]
    faults: list[Fault]
    left_out: dict[str, str]


@contextlib.contextmanager
def hall(database: str, folder: Path, chance: random.Random) -> Iterator[Hall]:
    """An app on "sqlite" (one process) or on "postgresql" (two processes), in an empty folder."""
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
        processes = []
        for number in range(1, 3 if database == "postgresql" else 2):
            processes.append(WebProcess(flags, folder / f"web-{number}.log"))
            stack.callback(processes[-1].stop)
            faults.append(killed(number, processes[-1]))
            processes[-1].wait()
        yield Hall(processes, faults, left_out)


def soak(database: str, minutes: float, visitors: int, fuzzed: int, seed: int, told: Told) -> dict[str, Any]:
    """The counts of one run.

    Args:
        database: "sqlite" or "postgresql".
        minutes: how long faults are let happen. Every fault happens at least once.
        visitors: how many at once.
        fuzzed: most requests that no browser sends.
        seed: of the order of faults and of everything that visitors choose.
        told: takes lines about how far it is.
    """
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="palate-soak-") as name,
        hall(database, Path(name), chance) as here,
    ):
        urls = [process.url for process in here.processes]
        ledger, stop = Ledger(), threading.Event()
        doors = [Door(urls, ledger, seed + number) for number in range(visitors + 1)]
        people = [Visitor(door, ledger, seed + n, stop) for n, door in enumerate(doors[1:], start=1)]
        fuzz = Fuzz(urls, ledger, seed, stop, fuzzed)
        begun = time.monotonic()
        for thread in (*people, fuzz):
            thread.start()
        recovered: dict[str, list[float]] = {fault.name: [] for fault in here.faults}
        waiting: list[Fault] = []
        while waiting or time.monotonic() - begun < 60.0 * minutes or not all(recovered.values()):
            waiting = waiting or chance.sample(here.faults, len(here.faults))
            fault = waiting.pop()
            took = _let_happen(fault, here, doors[0])
            recovered[fault.name].append(took)
            told(f"{database}, {time.monotonic() - begun:.0f} s: {fault.name}, well again after {took:.1f} s")
            if time.monotonic() - begun > 60.0 * minutes and all(recovered.values()):
                waiting = []
        fuzz.join(max(0.0, 60.0 * minutes - (time.monotonic() - begun)))
        stop.set()
        for thread in (*people, fuzz):
            thread.join(120.0)
        check(doors[0], ledger)
        for door in doors:
            door.close()
        logs = "".join(process.log.read_text("utf-8", "replace") for process in here.processes)
        counts = ledger.counts
        return {
            "database": database,
            "web_processes": len(here.processes),
            "visitors": visitors,
            "seconds": round(time.monotonic() - begun, 1),
            "sessions": len(ledger.sessions),
            "acknowledged": counts["acknowledged"],
            "counted_without_an_acknowledgement": counts["counted without an acknowledgement"],
            "lost": counts["lost"],
            "doubled": counts["doubled"],
            "different": counts["different"],
            "given_up": counts["given up"],
            "without_a_sentence": counts["without a sentence"],
            "fuzzed": counts["fuzzed"],
            "statuses_of_500_and_more": counts["5xx"],
            "tracebacks": logs.count("Traceback (most recent call last)"),
            "faults": {
                name: {"times": len(took), "longest_recovery_s": round(max(took), 1)}
                for name, took in recovered.items()
            },
            "left_out": here.left_out,
            "sentences": dict(ledger.sentences.most_common(20)),
            "log": logs,
        }


def _let_happen(fault: Fault, here: Hall, door: Door) -> float:
    """Seconds from the end of the fault until a round is seen and answered at every process.

    Raises:
        AssertionError: that takes too long.
    """
    fault.begin()
    time.sleep(fault.seconds)
    fault.end()
    ended = time.monotonic()
    for process in here.processes:
        process.wait()
        while not _answers(door, process.url):
            if time.monotonic() - ended > RECOVERY_S:
                raise AssertionError(
                    f"{fault.name}: {process.url} is not well after {RECOVERY_S:.0f} s.\n"
                    f"{process.log.read_text('utf-8', 'replace')[-4000:]}"
                )
            time.sleep(0.2)
    return time.monotonic() - ended


def _answers(door: Door, url: str) -> bool:
    """Whether a session can be begun and a round seen and answered at a process."""
    try:
        token = door.call("start", "a boat", False, url=url)["token"]
        seen = door.call("next_round", token, url=url)
        door.call("pick", token, seen["round"], 1, 0, seen["shown"], None, None, url=url)
    except RefusedError:
        return False
    return True
