"""Apps for tests to talk to: real programs, and forks of one process that has imported everything already.

A real program takes half a minute to import gradio and torch. A fork shares these imports and is ready in two
seconds. The fork server only imports: it starts no thread and computes nothing before it forks.
"""

import contextlib
import importlib
import multiprocessing
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[1]
READY_S = 120.0
"""Seconds within which an app must answer."""

ENDS_S = 15.0
"""Seconds within which an app must end when it is asked to."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["gradio", "tests.browser.serve"])


def start_app(
    command: list[str], log: Path, ready_s: float = READY_S
) -> tuple["subprocess.Popen[bytes]", str]:
    """Start a program that prints "Palate is ready at <url>"; the process and the URL."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        return process, _address(log, lambda: process.poll() is None, ready_s)
    except BaseException:
        process.kill()
        raise


def stop_app(process: "subprocess.Popen[bytes]") -> None:
    """End a program as a person would, and be sure of it."""
    process.terminate()
    try:
        process.wait(timeout=ENDS_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def forked_app(
    module: str,
    flags: list[str],
    log: Path,
    ready_s: float = READY_S,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run `main(flags)` of a module in a fork while the `with` block lasts; the URL of its page.

    The environment of the fork is that of the first fork; `environment` adds variables.
    """
    log.write_bytes(b"")
    process = FORKS.Process(target=run_here, args=(module, flags, log, dict(environment or {})), daemon=True)
    process.start()
    try:
        yield _address(log, process.is_alive, ready_s)
    finally:
        _end(process)


def run_here(module: str, flags: list[str], log: Path, environment: dict[str, str]) -> NoReturn:
    """Become `main(flags)` of a module: the whole life of a fork. What it writes is added to `log`."""
    os.environ.update(environment)
    import torch

    from personalize.ui.http.shutdown import leave

    torch.set_num_threads(1)
    with log.open("ab") as stream:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
    leave(importlib.import_module(module).main(flags) or 0)


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(ENDS_S)
    if process.is_alive():
        process.kill()
        process.join()


def _address(log: Path, alive: Callable[[], bool], ready_s: float) -> str:
    """The URL that an app prints when it is ready; its health route answers there."""
    until = time.monotonic() + ready_s
    while time.monotonic() < until and alive():
        found = re.search(r"Palate is ready at (\S+)", log.read_text(encoding="utf-8", errors="replace"))
        if found:
            with urllib.request.urlopen(found[1] + "/healthz", timeout=10) as answer:
                assert answer.status == 200
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"Expected the app to be ready within {ready_s:.0f} s, found:\n{log.read_text()}")
