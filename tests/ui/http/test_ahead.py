"""The next round's pictures, for the page that shows the round before it."""

from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from personalize.errors import RenderError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Round
from personalize.settings import Settings
from personalize.ui.http.ahead import ahead_routes
from personalize.ui.screens.html import picture_url
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

SETTINGS = Settings(candidates=200, pool=64, rounds=3, strategy="adaptive")


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = replace(SETTINGS, data=tmp_path_factory.mktemp("data"))
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture
def loop(preparation: Preparation) -> Personalizer:
    return Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), SETTINGS)


def drawn(loop: Personalizer, token: str) -> Round:
    return loop.render(token, loop.propose(token).number)


def asked(loop: Personalizer, token: str, shown: str, language: str = "en") -> list[dict[str, str]]:
    client = TestClient(Starlette(routes=ahead_routes(loop)))
    answer = client.get(f"/ahead/{token}/{shown}.json?language={language}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    rounds = answer.json()["rounds"]
    assert set(rounds) <= {"any"}
    cards: list[dict[str, str]] = rounds.get("any", {"cards": []})["cards"]
    return cards


@pytest.mark.parametrize("best", [0, 3])
def test_the_pictures_are_those_of_the_next_round_whatever_is_picked(loop: Personalizer, best: int) -> None:
    token = loop.start("a fox", seed=4).token
    for _ in range(2):
        current = drawn(loop, token)
        cards = asked(loop, token, current.fingerprint)
        assert loop.session(token).current == current  # nothing was proposed for the asking
        loop.answer(token, current.number, best=best, shown=current.fingerprint)
        following = drawn(loop, token)
        assert [card["url"] for card in cards] == [picture_url(token, one) for one in following.pictures]
        for card, prompt in zip(cards, following.prompts, strict=True):
            assert prompt in card["label"]
            assert loop.picture(token, card["url"].split("/")[-1].removesuffix(".png"))


def test_a_page_with_other_pictures_and_a_stranger_learn_nothing(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=4).token
    current = drawn(loop, token)
    assert asked(loop, token, "0" * 16) == []
    assert asked(loop, "unknown", current.fingerprint) == []
    loop.answer(token, 1, best=0)
    assert asked(loop, token, current.fingerprint) == []


def test_the_last_planned_round_has_no_next_one(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=4).token
    for number in range(1, SETTINGS.planned):
        current = drawn(loop, token)
        assert asked(loop, token, current.fingerprint)
        loop.answer(token, number, best=0)
    assert asked(loop, token, drawn(loop, token).fingerprint) == []


def test_pictures_that_cannot_be_drawn_are_none(loop: Personalizer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = loop.start("a fox", seed=4).token
    current = drawn(loop, token)

    def broken(*_: object) -> list[bytes]:
        raise RenderError("The brush broke. Draw them again.")

    monkeypatch.setattr(loop.renderer, "render", broken)
    assert asked(loop, token, current.fingerprint) == []


def test_the_labels_have_the_readers_language(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=4).token
    shown = drawn(loop, token).fingerprint
    labels = [asked(loop, token, shown, language)[0]["label"] for language in ("en", "de", "fr")]
    assert len(set(labels)) == 3


@pytest.mark.parametrize("best", [0, 2, -1])
def test_among_seen_pictures_each_answer_has_a_next_round_that_the_pick_shows(
    preparation: Preparation, best: int
) -> None:
    settings = replace(SETTINGS, strategy="adaptive-seen")
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    client = TestClient(Starlette(routes=ahead_routes(loop)))
    token = loop.start("a fox", seed=4).token
    current = drawn(loop, token)
    first = client.get(f"/ahead/{token}/{current.fingerprint}.json").json()
    assert set(first["rounds"]) == {"0", "1", "2", "3", "-1"}
    for card in first["rounds"]["0"]["cards"]:  # the page loads them beforehand
        assert loop.picture(token, card["url"].split("/")[-1].removesuffix(".png"))
    last = client.get(f"/ahead/{token}/{current.fingerprint}.json?stage=pool").json()
    assert last["more"] is False
    assert len({next_["shown"] for next_ in last["rounds"].values()}) > 1
    pick = {"none": True} if best < 0 else {"best": best}
    session = loop.answer(token, current.number, shown=current.fingerprint, **pick)
    promised = last["rounds"][str(best)]
    opened = loop.open_round(token, session, promised["shown"]).session.current
    assert opened is not None and opened.fingerprint == promised["shown"]
    assert [card["url"] for card in promised["cards"]] == [picture_url(token, p) for p in opened.pictures]
    for picture in opened.pictures:
        assert loop.picture(token, picture)


def test_a_round_that_was_promised_first_is_kept_when_more_pictures_came(preparation: Preparation) -> None:
    settings = replace(SETTINGS, strategy="adaptive-seen", drawn_ahead=40)
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox", seed=4).token
    current = drawn(loop, token)
    job, pool = loop.request_pool(token)
    assert job is not None and pool is not None
    job.future.result(20)
    early = loop.likely_rounds(token)
    pool.future.result(20)
    late = loop.likely_rounds(token)
    assert any(early[best].fingerprint != late[best].fingerprint for best in early)
    best = next(best for best in early if early[best].fingerprint != late[best].fingerprint and best >= 0)
    session = loop.answer(token, current.number, best=best)
    opened = loop.open_round(token, session, early[best].fingerprint).session.current
    assert opened is not None and opened.fingerprint == early[best].fingerprint


def test_pictures_of_the_shared_pool_can_be_loaded_before_they_are_shown(preparation: Preparation) -> None:
    settings = replace(SETTINGS, strategy="adaptive-seen", shared_pool=24)
    loop = Personalizer(
        preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings, banked=["a fox"]
    )
    for job in loop.request_bank():
        job.future.result(20)
    token = loop.start("a fox", seed=4).token
    current = drawn(loop, token)
    client = TestClient(Starlette(routes=ahead_routes(loop)))
    rounds = client.get(f"/ahead/{token}/{current.fingerprint}.json").json()["rounds"]
    assert len(rounds) == 5
    for next_ in rounds.values():
        for card in next_["cards"]:
            assert loop.picture(token, card["url"].split("/")[-1].removesuffix(".png"))
