"""One run: visitors, faults and fuzzed requests at one app, and the count at the end."""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.soak.faults import Fault
from tests.soak.fuzz import Fuzz
from tests.soak.hall import Hall, hall, hall_on_ray
from tests.soak.visitors import Door, Ledger, RefusedError, Visitor, check

ON_RAY = "postgresql, Ray"
"""The name of the run whose pictures a real Ray cluster draws."""

Told = Callable[[str], None]
"""Takes a line about how far it is."""


def soak(
    database: str,
    minutes: float,
    visitors: int,
    fuzzed: int,
    seed: int,
    told: Told,
    proxied: bool = False,
    kills: int = 1,
) -> dict[str, Any]:
    """The counts of one run.

    Args:
        database: "sqlite", "postgresql" or `ON_RAY`.
        minutes: how long faults are let happen. Every fault happens at least as often as it says.
        visitors: how many at once.
        fuzzed: most requests that no browser sends.
        seed: of the order of faults and of everything that visitors choose.
        told: takes lines about how far it is.
        proxied: whether visitors come through the proxy of compose.yaml; needs two web processes.
        kills: how often a replica of Ray is killed, `ON_RAY`.
    """
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="palate-soak-") as name,
        _app(database, Path(name), chance, proxied, kills) as here,
    ):
        ledger, stop = Ledger(), threading.Event()
        doors = [Door(here.urls, ledger, seed + number) for number in range(visitors + 1)]
        people = [Visitor(door, ledger, seed + n, stop) for n, door in enumerate(doors[1:], start=1)]
        fuzz = Fuzz(here.urls, ledger, seed, stop, fuzzed)
        begun = time.monotonic()
        for thread in (*people, fuzz):
            thread.start()
        recovered: dict[str, list[float]] = {fault.name: [] for fault in here.faults}
        waiting: list[Fault] = []
        while not (
            time.monotonic() - begun >= 60.0 * minutes
            and all(len(recovered[fault.name]) >= fault.times for fault in here.faults)
        ):
            if not waiting:
                waiting = [fault for fault in here.faults for _ in range(fault.times)]
                chance.shuffle(waiting)
            fault = waiting.pop()
            took = _let_happen(fault, here, doors[0])
            recovered[fault.name].append(took)
            told(f"{database}, {time.monotonic() - begun:.0f} s: {fault.name}, well again after {took:.1f} s")
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
            "proxy": "HAProxy" if proxied else "none",
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
            "refused": sum(ledger.sentences.values()),
            "fuzzed": counts["fuzzed"],
            "statuses_of_500_and_more": counts["5xx"],
            "statuses_of_the_proxy": counts["5xx of the proxy"],
            "tracebacks": logs.count("Traceback (most recent call last)"),
            "faults": {
                name: {
                    "times": len(took),
                    "median_recovery_s": round(statistics.median(took), 1),
                    "longest_recovery_s": round(max(took), 1),
                }
                for name, took in recovered.items()
            },
            "left_out": here.left_out,
            "sentences": dict(ledger.sentences.most_common(20)),
            "log": logs,
        }


def _app(
    database: str, folder: Path, chance: random.Random, proxied: bool, kills: int
) -> AbstractContextManager[Hall]:
    if database == ON_RAY:
        return hall_on_ray(folder, chance, kills, proxied)
    return hall(database, folder, chance, proxied)


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
            if time.monotonic() - ended > here.recovery_s:
                raise AssertionError(
                    f"{fault.name}: {process.url} is not well after {here.recovery_s:.0f} s.\n"
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
