"""Pictures for their owners only; nothing but the look beside them."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
import segno
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import SessionError, StoreError, UnknownSessionError
from personalize.session.picture_text import text_of
from personalize.session.taste_file import TasteFile, read_taste_file
from personalize.taste import Opinion, Taste
from personalize.ui.metrics import Metrics
from personalize.ui.picker import LOOK
from personalize.ui.routes import files_of, routes
from tests.session.test_taste_file import a_file
from tests.ui.test_card import pixels, png

MINE = "ab" * 32


@dataclass
class Owner:
    """Has one picture, under one token."""

    ready: bool = True
    store_answers: bool = True

    def session(self, token: str) -> None:
        raise UnknownSessionError("Expected a session.") if self.store_answers else StoreError("Gone.")

    def taste_file(self, token: str) -> TasteFile:
        if token != "token":
            raise UnknownSessionError("Expected a session.")
        return a_file()

    def taste(self, token: str) -> Taste:
        return Taste(2, (Opinion("ink", "medium", 1.5, 0.25),), 0.5, 0.25, 0.5, False, "You lean to ink.")

    def favourites(self, token: str, count: int) -> list[str]:
        return [MINE][:count] if token == "token" else []

    def picture(self, token: str, picture: str) -> bytes:
        if token == "unknown":
            raise UnknownSessionError("Expected a session.")
        if token == "damaged":
            raise StoreError("Expected a picture.")
        if picture != MINE:
            raise SessionError("Expected a picture of your own.")
        return PNG


PNG = png((200, 30, 40))


def client(owner: Any) -> TestClient:
    return TestClient(Starlette(routes=routes(owner)))


def test_an_owner_gets_the_picture_and_no_one_may_keep_it_for_others() -> None:
    answer = client(Owner()).get(f"/picture/token/{MINE}.png")
    assert answer.status_code == 200
    assert answer.content == PNG
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


def test_a_taste_is_a_file_for_whoever_has_its_token() -> None:
    answer = client(Owner()).get("/taste/token.json")
    assert answer.status_code == 200 and read_taste_file(answer.content) == a_file()
    assert answer.headers["content-disposition"] == 'attachment; filename="palate-taste.json"'
    assert answer.headers["cache-control"] == "no-store"
    for path in ("/taste/other.json", "/taste/.json", "/taste/..%2ftoken.json"):
        assert client(Owner()).get(path).status_code == 404


def test_health_follows_the_personalizer() -> None:
    assert client(Owner()).get("/healthz").status_code == 200
    assert client(Owner(ready=False)).get("/healthz").status_code == 503


def test_readiness_asks_the_store() -> None:
    assert client(Owner()).get("/readyz").status_code == 200
    assert client(Owner(ready=False)).get("/readyz").status_code == 503
    assert client(Owner(store_answers=False)).get("/readyz").status_code == 503
    assert client(Owner(store_answers=False)).get("/healthz").status_code == 200


def test_metrics_can_be_read_and_say_nothing_personal() -> None:
    metrics = Metrics()
    metrics.session()
    metrics.answer("best")
    metrics.answer("none")
    metrics.begun("round")
    metrics.ended("round", 1.5, failed=False)
    metrics.begun("personal")
    metrics.ended("personal", 0.2, failed=True)
    metrics.begun("ahead")
    answer = TestClient(Starlette(routes=routes(Owner(), metrics))).get("/metrics")  # type: ignore[arg-type]
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["palate_sessions_total",] == 1.0
    assert samples["palate_answers_total", "best"] == samples["palate_answers_total", "none"] == 1.0
    assert samples["palate_drawing_seconds_count", "round"] == 1.0
    assert samples["palate_drawing_seconds_bucket", "round", "1.0"] == 0.0
    assert samples["palate_drawing_seconds_bucket", "round", "2.0"] == 1.0
    assert samples["palate_drawings_failed_total", "personal"] == 1.0
    assert samples["palate_drawings_under_way", "ahead"] == 1.0
    assert samples["palate_drawings_under_way", "round"] == 0.0


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


def test_a_card_is_drawn_for_its_owner_with_a_code_only_where_others_can_come() -> None:
    owner = client(Owner())
    far = owner.get("/card/token.png", headers={"host": "palate.example"})
    here = owner.get("/card/token.png", headers={"host": "127.0.0.1:7860"})
    assert far.headers["content-type"] == here.headers["content-type"] == "image/png"
    assert far.headers["cache-control"] == "no-store" and "token" not in far.text[:200]
    assert read_taste_file(far.content) == read_taste_file(here.content) == a_file()
    assert far.content != here.content
    assert owner.get("/card/other.png").status_code == 404


def test_a_code_says_the_link_where_phones_reach_it() -> None:
    def coded(address: str) -> bytes:
        app = Starlette(routes=routes(Owner(), address=address))  # type: ignore[arg-type]
        answer = TestClient(app).get("/code/abc_DEF-1.svg", headers={"host": "palate.example"})
        assert answer.headers["content-type"] == "image/svg+xml" and answer.status_code == 200
        return answer.content

    out = io.BytesIO()
    segno.make("http://10.0.0.7:7860/?s=abc_DEF-1", error="m", micro=False).save(
        out, kind="svg", dark="#17201b", light="#fbfcfa", scale=4
    )
    assert coded("http://10.0.0.7:7860/") == coded("http://10.0.0.7:7860") == out.getvalue()
    assert coded("") != coded("http://10.0.0.7:7860")
    assert client(Owner()).get("/code/a%20b.svg").status_code == 404


def test_pictures_can_be_served_without_how_they_were_made() -> None:
    class Talking(Owner):
        def picture(self, token: str, picture: str) -> bytes:
            return png((200, 30, 40), palate="secret words", parameters="secret words")

    app = Starlette(routes=routes(Talking(), metadata=False))  # type: ignore[arg-type]
    bare = TestClient(app).get(f"/picture/token/{MINE}.png").content
    whole = client(Talking()).get(f"/picture/token/{MINE}.png").content
    assert text_of(whole, "palate") == "secret words" and text_of(bare, "palate") is None
    assert b"secret" not in bare and (pixels(bare) == pixels(whole)).all()
