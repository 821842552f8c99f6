"""Drawing on an images server: the same jobs give the same pictures, and every failure has a sentence."""

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from starlette.responses import JSONResponse, RedirectResponse, Response

from models import ModelError, find_model, load_renderer
from models.errors import RemoteError
from models.remote import client
from models.remote.renderer import ServerRenderer
from models.resolve import served_names
from tests.models.images_server import ImagesServer, png_of, running

SENTENCE = 25
"""Most words of a sentence."""

KEY = "sk-a-secret-of-ours"
PX = {"picture_px": 64}


def job(prompt: str = "a fox, watercolor", seed: int = 7, negative: str = "") -> SimpleNamespace:
    return SimpleNamespace(prompt=prompt, negative_prompt=negative, seed=seed)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WAITS_S", (0.01, 0.01))


@pytest.fixture(scope="module")
def service() -> Iterator[ImagesServer]:
    with running(ImagesServer()) as found:
        yield found


@pytest.fixture
def server(service: ImagesServer) -> ImagesServer:
    """The server of this file, as it is at first."""
    vars(service).update(vars(ImagesServer(url=service.url)))
    return service


def renderer_of(server: ImagesServer, key: str = "", **changes: int) -> ServerRenderer:
    found = load_renderer("mini", on=server.url, key=key, changes={**PX, **changes})
    assert isinstance(found, ServerRenderer)
    return found


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def told(server: ImagesServer, *answers: Response | None, px: int = 64) -> str:
    """The message of the error when the server gives these answers to a request for a picture."""
    drawing = renderer_of(server, picture_px=px)
    server.next_answers = list(answers)
    with pytest.raises(ModelError) as caught:
        drawing.render([job()])
    message = str(caught.value)
    assert message.startswith("Expected ") and message.endswith(".") and "\n" not in message
    return message


def test_the_same_jobs_give_the_same_pictures_in_order_at_any_time(server: ImagesServer) -> None:
    drawing = renderer_of(server)
    jobs = [job("a fox", 1), job("a fox", 2), job("an owl", 1), job("a boat", 2**31 - 1)]
    first, second = drawing.render(jobs), renderer_of(server).render(jobs[::-1])[::-1]
    assert first == second and len(set(first)) == 4
    assert first[:1] == drawing.render(jobs[:1])


def test_a_request_has_the_published_form(server: ImagesServer) -> None:
    renderer_of(server).render([job(negative="text")])
    mini = find_model("mini")
    assert server.requests == [
        {
            "model": "mini",
            "prompt": "a fox, watercolor",
            "negative_prompt": "text",
            "n": 1,
            "response_format": "b64_json",
            "seed": 7,
            "size": "64x64",
            "num_inference_steps": mini.steps,
            "guidance_scale": mini.guidance,
        }
    ]


def test_a_picture_says_how_it_was_made(server: ImagesServer) -> None:
    picture = opened(renderer_of(server).render([job()])[0])
    record = json.loads(picture.info["palate"])
    assert record["model"] == "mini-served-8x3-64" and (record["seed"], record["prompt"]) == (7, job().prompt)
    assert picture.info["parameters"].endswith("Seed: 7, Size: 64x64, Model: mini")


def test_the_name_follows_the_model_the_steps_and_the_size(server: ImagesServer) -> None:
    names = {
        renderer_of(server).name,
        renderer_of(server, steps=4).name,
        renderer_of(server, picture_px=32).name,
    }
    server.models = ("stabilityai/sd-turbo",)
    names.add(load_renderer("sd-turbo", on=server.url, changes=PX).name)
    assert len(names) == 4 and all("/" not in name for name in names)


@pytest.mark.parametrize("form", ["sglang", "omni"])
def test_both_servers_draw(form: str) -> None:
    with running(ImagesServer(form)) as server:
        assert opened(renderer_of(server).render([job()])[0]).size == (64, 64)
        assert len(server.requests) == 1


def test_fields_that_a_server_does_not_know_are_left_out_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(ImagesServer("openai")) as server, caplog.at_level(logging.WARNING):
        drawing = renderer_of(server, picture_px=256)
        assert opened(drawing.warm_up("a fox")).size == (256, 256)
        assert set(server.requests[-1]) == {"model", "prompt", "n", "response_format", "size"}
        asked = server.asked
        drawing.render([job(), job(seed=8)])
        assert server.asked == asked + 2
    assert "does not know seed" in caplog.text


def test_a_busy_server_is_asked_again_when_it_says(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = renderer_of(server)
    soon = format_datetime(datetime.now(UTC), usegmt=True)
    server.next_answers = [
        JSONResponse({}, 429, {"Retry-After": "0"}),
        JSONResponse({}, 429, {"Retry-After": soon}),
        JSONResponse({}, 503, {"Retry-After": "0"}),
        None,
    ]
    assert drawing.render([job()]) == renderer_of(server).render([job()])
    assert "too much to do" in told(server, JSONResponse({}, 429, {"Retry-After": "3600"}))
    monkeypatch.setattr(client, "BUSY_S", 200.0)
    assert "too much to do" in told(server, JSONResponse({}, 429))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_for_a_moment_is_asked_again(server: ImagesServer, status: int) -> None:
    drawing = renderer_of(server)
    server.next_answers = [Response("<html>Bad <b>gateway</b></html>", status)]
    assert len(drawing.render([job()])) == 1 and server.asked == 2
    message = told(server, *[Response("<html>Bad <b>gateway</b></html>", status)] * 3)
    assert f"HTTP {status}: Bad gateway" in message


def url_answer(address: str) -> JSONResponse:
    return JSONResponse({"created": 1, "data": [{"url": address}]})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"error": {"message": "no such model"}}, 404), "or PALATE_MODEL"),
        (JSONResponse({}, 403), "Correct the key that PALATE_RENDER_KEY names"),
        (JSONResponse({"error": {"message": "size must be 512x512"}}, 400), "size must be 512x512"),
        (JSONResponse({"error": {"code": "content_policy_violation"}}, 400), "another subject"),
        (JSONResponse({"error": {"message": "Blocked by our safety system"}}, 400), "another subject"),
        (RedirectResponse("http://127.0.0.1:9/elsewhere"), "a redirection (HTTP 307)"),
        (JSONResponse({"created": 1, "data": []}), "an answer without one"),
        (JSONResponse({"data": [{"b64_json": None, "url": None}]}), "an answer without one"),
        (Response("hello", media_type="text/html"), "an answer without one"),
        (JSONResponse([1, 2]), "an answer without one"),
        (JSONResponse({"data": [{"b64_json": "*no*"}]}), "not written in Base64"),
        (JSONResponse({"data": [{"b64_json": "aGVsbG8="}]}), "5 bytes that are no picture"),
        (url_answer("http://127.0.0.1:9/1.png"), "the address of a picture on another server"),
        (url_answer("http://[::1"), "the address of a picture on another server"),
        (url_answer("/v1/images/none"), "an address without a picture (HTTP 404)"),
        (Response("x" * 90, 418), "HTTP 418: xxx"),
    ],
)  # fmt: skip
def test_every_answer_without_a_picture_has_a_sentence(
    server: ImagesServer, answer: Response, words: str
) -> None:
    assert words in told(server, answer)


@pytest.mark.parametrize(
    ("size", "px", "words"),
    [
        ((32, 32), 64, "32 x 32 pixels instead of 64 x 64"),
        ((64, 48), 0, "64 x 48 pixels instead of a square"),
        ((8192, 8192), 0, "8192 x 8192 pixels instead of a square of at most 4096"),
    ],
)
def test_a_picture_of_another_size_is_refused(
    server: ImagesServer, size: tuple[int, int], px: int, words: str
) -> None:
    server.picture = lambda content: png_of(size)
    message = told(server, px=px)
    assert words in message and "PALATE_PICTURE_PX" in message


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_every_format_is_taken_and_half_a_picture_is_not(server: ImagesServer, kind: str) -> None:
    def changed(content: bytes) -> bytes:
        stream = io.BytesIO()
        opened(content).convert("RGBA" if kind != "JPEG" else "RGB").save(stream, kind)
        return stream.getvalue()

    server.picture = changed
    picture = opened(renderer_of(server).render([job()])[0])
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    server.picture = lambda content: changed(content)[: len(changed(content)) // 2]
    assert "bytes that are no picture" in told(server)


def test_a_picture_that_a_checker_blackened_is_tried_again_then_hidden(server: ImagesServer) -> None:
    drawing, black = renderer_of(server), png_of((64, 64), (0, 0, 0))
    contents = iter([black, png_of((64, 64))])
    server.picture = lambda content: next(contents)
    record = json.loads(opened(drawing.render([job()])[0]).info["palate"])
    seeds = [request["seed"] for request in server.requests]
    assert seeds[0] == 7 and record["seed"] == seeds[1] != 7 and "hidden" not in record
    server.picture = lambda content: black
    record = json.loads(opened(drawing.render([job()])[0]).info["palate"])
    assert record["hidden"] and record["seed"] == 7


def test_an_address_on_the_same_server_is_fetched() -> None:
    with running(ImagesServer("sglang")) as server:
        drawing = renderer_of(server)
        server.next_answers = [
            url_answer("/v1/images/1/content"),
            url_answer(server.url + "/v1/images/1/content"),
        ]
        assert len(drawing.render([job(), job()])) == 2


def test_the_key_is_sent_and_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    monkeypatch.setenv("SOME_KEY", KEY)
    with running(ImagesServer(key=KEY)) as server, caplog.at_level(logging.DEBUG):
        for place in (str(file), "env:SOME_KEY"):
            assert len(renderer_of(server, place).render([job()])) == 1
        server.key = "another"
        with pytest.raises(RemoteError, match=r"refuses the key \(HTTP 401\)") as caught:
            renderer_of(server, str(file))
        server.models = None
        with pytest.raises(RemoteError, match="refuses the key"):
            renderer_of(server, str(file)).warm_up()
        server.key = KEY
        drawing = renderer_of(server, str(file))
        server.next_answers = [JSONResponse({"error": {"message": f"{KEY} is poor"}}, 402)]
        with pytest.raises(RemoteError, match=r"\.\.\. is poor") as poor:
            drawing.warm_up()
    assert KEY not in caplog.text + str(caught.value) + repr(vars(poor.value))


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(RemoteError, match=r"http://127.0.0.1:9 to draw, found: ConnectError"):
        load_renderer("mini", on="http://127.0.0.1:9")


def test_a_server_that_says_nothing_is_an_error(server: ImagesServer) -> None:
    server.gate = threading.Event()
    drawing = load_renderer("mini", on=server.url, changes=PX, answer_s=0.2)
    with pytest.raises(RemoteError, match="it took too long"):
        drawing.render([job()])


def test_a_server_with_another_model_is_an_error(server: ImagesServer) -> None:
    server.models = ("stabilityai/sdxl-turbo", "b")
    with pytest.raises(RemoteError, match="no model mini among stabilityai/sdxl-turbo, b. Set PALATE_MODEL"):
        renderer_of(server)
    found = load_renderer("b", on=server.url)
    assert isinstance(found, ServerRenderer) and found.served == "b" and found.name.startswith("b-served-")


def test_a_model_of_the_catalogue_needs_no_weights_here() -> None:
    turbo = find_model("sd-turbo", clip="mini", drawn_here=False)
    assert (turbo.steps, turbo.picture_px, turbo.words) == (2, 512, 4)
    by_repository = find_model("stabilityai/sd-turbo", clip="mini", drawn_here=False)
    assert by_repository == turbo
    assert served_names("sd-turbo") == ("stabilityai/sd-turbo", "sd-turbo")
    assert served_names("stabilityai/sd-turbo") == ("stabilityai/sd-turbo", "sd-turbo")
    assert find_model("someone/of-their-own", clip="mini", drawn_here=False).name == "someone--of-their-own"


class Unwanted(Exception):
    """Nobody wants the pictures any more."""


def wait_for(server: ImagesServer, ended: int) -> None:
    until = time.monotonic() + 10
    while server.ended < ended and time.monotonic() < until:
        time.sleep(0.02)


def test_pictures_that_nobody_wants_any_more_end_their_requests(server: ImagesServer) -> None:
    server.gate = threading.Event()
    drawing = renderer_of(server)

    def on_step(done: int, of: int) -> None:
        if server.asked == 3:
            raise Unwanted

    with pytest.raises(Unwanted):
        drawing.render([job(seed=n) for n in range(3)], on_step)
    wait_for(server, 3)
    assert server.ended == 3
    server.gate.set()
    assert len(drawing.render([job()])) == 1


def test_closing_ends_the_requests_that_run(server: ImagesServer) -> None:
    server.gate = threading.Event()
    drawing = renderer_of(server)
    with pytest.raises(ModelError, match="found that Palate is ending"):
        drawing.render([job()], lambda done, of: drawing.close())
    wait_for(server, 1)
    assert server.ended == 1


def test_one_picture_that_fails_ends_the_others(server: ImagesServer) -> None:
    drawing = renderer_of(server)
    server.next_answers = [JSONResponse({"error": {"message": "no"}}, 400)]
    server.gate = threading.Event()
    with pytest.raises(RemoteError):
        drawing.render([job(seed=n) for n in range(4)])
    wait_for(server, 3)
    assert server.ended == 3


def test_steps_count_the_pictures(server: ImagesServer) -> None:
    seen: list[tuple[int, int]] = []
    renderer_of(server).render([job(seed=n) for n in range(3)], lambda done, of: seen.append((done, of)))
    assert seen == sorted(seen) and seen[-1] == (3, 3)


def test_the_room_of_a_prompt_is_counted_as_clip_does(server: ImagesServer) -> None:
    drawing = renderer_of(server)
    assert drawing.room("") == 75 and drawing.room("a fox, watercolor") == 75 - 4
    assert drawing.room("a " * 80) == -5


def test_every_message_has_short_sentences(server: ImagesServer) -> None:
    for status in (400, 401, 404, 429, 500):
        answers = [JSONResponse({}, status, {"Retry-After": "999"} if status == 429 else None)] * 3
        for sentence in told(server, *answers).split(". "):
            assert len(sentence.split()) <= SENTENCE
