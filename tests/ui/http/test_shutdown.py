"""Told to end, the app ends: while it draws, with pages open, behind a proxy; told twice, at once."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[3]
SOON_S = 10.0
PROXIES = {name: "http://127.0.0.1:9" for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY")}


@contextmanager
def running(arguments: list[str], **environment: str) -> Iterator["subprocess.Popen[str]"]:
    names = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment}
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**plain, **names},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: "subprocess.Popen[str]", start: str) -> str:
    """The next line that begins so."""
    assert process.stdout is not None
    said = []
    for text in process.stdout:
        if text.startswith(start):
            return text
        said.append(text)
    raise AssertionError(f"Expected a line '{start}...', found:\n{''.join(said)}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "environment"), [(signal.SIGINT, {}), (signal.SIGTERM, PROXIES)], ids=["plain", "proxies"]
)
def test_the_app_ends_while_it_draws(
    told: signal.Signals, environment: dict[str, str], tmp_path: Path
) -> None:
    with running(["-m", "tests.ui.endless", str(tmp_path)], **environment) as process:
        url = urlsplit(line(process, "ready at").split()[-1])
        line(process, "drawing")
        # A page that is open: a request that is answered for as long as someone listens.
        with socket.create_connection((url.hostname or "", url.port or 0)) as visitor:
            visitor.sendall(b"GET /gradio_api/heartbeat/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"200 OK" in visitor.recv(1000)
            process.send_signal(told)
            began_s = time.monotonic()
            rest, _ = process.communicate(timeout=60)
        assert time.monotonic() - began_s < SOON_S
        assert process.returncode == 0
        assert "Traceback" not in rest


def test_told_twice_it_ends_at_once() -> None:
    script = (
        "import time; from personalize.ui.http.shutdown import shutdown_requested\n"
        "requested = shutdown_requested(); print('waiting', flush=True); requested.wait()\n"
        "print('told', flush=True); time.sleep(600)"
    )
    with running(["-c", script]) as process:
        line(process, "waiting")
        process.send_signal(signal.SIGTERM)
        line(process, "told")
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON_S) == -signal.SIGINT


def test_leaving_waits_for_no_thread_and_loses_no_word() -> None:
    script = (
        "import time; from concurrent.futures import ThreadPoolExecutor\n"
        "from personalize.ui.http.shutdown import leave\n"
        "ThreadPoolExecutor().submit(time.sleep, 600); print('a last word'); leave(3)"
    )
    with running(["-c", script]) as process:
        said, _ = process.communicate(timeout=SOON_S)
        assert (process.returncode, said) == (3, "a last word\n")
