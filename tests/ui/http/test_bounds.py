"""Requests that no browser sends: each gets an answer, and none ends as an error of the server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from personalize.errors import SessionError
from personalize.preparation.prepare import prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.taste_file import read_taste_file
from personalize.ui.http.bounds import DEEPEST, LARGEST_MESSAGE, LONGEST_ADDRESS, Bounds, is_host, refusal_of
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.pictures import picture_routes
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import StaffAccess
from personalize.ui.http.vote import vote_routes
from personalize.ui.http.wall import wall_routes
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

PIN = "204618"
DEEP = b"[" * 990
"""Deeper than the JSON reader goes, and shorter than the longest message."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Personalizer, str, str]:
    settings = Settings(data=tmp_path_factory.mktemp("data"), candidates=200, pool=64, lookahead_rounds=0)
    preparation = prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)
    loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox").token
    return loop, token, loop.render(token, loop.propose(token).number).fingerprint


@pytest.fixture(params=["with the bounds", "without"])
def client(request: pytest.FixtureRequest, shown: tuple[Personalizer, str, str]) -> TestClient:
    loop, staff = shown[0], StaffAccess(PIN)
    routes = [
        *picture_routes(loop),
        *vote_routes(loop),
        *wall_routes(loop, staff),
        *staff_routes(loop, staff, Settings(staff_pin=PIN), Metrics()),
    ]
    bounds = [Middleware(Bounds)] if request.param == "with the bounds" else []
    return TestClient(Starlette(routes=routes, middleware=bounds))


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 1500, "9" * 20, "-1", "1.5", "1e9", "²", "nan"])
def test_a_number_that_is_none_of_ours_is_not_found(
    client: TestClient, shown: tuple[Personalizer, str, str], number: str
) -> None:
    _, token, fingerprint = shown
    link = client.post(f"/audience/{token}", json={"shown": fingerprint}).json()["link"]
    vote = "/vote/" + link.rsplit("/", 1)[1]
    for path in (
        f"{vote}/{fingerprint}/{number}.png",
        f"/wall/{number}.png",
        f"/picture/{token}/{number}.png",
    ):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["a" * 3000, "a" * 9000])
def test_a_host_of_thousands_of_letters_makes_no_code(
    client: TestClient, shown: tuple[Personalizer, str, str], host: str
) -> None:
    for path in (f"/code/{shown[1]}.svg", f"/audience/{shown[1]}/code.svg"):
        assert client.get(path, headers={"host": host}).status_code in (400, 404)


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        b'{"a":' * 190,
        b'{"option": ' + b"9" * 900 + b"}",
        b'{"option": NaN}',
        b'{"option": 1e999, "close_in": -Infinity}',
        b'{"option": {"a": [1]}, "close_in": {}, "close": 7}',
        b'{"shown": ["a"], "close_in": true}',
        b"null",
        b"\xff\xfe",
        b'"\\ud800"',
        b"9" * 990,
        b"x" * 5000,
    ],
)
def test_any_message_at_the_votes_gets_an_answer(
    client: TestClient, shown: tuple[Personalizer, str, str], body: bytes
) -> None:
    _, token, fingerprint = shown
    link = client.post(f"/audience/{token}", json={"shown": fingerprint}).json()["link"]
    vote = "/vote/" + link.rsplit("/", 1)[1]
    client.get(vote)
    for path in (f"/audience/{token}", f"{vote}/vote"):
        assert client.post(path, content=body).status_code < 500


@pytest.mark.parametrize("value", ["9" * 900, "9" * 5000, "²", "٣", "-1", "1.5", ""])
def test_any_number_in_the_form_of_staff_gets_a_page(client: TestClient, value: str) -> None:
    assert client.post("/staff", data={"pin": PIN}).status_code == 200
    for field in ("show", "refuse", "off", "pin", "other"):
        assert client.post("/staff", data={field: value}).status_code in (200, 409, 429)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '"nan"', "true", "9" * 5000])
@pytest.mark.parametrize("place", ["utility", "seed", "best"])
def test_a_friends_file_with_such_a_number_is_refused(number: str, place: str) -> None:
    said = {"utility": "1.0", "seed": "1", "best": "1"} | {place: number}
    file = f"""{{"format": "palate-taste", "version": 1, "made": "2026-11-28T10:00:00Z", "subject": "a fox",
    "sentence": "", "models": {{"vocabulary": "v", "renderer": "r", "embedder": "e"}},
    "opinions": [{{"word": "mosaic", "slot": "style", "utility": {said["utility"]}, "error": 0.5}}],
    "rounds": [{{"pictures": [["mosaic"], []], "seed": {said["seed"]}, "best": {said["best"]},
    "at": "2026-11-28T10:00:00Z"}}]}}"""
    with pytest.raises(SessionError, match="found a fault"):
        read_taste_file(file.encode())


@pytest.mark.parametrize(
    ("named", "fits"),
    [
        ("palate.example", True),
        ("palate_1:7860", True),
        ("127.0.0.1:80", True),
        ("[::1]:7860", True),
        ("[", False),
        ("[::1", False),
        ("a b", False),
        ("a/b", False),
        ("a@b", False),
        ("a:99999", False),
        ("a:" + "9" * 5000, False),
        ("a" * 256, False),
        ("é.example", False),
    ],
)
def test_a_host_is_a_name_or_an_address(named: str, fits: bool) -> None:
    assert is_host(named) is fits


async def _echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


@pytest.mark.parametrize("header", ["host", "x-forwarded-host"])
def test_a_host_that_is_none_gets_400(header: str) -> None:
    client = bounded()
    for named in ("[", "a" * 3000, "a:99999"):
        assert client.get("/", headers={header: named}).status_code == 400
    assert client.get("/", headers={header: "palate.example:7860"}).status_code == 200


def bounded() -> TestClient:
    app = Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])], middleware=[Middleware(Bounds)])
    return TestClient(app, base_url="http://palate.example")


def test_what_a_browser_sends_goes_through_as_it_is() -> None:
    client = bounded()
    for body in (b"", b'{"a": [1, {"b": "[[[[ \\" ]"}]}', b"pin=1234", bytes(range(128))):
        answer = client.post("/", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.content.decode(errors="replace")) == (
            200,
            body.decode(errors="replace"),
        )
    upload = client.post("/", files={"file": b"x" * (LARGEST_MESSAGE + 1)})
    assert upload.status_code == 200 and len(upload.content) > LARGEST_MESSAGE


def test_what_no_browser_sends_is_bounded() -> None:
    client = bounded()
    assert client.get("/?" + "a" * LONGEST_ADDRESS).status_code == 404
    assert client.post("/", content=b"x" * (LARGEST_MESSAGE + 1)).status_code == 413
    assert client.post("/", content=b"[" * 100_000).status_code == 400
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        refused = client.post("/", content=b"\xc9\x00\xff", headers={"content-type": kind})
        assert (refused.status_code, refused.text) == (400, "no text")
    assert client.post("/", json={"data": [0], "more": b"9".decode() * 9000}).status_code == 200
    assert client.post("/", content=b'{"data": ' + b"9" * 9000 + b"}").status_code == 400


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (r"\ud83e\udd8a", 200),
        (r"\uD83E\uDD8A\uD83E\uDD8A", 200),
        (r"\ud800", 400),
        (r"\ud83ea", 400),
        (r"\udd8a", 400),
        (r"\udd8a\ud83e", 400),
    ],
)
def test_half_a_character_is_refused(text: str, status: int) -> None:
    answer = bounded().post("/", content=f'{{"data": ["{text}"]}}'.encode())
    assert answer.status_code == status


def test_a_stream_that_ends_with_an_error_of_its_own_ends_quietly() -> None:
    async def stream(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            raise HTTPException(404)

        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/", stream)], middleware=[Middleware(Bounds)])
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.content) == (200, b"first")


@pytest.mark.parametrize("text", ['"' + "[" * 999 + '"', '"\\"' + "[" * 999 + '"', '"' + "9" * 999 + '"'])
def test_brackets_and_figures_in_a_text_are_no_depth_and_no_number(text: str) -> None:
    assert refusal_of(text.encode(), "application/json") == ""
    assert refusal_of(f"{'[' * DEEPEST}{text}{']' * DEEPEST}".encode(), "") == ""
    assert refusal_of(f"{'[' * (DEEPEST + 1)}{text}".encode(), "") == "too deeply nested"


@pytest.mark.parametrize("first", [[], [b'{"a"'], [b"", b"{", b'"']])
@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x"])
def test_a_body_that_is_announced_and_does_not_come_is_ended(first: list[bytes], kind: bytes) -> None:
    waiting = list(first)
    sent: list[Message] = []

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    bounds = Middleware(Bounds, body_wait_s=0.05)
    app = Starlette(routes=[Route("/", _echo, methods=["POST"])], middleware=[bounds])
    headers = [(b"host", b"palate.example"), (b"content-length", b"100"), (b"content-type", kind)]
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408 and (b"connection", b"close") in sent[0]["headers"]
