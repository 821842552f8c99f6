"""The real page at every kind of address, and on a machine that is too busy to answer soon."""

import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from personalize.errors import SettingsError
from personalize.ui.http.listening import Server
from personalize.ui.http.port import bound_socket, free_port
from personalize.ui.http.server import url_of
from tests.apps import forked_app


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})


def answer(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as opened:
        content: bytes = opened.read()
    return content


HERE = (
    "127.0.0.1", "localhost", "0.0.0.0", "::1", "[::1]", "::", "[::]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"
)  # fmt: skip
ELSEWHERE = ("2001:db8::7", "no-such-host.invalid", "[::1", "fe80::1%none", "a" * 70, "::1::")


@pytest.mark.parametrize("host", HERE)
def test_a_server_answers_at_the_address_that_it_tells(host: str) -> None:
    bound = bound_socket(host, 0)
    server = Server(hello, bound)
    port = bound.getsockname()[1]
    server.start()
    try:
        assert answer(url_of(host, port)) == b"hello"
        if host in ("::", "[::]"):
            assert answer(f"http://127.0.0.1:{port}") == b"hello"
    finally:
        server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_a_port_in_use_is_found_in_every_family(host: str) -> None:
    with bound_socket(host, 0) as taken:
        taken.listen()
        with pytest.raises(SettingsError, match="--port"):
            free_port(host, taken.getsockname()[1])


def test_a_port_of_ipv4_in_use_counts_for_every_address() -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        taken.listen()
        assert free_port("::1", taken.getsockname()[1])
        with pytest.raises(SettingsError, match="--port"):
            free_port("::", taken.getsockname()[1])


@pytest.mark.parametrize(
    "host", ["2001:db8::7", "no-such-host.invalid", "[::1", "fe80::1%none", "a" * 70, "::1::"]
)
def test_a_host_that_is_not_here_is_one_sentence(host: str) -> None:
    with pytest.raises(SettingsError, match="--host"):
        free_port(host, 0)


def test_a_server_that_ends_at_once_is_an_error() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with bound_socket("127.0.0.1", 0) as bound, pytest.raises(SettingsError, match="Read the log"):
        Server(failing, bound).start()


def test_a_start_may_take_longer_than_gradio_allows() -> None:
    begun, go = threading.Event(), threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await hello(scope, receive, send)
        await receive()
        begun.set()
        while not go.is_set():
            time.sleep(0.1)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    bound = bound_socket("127.0.0.1", 0)
    server = Server(slow, bound)
    starting = threading.Thread(target=server.start)
    starting.start()
    assert begun.wait(30)
    starting.join(6)  # Gradio gives up after 5 seconds
    assert starting.is_alive()
    go.set()
    starting.join(30)
    assert answer(url_of("127.0.0.1", bound.getsockname()[1])) == b"hello"
    server.close()


@pytest.mark.parametrize("host", ["::1", "::"])
def test_the_page_is_served_over_ipv6(host: str, tmp_path: Path) -> None:
    flags = ["--host", host, "--port", "0", "--bank", "0", "--data", str(tmp_path / "data")]
    with forked_app("app", flags, tmp_path / "log.txt") as url:
        assert url.startswith("http://[::1]:") and b"Palate" in answer(url)
        if host == "::":
            assert b"Palate" in answer(url.replace("[::1]", "127.0.0.1"))
    assert "Traceback" not in (tmp_path / "log.txt").read_text("utf-8")
