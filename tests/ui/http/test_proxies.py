"""What this process asks itself goes through no proxy, and everything else as before."""

import os
from urllib.request import proxy_bypass

import pytest

from personalize.ui.http.server import bypass_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("no_proxy", "NO_PROXY"):  # so that what `bypass_proxies` sets is taken back after the test
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_without_a_proxy_nothing_changes() -> None:
    bypass_proxies("127.0.0.1")
    assert "no_proxy" not in os.environ and "NO_PROXY" not in os.environ


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_this_machine_is_reached_directly(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(proxy, "http://proxy.example:3128")
    bypass_proxies("192.0.2.7")
    for host in ("127.0.0.1:7860", "localhost:7860", "192.0.2.7:7860"):
        assert proxy_bypass(host)
    assert not proxy_bypass("models.example")
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "127.0.0.1,localhost,::1,192.0.2.7"


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_what_was_excepted_stays_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv(name, "near.example, localhost")
    bypass_proxies("127.0.0.1")
    assert os.environ["no_proxy"] == "near.example,localhost,127.0.0.1,::1"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"]


def test_an_exception_for_every_host_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "*")
    bypass_proxies("127.0.0.1")
    assert os.environ["no_proxy"] == "*"
