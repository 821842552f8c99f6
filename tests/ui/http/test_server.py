"""The port is found before anything is promised."""

import socket

import pytest

from personalize.errors import SettingsError
from personalize.ui.http.port import free_port
from personalize.ui.http.server import url_of


def test_zero_finds_a_free_port() -> None:
    assert 0 < free_port("127.0.0.1", 0) < 65536


def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="--port"):
            free_port("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_is_not_here_is_refused() -> None:
    with pytest.raises(SettingsError, match="--host"):
        free_port("203.0.113.7", 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 80) == url
