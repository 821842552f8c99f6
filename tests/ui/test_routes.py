"""Pictures for their owners only; nothing but the look beside them."""

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import SessionError, StoreError, UnknownSessionError
from personalize.ui.picker import LOOK
from personalize.ui.routes import files_of, routes

MINE = "ab" * 32


@dataclass
class Owner:
    """Has one picture, under one token."""

    ready: bool = True

    def picture(self, token: str, picture: str) -> bytes:
        if token == "unknown":
            raise UnknownSessionError("Expected a session.")
        if token == "damaged":
            raise StoreError("Expected a picture.")
        if picture != MINE:
            raise SessionError("Expected a picture of your own.")
        return b"png"


def client(owner: Any) -> TestClient:
    return TestClient(Starlette(routes=routes(owner)))


def test_an_owner_gets_the_picture_and_no_one_may_keep_it_for_others() -> None:
    answer = client(Owner()).get(f"/picture/token/{MINE}.png")
    assert answer.status_code == 200
    assert answer.content == b"png"
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [f"token/{'cd' * 32}", f"unknown/{MINE}", f"damaged/{MINE}", "token/..%2f..%2fsecret", "token/short"],
)
def test_everyone_else_gets_404(path: str) -> None:
    answer = client(Owner()).get(f"/picture/{path}.png")
    assert answer.status_code == 404
    assert "Expected" not in answer.text


def test_health_follows_the_personalizer() -> None:
    assert client(Owner()).get("/healthz").status_code == 200
    assert client(Owner(ready=False)).get("/healthz").status_code == 503


def test_the_look_is_served_and_nothing_else() -> None:
    ours = client(Owner())
    assert ours.get("/look/palate.css").headers["content-type"].startswith("text/css")
    assert ours.get("/look/fonts/gloock.woff2").status_code == 200
    for name in ("../handlers.py", "..%2fhandlers.py", "picker.js", "fonts", ""):
        assert ours.get(f"/look/{name}").status_code == 404


def test_the_style_sheet_names_only_files_that_are_there() -> None:
    files = files_of(LOOK)
    css = files["palate.css"].decode()
    named = [part.split('"')[0] for part in css.split('url("')[1:]]
    assert named and all(name in files for name in named)
    assert "http" not in css
