"""No reply to a visitor has the data folder, the database, or what a renderer or a driver said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import StoreError
from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.ui.api import Api
from personalize.ui.http.ahead import ahead_routes
from personalize.ui.http.health import health_routes
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.pictures import picture_routes
from personalize.ui.http.settings import settings_routes
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import StaffAccess
from personalize.ui.http.vote import vote_routes
from personalize.ui.http.wall import wall_routes
from personalize.ui.rate_limit import Limit
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

URL = "postgresql+psycopg://the-user:the-word@the-host.example/the-base"
SAID = ("the-folder", "the-user", "the-word", "the-host", "the-base", "sqlite", "the raw words", "Traceback")
PIN = "204618"


class Place:
    """An app on a real database in a folder, with its session."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=folder, candidates=200, pool=64, lookahead_rounds=0, staff_pin=PIN)
        self.settings = replace(self.settings, bank=0)
        self.renderer = FakeRenderer()
        self.store = DatabaseStore(self.settings.database, self.settings.picture_place)
        preparation = prepare(fake_vocabulary(), self.renderer, FakeEmbedder(), self.settings)
        self.loop = Personalizer(preparation, self.store, self.renderer, FakeEmbedder(), self.settings)
        self.token = self.loop.start("a fox").token
        self.round = self.loop.render(self.token, self.loop.propose(self.token).number)
        self.loop.answer(self.token, 1, best=0)
        staff, metrics = StaffAccess(PIN), Metrics()
        self.routes = [
            *picture_routes(self.loop),
            *ahead_routes(self.loop, 1.0),
            *health_routes(self.loop, metrics),
            *vote_routes(self.loop),
            *settings_routes(self.settings, staff),
            *staff_routes(self.loop, staff, self.settings, metrics),
            *wall_routes(self.loop, staff),
        ]
        app = Starlette(routes=self.routes)
        self.client = TestClient(app, raise_server_exceptions=False, base_url="http://palate.example")
        self.api = Api(self.loop, Limit(0, 60.0, "drawings"), Limit(0, 60.0, "new sessions"))

    def replies(self) -> list[str]:
        """What every route says to every method, in each language."""
        shown, token, number = self.round.fingerprint, self.token, "1"
        said = self.client.post(f"/audience/{token}", json={"shown": shown})
        code = said.json().get("link", "/none").rsplit("/", 1)[1] if said.status_code == 200 else "none"
        parts = {
            "{token}": token, "{name}": self.round.pictures[0], "{name:path}": "palate.css", "{code}": code,
            "{shown}": shown, "{option}": "0", "{number}": number,
        }  # fmt: skip
        texts = []
        for route in self.routes:
            path = route.path
            for place, value in parts.items():
                path = path.replace(place, value)
            assert "{" not in path
            for method in sorted(route.methods or ()):
                for language in ("en", "de", "fr"):
                    answer = self.client.request(method, f"{path}?language={language}", content=b"{}")
                    texts.append(f"{answer.headers} {answer.content.decode('latin-1')}")
        pinned = self.client.post("/staff", data={"pin": PIN})
        return [*texts, pinned.text, self.client.get("/staff").text, self.client.get("/settings").text]

    def calls(self) -> list[str]:
        """What every function for programs answers with, as a text."""
        request, token, shown = gr.Request(), self.token, self.round.fingerprint
        arguments: dict[str, tuple[Any, ...]] = {
            "start": ("a boat", request), "next_round": (token,), "pick": (token, 1, 1, 0, shown),
            "undo": (token,), "taste": (token,), "generate": (token, "a boat", 1.0, 3, 1), "delete": (token,),
        }  # fmt: skip
        assert set(arguments) == set(self.api.endpoints())
        return [_said(call, *arguments[name]) for name, call in self.api.endpoints().items()]


def _said(call: Callable[..., object], *arguments: object) -> str:
    try:
        return str(call(*arguments))
    except gr.Error as error:
        return f"error: {error.message}"


def raw(folder: Path) -> Exception:
    return RuntimeError(f"the raw words: out of memory in {folder} with {URL}")


def damage(place: Place) -> None:
    """Damage the database while the app runs."""
    file = place.settings.data / "palate.sqlite3"
    content = file.read_bytes()
    file.write_bytes(content[:100] + bytes(len(content) - 100))


def remove_pictures(place: Place) -> None:
    for file in (place.settings.folder / "pictures").rglob("*.png"):
        file.write_bytes(b"damaged")


@pytest.mark.parametrize("fault", [lambda place: None, damage, remove_pictures])
def test_no_reply_tells_what_is_the_operators(tmp_path: Path, fault: Callable[[Place], None]) -> None:
    place = Place(tmp_path / "the-folder")
    fault(place)
    for text in (*place.replies(), *place.calls()):
        assert [secret for secret in SAID if secret in text] == []


@pytest.mark.parametrize("call", ["next_round", "generate"])
def test_a_renderer_that_fails_is_one_sentence(tmp_path: Path, call: str) -> None:
    place = Place(tmp_path / "the-folder")
    place.renderer.fail_next = raw(place.settings.data)
    arguments = (place.token,) if call == "next_round" else (place.token, "a boat")
    said = _said(place.api.endpoints()[call], *arguments)
    assert said.startswith("error: ") and [secret for secret in SAID if secret in said] == []


def test_a_store_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "the-folder")

    def fail(*_: object) -> None:
        raise StoreError(
            "Expected the database {where} to answer, found: {fault}.", where=URL, fault="the raw words"
        )

    for name in ("load", "cards", "card", "card_of", "create", "read_picture"):
        monkeypatch.setattr(place.store, name, fail)
    texts = [*place.replies(), *place.calls()]
    assert sum(text.startswith("error: ") for text in texts) >= 6
    for text in texts:
        assert [secret for secret in SAID if secret in text] == []
