"""Pictures for their owners only; nothing but the look beside them."""

import io
from dataclasses import replace

import pytest
import segno
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import StoreError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rendering.png import text_of
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.taste_file import read_taste_file
from personalize.ui.components import STATIC
from personalize.ui.http.pictures import picture_routes, static_files
from personalize.ui.screens.card import session_file
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary
from tests.ui.screens.test_card import pixels, png

SETTINGS = Settings(candidates=200, pool=64, lookahead_rounds=0)


class Loop(Personalizer):
    """A loop whose pictures can be broken."""

    damaged = False

    def picture(self, token: str, picture: str) -> bytes:
        if self.damaged:
            raise StoreError("Expected a picture.")
        return super().picture(token, picture)


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = replace(SETTINGS, data=tmp_path_factory.mktemp("data"))
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def loop(preparation: Preparation) -> Loop:
    return Loop(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), SETTINGS)


@pytest.fixture
def token(loop: Loop) -> str:
    """A session with two answers."""
    token = loop.start("a fox", seed=1).token
    for _ in range(2):
        number = loop.propose(token).number
        loop.render(token, number)
        loop.answer(token, number, best=0)
    return token


def client(loop: Personalizer) -> TestClient:
    return TestClient(Starlette(routes=picture_routes(loop)))


def test_an_owner_gets_the_picture_and_no_one_may_keep_it_for_others(loop: Loop, token: str) -> None:
    name = loop.session(token).answered[0].pictures[0]
    answer = client(loop).get(f"/picture/{token}/{name}.png")
    assert answer.status_code == 200
    assert answer.content == loop.picture(token, name)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_everyone_else_gets_404(loop: Loop, token: str) -> None:
    name, other = loop.session(token).answered[0].pictures[0], loop.start("a boat").token
    paths = [f"{token}/{'cd' * 32}", f"unknown/{name}", f"{other}/{name}", f"{token}/..%2f..%2fsecret"]
    for path in (*paths, f"{token}/short"):
        answer = client(loop).get(f"/picture/{path}.png")
        assert answer.status_code == 404, path
        assert "Expected" not in answer.text
    loop.damaged = True
    assert client(loop).get(f"/picture/{token}/{name}.png").status_code == 404


def test_a_taste_is_a_file_for_whoever_has_its_token(loop: Loop, token: str) -> None:
    answer = client(loop).get(f"/taste/{token}.json")
    there, made = read_taste_file(answer.content), session_file(loop, token)
    assert answer.status_code == 200 and there.model_copy(update={"made": made.made}) == made
    assert answer.headers["content-disposition"] == 'attachment; filename="palate-taste.json"'
    assert answer.headers["cache-control"] == "no-store"
    for path in ("/taste/other.json", "/taste/.json", f"/taste/..%2f{token}.json"):
        assert client(loop).get(path).status_code == 404


def test_the_look_is_served_and_nothing_else(loop: Loop) -> None:
    ours = client(loop)
    assert ours.get("/look/palate.css").headers["content-type"].startswith("text/css")
    assert ours.get("/look/fonts/gloock.woff2").status_code == 200
    for name in ("../handlers.py", "..%2fhandlers.py", "picker.js", "fonts", ""):
        assert ours.get(f"/look/{name}").status_code == 404


def test_gradios_own_static_files_are_left_to_it(loop: Loop) -> None:
    """The page of Gradio loads /static/js/...; a route of ours on that path would hide it."""
    paths = [route.path for route in picture_routes(loop)]
    assert not [path for path in paths if path.startswith(("/static", "/assets", "/file", "/theme"))]


def test_the_style_sheet_names_only_files_that_are_there() -> None:
    files = static_files(STATIC)
    css = files["palate.css"].decode()
    named = [part.split('"')[0] for part in css.split('url("')[1:]]
    assert named and all(name in files for name in named)
    assert "http" not in css


def test_a_card_is_drawn_for_its_owner_with_a_code_only_where_others_can_come(loop: Loop, token: str) -> None:
    owner = client(loop)
    far = owner.get(f"/card/{token}.png", headers={"host": "palate.example"})
    here = owner.get(f"/card/{token}.png", headers={"host": "127.0.0.1:7860"})
    assert far.headers["content-type"] == here.headers["content-type"] == "image/png"
    assert far.headers["cache-control"] == "no-store" and token not in far.text[:200]
    own = session_file(loop, token)
    for card in (far, here):
        there = read_taste_file(card.content)
        assert there.model_copy(update={"made": own.made}) == own
    assert far.content != here.content
    assert owner.get("/card/other.png").status_code == 404


def test_a_code_says_the_link_where_phones_reach_it(loop: Loop) -> None:
    def coded(address: str) -> bytes:
        app = Starlette(routes=picture_routes(loop, address=address))
        answer = TestClient(app).get("/code/abc_DEF-1.svg", headers={"host": "palate.example"})
        assert answer.headers["content-type"] == "image/svg+xml" and answer.status_code == 200
        return answer.content

    out = io.BytesIO()
    segno.make("http://10.0.0.7:7860/?s=abc_DEF-1", error="m", micro=False).save(
        out, kind="svg", dark="#17201b", light="#fbfcfa", scale=4
    )
    assert coded("http://10.0.0.7:7860/") == coded("http://10.0.0.7:7860") == out.getvalue()
    assert coded("") != coded("http://10.0.0.7:7860")
    assert client(loop).get("/code/a%20b.svg").status_code == 404


def test_pictures_can_be_served_without_how_they_were_made(loop: Loop, token: str) -> None:
    name = loop.session(token).answered[0].pictures[0]
    secret = png((200, 30, 40), palate="secret words", parameters="secret words")
    loop.picture = lambda token, picture: secret  # type: ignore[method-assign]
    app = Starlette(routes=picture_routes(loop, metadata=False))
    bare = TestClient(app).get(f"/picture/{token}/{name}.png").content
    whole = client(loop).get(f"/picture/{token}/{name}.png").content
    assert text_of(whole, "palate") == "secret words" and text_of(bare, "palate") is None
    assert b"secret" not in bare and (pixels(bare) == pixels(whole)).all()
