"""Proxies that no client can use: a fetch names the variable, and everything else leaves them out."""

import logging
import os

import httpx
import httpx2
import pytest

from models import ModelError
from models.hub import Fetch, fetch
from models.proxies import VARIABLES, check_proxies, leave_out_unusable_proxies

UNUSABLE = [
    ("ALL_PROXY", "socks://proxy.example:1080"),
    ("all_proxy", "socks4://proxy.example:1080"),
    ("HTTPS_PROXY", "socks4a://proxy.example:1080"),
    ("https_proxy", "ftp://proxy.example"),
    ("HTTP_PROXY", "http://proxy.example:port"),
    ("http_proxy", "http://[::1"),
]
UNREADABLE_HOSTS = ["[::1]", "::1/128", "fe80::1%eth0", "[fe80::]:80"]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:  # set and deleted, so that what the program changes is taken back after the test
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def clients_can_be_made() -> bool:
    httpx.Client().close()
    httpx2.Client().close()
    return True


@pytest.mark.parametrize(("variable", "value"), UNUSABLE)
def test_a_fetch_names_the_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy" if variable.lower() != "http_proxy" else "https_proxy", "http://good:1")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ModelError, match=rf"Expected {variable} to name a proxy .* Correct the variable"):
        fetch(Fetch("owner/name"))


@pytest.mark.parametrize(("variable", "value"), UNUSABLE)
def test_elsewhere_it_is_left_out_and_the_others_stay(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = "http_proxy" if variable.lower() != "http_proxy" else "https_proxy"
    monkeypatch.setenv(other, "http://good.example:3128")
    monkeypatch.setenv(variable, value)
    with caplog.at_level(logging.WARNING):
        leave_out_unusable_proxies()
    assert variable not in os.environ and os.environ[other] == "http://good.example:3128"
    assert clients_can_be_made() and variable in caplog.text


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"])
def test_hosts_that_a_client_cannot_read_are_left_out(
    variable: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv(variable, ", ".join(["localhost", *UNREADABLE_HOSTS, "::1", ".example"]))
    leave_out_unusable_proxies()
    kept = os.environ[variable].split(",")
    assert {"localhost", "::1", ".example"} <= set(kept) and "[::1]" not in kept
    assert clients_can_be_made()


def test_proxies_that_work_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given = {
        "HTTP_PROXY": "http://user:secret@proxy.example:3128",
        "https_proxy": "proxy.example:3128",
        "all_proxy": "https://proxy.example",
        "NO_PROXY": "localhost, 127.0.0.1,::1,.example,192.168.0.0/16",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    check_proxies()
    leave_out_unusable_proxies()
    assert {name: os.environ[name] for name in given} == given and caplog.text == ""


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://user:secret@proxy.example:1080")
    with pytest.raises(ModelError) as caught:
        check_proxies()
    leave_out_unusable_proxies()
    assert "secret" not in str(caught.value) + caplog.text
    assert "socks://...@proxy.example:1080" in str(caught.value)
