"""The port is found before anything is promised."""

import socket

import pytest

from personalize.errors import SettingsError
from personalize.ui.server import free_port


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
