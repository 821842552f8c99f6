"""Only devices that the server signed are devices, also after a restart."""

import stat
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.ui.http.device import KEY_FILE, Devices, address_of, devices_in
from personalize.ui.http.vote import DEVICE_COOKIE, vote_routes
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


def test_a_device_is_known_after_a_restart_and_to_no_other_server(tmp_path: Path) -> None:
    folder = tmp_path / "not there yet"
    cookie = devices_in(folder, "audience").new()
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert devices_in(folder, "audience").of(cookie) == cookie.split(".")[0]
    assert devices_in(folder, "staff").of(cookie) == ""  # an audience is no staff
    assert devices_in(tmp_path / "other", "audience").of(cookie) == ""
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("made_up", ["", ".", "abc", "abc.", ".abc", "é.é", "a.b.c", "a" * 5000, "\ud800.x"])
def test_a_device_that_was_made_up_is_none(made_up: str) -> None:
    assert Devices(b"key").of(made_up) == ""


def test_a_changed_cookie_is_none() -> None:
    devices = Devices(b"key")
    cookie = devices.new()
    assert devices.of(cookie) and not any(devices.of(cookie + more) for more in ("0", ".", ".0"))
    for place, letter in enumerate(cookie):
        assert devices.of(cookie[:place] + ("0" if letter != "0" else "1") + cookie[place + 1 :]) == ""


def test_a_damaged_key_is_made_again(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    cookie = devices_in(tmp_path, "audience").new()
    assert devices_in(tmp_path, "audience").of(cookie)


def test_without_a_folder_to_keep_the_key_devices_last_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    devices = devices_in(tmp_path / "file", "audience")
    assert devices.of(devices.new())


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_machine_has_one_address(host: str, address: str) -> None:
    assert address_of(Request({"type": "http", "headers": [], "client": (host, 1)})) == address
    assert address_of(Request({"type": "http", "headers": [], "client": None})) == ""


def test_invented_devices_cannot_vote_and_shut_nobody_out(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, candidates=200, pool=64, lookahead_rounds=0)
    preparation = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox").token
    shown = loop.render(token, loop.propose(token).number).fingerprint
    app = Starlette(routes=vote_routes(loop))
    said = TestClient(app).post(f"/audience/{token}", json={"shown": shown}).json()
    page = "/vote/" + said["link"].rsplit("/", 1)[1]
    for nth in range(50):
        stuffer = TestClient(app, cookies={DEVICE_COOKIE: f"invented{nth}.{nth}"})
        assert stuffer.post(f"{page}/vote", json={"shown": shown, "option": 0}).status_code == 403
    old = TestClient(app, cookies={DEVICE_COOKIE: "a-number-from-before"})
    signed = old.get(page).headers["set-cookie"].split(";")[0].split("=", 1)[1]
    restarted = TestClient(Starlette(routes=vote_routes(loop)), cookies={DEVICE_COOKIE: signed})
    restarted.post(f"/audience/{token}", json={"shown": shown})
    voted = restarted.post(f"{page}/vote", json={"shown": shown, "option": 2})
    assert voted.json()["yours"] == 2
