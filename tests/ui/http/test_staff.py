"""Who is staff: the PIN, how often it may be tried, how long it lasts, and what is there without it."""

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from personalize.__main__ import main
from personalize.assembly import open_store
from personalize.errors import LimitError, SessionError, SettingsError
from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.limits import MemoryLimits
from personalize.session.memory_store import MemoryStore
from personalize.session.notes import MemoryNotes
from personalize.settings import Settings
from personalize.ui.http.device import devices_in
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.settings import settings_routes
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import (
    COMMON_TRIES,
    KNOWN_COOKIE,
    MOST_BROWSERS,
    SHIFT_S,
    STAFF_COOKIE,
    TRIES,
    TRIES_S,
    StaffAccess,
)
from personalize.ui.http.unlock import CODE_S, new_code
from personalize.ui.http.wall import wall_routes
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

PIN = "204618"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def staff_at(clock: Clock, folder: Path | None = None) -> StaffAccess:
    return StaffAccess(PIN, MemoryLimits(clock), MemoryNotes(clock), folder)


def request(cookie: str = "") -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{STAFF_COOKIE}={cookie}".encode())]})


def entered(staff: StaffAccess, pin: str = PIN) -> Request:
    """A request of a browser that gave that PIN."""
    answer = Response()
    staff.log_in(pin, answer)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    return request(cookie.split(";")[0].removeprefix(f"{STAFF_COOKIE}="))


def test_who_gives_the_pin_is_staff_until_the_shift_ends_or_they_leave() -> None:
    clock = Clock()
    staff = staff_at(clock)
    assert not staff.is_staff(request()) and not staff.is_staff(request("made up"))
    mine, other = entered(staff), entered(staff, f" {PIN} ")
    assert staff.is_staff(mine) and staff.is_staff(other)
    staff.log_out(mine, Response())
    assert not staff.is_staff(mine) and staff.is_staff(other)
    clock.now = SHIFT_S + 1
    assert not staff.is_staff(other)


def test_the_pin_cannot_be_guessed_fast() -> None:
    clock = Clock()
    staff = staff_at(clock)
    for guess in range(TRIES):
        with pytest.raises(SessionError, match="found another") as caught:
            staff.log_in(str(guess).zfill(6), Response())
        assert PIN not in str(caught.value)
    with pytest.raises(LimitError, match="Wait 1 min"):
        staff.log_in(PIN, Response())  # the right one neither: or guessing could go on
    clock.now += TRIES_S / TRIES
    entered(staff)


def test_browsers_that_gave_the_pin_long_ago_are_forgotten() -> None:
    clock = Clock()
    staff = staff_at(clock)
    first = entered(staff)
    for _ in range(MOST_BROWSERS):
        clock.now += TRIES_S / TRIES
        entered(staff)
    assert not staff.is_staff(first)


def test_without_a_pin_nobody_is_staff_and_nothing_is_there() -> None:
    staff = StaffAccess("")
    assert not staff.enabled
    for pin in ("", "0000"):
        with pytest.raises(SessionError, match="found another"):
            staff.log_in(pin, Response())
    client = client_of(Settings())[0]
    for path in ("/staff", "/wall", "/wall/1.png", "/wall/card/anything"):
        assert client.get(path).status_code == 404
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12ab", "12 34", "١٢٣٤"])
def test_a_pin_is_figures_and_is_not_repeated_when_it_is_not(pin: str) -> None:
    with pytest.raises(SettingsError, match="4 to 12 figures") as caught:
        Settings(staff_pin=pin)
    assert pin not in str(caught.value)


def client_of(settings: Settings) -> tuple[TestClient, Personalizer, Metrics]:
    settings = replace(settings, pool=64, bank=0)
    vocabulary, renderer, embedder = fake_vocabulary(), FakeRenderer(), FakeEmbedder()
    preparation = prepare(vocabulary, renderer, embedder, settings)
    personalizer = Personalizer(preparation, MemoryStore(), renderer, embedder, settings)
    staff, metrics = StaffAccess(settings.staff_pin), Metrics()
    routes = [
        *settings_routes(settings, staff),
        *staff_routes(personalizer, staff, settings, metrics),
        *wall_routes(personalizer, staff),
    ]
    return TestClient(Starlette(routes=routes), base_url="http://palate.example"), personalizer, metrics


def test_a_card_is_seen_by_staff_first_and_then_by_everybody() -> None:
    visitor, personalizer, metrics = client_of(Settings(staff_pin=PIN, kiosk=60))
    colleague = TestClient(visitor.app, base_url="http://palate.example")
    token = personalizer.start("a fox").token
    path = f"/wall/card/{token}"
    assert visitor.post(path).status_code == 404  # there is no taste yet
    personalizer.render(token, personalizer.propose(token).number)
    personalizer.answer(token, 1, best=0)
    metrics.session()
    metrics.answer("best")
    assert visitor.post(path).json()["state"] == "waiting"
    card = personalizer.store.card_of(token)
    assert card is not None
    picture = f"/wall/{card.number}.png"
    assert visitor.get(picture).status_code == 404 and picture[1:] not in visitor.get("/wall").text
    assert "pin" in visitor.get("/staff").text and picture[1:] not in visitor.get("/staff").text
    assert visitor.post("/staff", data={"show": str(card.number)}).status_code == 403
    assert visitor.get("/settings", follow_redirects=False).headers["location"] == "staff"
    assert personalizer.store.card_of(token) == card

    refused = colleague.post("/staff", data={"pin": "000000"})
    assert "PIN. Try again" in refused.text and STAFF_COOKIE not in colleague.cookies
    page = colleague.post("/staff", data={"pin": PIN})
    assert page.status_code == 200 and picture[1:] in page.text and "<dd>1</dd>" in page.text
    assert colleague.get(picture).content == card.content
    assert colleague.get("/settings", follow_redirects=False).status_code == 200
    colleague.post("/staff", data={"show": str(card.number)})
    shown = visitor.get(picture)
    assert shown.status_code == 200 and picture[1:] in visitor.get("/wall").text
    assert (
        token.encode() not in shown.content and b"tEXt" not in shown.content and b"iTXt" not in shown.content
    )

    colleague.post("/staff", data={"off": str(card.number)})
    assert visitor.get(picture).status_code == 404
    assert visitor.delete(path).json()["state"] == ""
    assert colleague.post("/staff", data={"show": str(card.number)}).status_code == 409
    colleague.post("/staff", data={"leave": "1"})
    assert "pin" in colleague.get("/staff").text


@pytest.mark.parametrize(
    "form", [b"show=99999999999999999999999", b"show=-1", b"x" * 2000, b"\xff=\xfe&show=%00", b""]
)
def test_a_form_that_is_not_ours_changes_nothing(form: bytes) -> None:
    client, personalizer, _ = client_of(Settings(staff_pin=PIN))
    client.post("/staff", data={"pin": PIN})
    answer = client.post("/staff", content=form)
    assert answer.status_code in (200, 409)
    assert personalizer.store.cards("shown", 9) == []


def test_other_peoples_cards_cannot_be_put_up_or_taken_down() -> None:
    client, _, _ = client_of(Settings(staff_pin=PIN))
    for method in ("POST", "DELETE"):
        answer = client.request(method, "/wall/card/nobody", headers={"accept-language": "de"})
        assert answer.status_code == 404 and answer.json()["error"]


def request_from(address: str, known: str = "") -> Request:
    cookie = f"{KNOWN_COOKIE}={known}".encode()
    return Request({"type": "http", "client": (address, 1), "headers": [(b"cookie", cookie)]})


def known_device(staff: StaffAccess, address: str) -> str:
    answer = Response()
    staff.log_in(PIN, answer, request_from(address))
    cookies = answer.headers.getlist("set-cookie")
    return next(c.split(";")[0].split("=", 1)[1] for c in cookies if c.startswith(KNOWN_COOKIE))


def guess(staff: StaffAccess, address: str, times: int, known: str = "") -> int:
    """Wrong tries from an address; how many of them were tested."""
    tested = 0
    for _ in range(times):
        try:
            staff.log_in("000000", Response(), request_from(address, known))
        except LimitError:
            continue
        except SessionError:
            tested += 1
    return tested


def test_one_address_that_guesses_keeps_no_other_out(tmp_path: Path) -> None:
    clock = Clock()
    staff = staff_at(clock, tmp_path)
    tested = 0
    for _ in range(1800):
        clock.now += 1.0
        tested += guess(staff, "192.0.2.1", 1)
    assert TRIES < tested <= TRIES + 1800 * TRIES / TRIES_S + 1
    staff.log_in(PIN, Response(), request_from("192.0.2.2"))


def test_many_addresses_are_limited_together_and_keep_no_known_device_out(tmp_path: Path) -> None:
    clock = Clock()
    staff = staff_at(clock, tmp_path)
    known = known_device(staff, "192.0.2.2")
    assert sum(guess(staff, f"203.0.113.{n}", 5) for n in range(100)) == COMMON_TRIES - 1
    assert guess(staff, "192.0.2.9", 1) == 0
    again = staff_at(clock, tmp_path)  # a restart knows the device too
    assert guess(again, "2001:db8::1", 3) + guess(again, "2001:db8::2", 4) == TRIES  # one /64 network
    for one in (staff, again):
        one.log_in(PIN, Response(), request_from("203.0.113.1", known))
        assert guess(one, "203.0.113.1", 9, known) == TRIES - 1  # nor may a known device guess fast


def test_a_made_up_device_is_not_known(tmp_path: Path) -> None:
    staff = staff_at(Clock(), tmp_path)
    audience = devices_in(tmp_path, "audience").new()
    assert sum(guess(staff, "192.0.2.1", 1, f"made.up{n}") for n in range(20)) == TRIES
    assert guess(staff, "192.0.2.1", 5, audience) == 0


def test_the_console_lets_staff_in_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(Settings(data=tmp_path))
    staff, other = (StaffAccess(PIN, store.limits, store.notes, tmp_path) for _ in range(2))
    guess(staff, "192.0.2.1", 9)
    assert main(["unlock", "--data", str(tmp_path)]) == 0
    code = capsys.readouterr().out.split()[0]
    assert all(code.encode() not in path.read_bytes() for path in tmp_path.glob("palate.sqlite3*"))
    with pytest.raises(LimitError):
        other.log_in(code[:-1], Response(), request_from("192.0.2.1"))  # all processes count the tries
    other.log_in(code, Response(), request_from("192.0.2.1"))
    staff.log_in(PIN, Response(), request_from("192.0.2.1"))  # the limits begin anew
    with pytest.raises(SessionError, match="found another"):
        staff.log_in(code, Response(), request_from("192.0.2.1"))


def test_an_old_code_lets_nobody_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    notes = MemoryNotes(clock)
    staff = StaffAccess(PIN, notes=notes)
    first, second = new_code(notes), new_code(notes)
    with pytest.raises(SessionError, match="found another"):
        staff.log_in(first, Response())
    clock.now += CODE_S + 1
    with pytest.raises(SessionError, match="found another"):
        staff.log_in(second, Response())
    (tmp_path / "file").write_text("no folder")
    assert main(["unlock", "--data", str(tmp_path / "file")]) == 2
    assert "choose another data folder" in capsys.readouterr().err


def test_who_is_staff_at_one_process_is_staff_at_the_other(tmp_path: Path) -> None:
    store = open_store(Settings(data=tmp_path))
    here, there = (StaffAccess(PIN, store.limits, store.notes, tmp_path) for _ in range(2))
    mine = entered(here)
    assert there.is_staff(mine)
    there.log_out(mine, Response())
    assert not here.is_staff(mine)
