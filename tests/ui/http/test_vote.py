"""The voting page without a browser: a device, a vote, the end of it."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.ui.http.vote import DEVICE_COOKIE, vote_routes
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary


def test_a_vote_from_the_first_look_to_the_winner(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, candidates=200, pool=64, lookahead_rounds=0)
    preparation = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox").token
    shown = loop.render(token, loop.propose(token).number).fingerprint
    app = Starlette(routes=vote_routes(loop, "http://palate.example:7860"))
    presenter, phone = TestClient(app), TestClient(app)
    assert phone.get("/vote/0123456789ab").status_code == 404
    said = presenter.post(f"/audience/{token}", json={"shown": shown}).json()
    assert said["link"].startswith("http://palate.example:7860/vote/") and token not in said["link"]
    page = "/vote/" + said["link"].rsplit("/", 1)[1]
    assert phone.post(f"{page}/vote", json={"shown": shown, "option": 1}).status_code == 403
    assert phone.get(page).status_code == 200 and phone.cookies.get(DEVICE_COOKIE)
    assert presenter.post(f"/audience/{token}", json={"shown": shown, "close": True}).status_code == 404
    assert phone.post(f"{page}/vote", json={"shown": shown, "option": 1}).json()["yours"] == 1
    said = presenter.post(f"/audience/{token}", json={"shown": shown, "close": True}).json()
    assert (said["winner"], said["counts"]) == (1, [0, 1, 0, 0])
    assert phone.get(f"{page}/state").json()["winner"] == 1
    assert phone.post(f"{page}/vote", json={"shown": shown, "option": 2}).status_code == 409
    assert phone.get(f"{page}/{shown}/0.png").headers["content-type"] == "image/png"
    assert phone.get(f"{page}/old/0.png").status_code == 404
    assert phone.get(f"{page}/{shown}/9.png").status_code == 404
