"""An images server on loopback, strict about the published form, with the ways in which one can fail.

Three forms are known: those of vLLM-Omni, of SGLang-Diffusion, and of OpenAI, which takes neither seeds nor
steps. A field that the form does not have is refused. The painter of `tests/fakes.py` draws.
"""

import asyncio
import base64
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

import uvicorn
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes import FakeRenderer

LARGEST_SEED = 2**63 - 1


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    prompt: str = Field(min_length=1)
    model: str | None = None
    n: int = Field(default=1, ge=1, le=10)
    size: str | None = Field(default=None, pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")
    user: str | None = None


class OmniForm(_Form):
    """The fields of vLLM-Omni, as far as a client may need them."""

    response_format: Literal["b64_json", "file"] = "b64_json"
    negative_prompt: str | None = None
    num_inference_steps: int | None = Field(default=None, ge=1, le=200)
    guidance_scale: float | None = Field(default=None, ge=0.0, le=20.0)
    true_cfg_scale: float | None = Field(default=None, ge=0.0, le=20.0)
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED)
    output_format: Literal["png", "jpeg", "webp"] | None = None


class SglangForm(_Form):
    """The fields of SGLang-Diffusion, as far as a client may need them."""

    quality: str | None = "auto"
    response_format: Literal["url", "b64_json"] = "url"
    background: str | None = "auto"
    output_format: Literal["png", "jpeg", "webp"] | None = None
    num_inference_steps: int | None = Field(default=None, ge=1)
    guidance_scale: float | None = None
    true_cfg_scale: float | None = None
    seed: int = Field(default=1024, ge=0, le=LARGEST_SEED)
    negative_prompt: str | None = None


class OpenaiForm(_Form):
    """The fields of OpenAI."""

    prompt: str = Field(min_length=1, max_length=1000)
    size: Literal["256x256", "512x512", "1024x1024"] | None = None
    response_format: Literal["url", "b64_json"] = "url"
    quality: Literal["standard", "hd", "low", "medium", "high", "auto"] | None = None
    style: Literal["vivid", "natural"] | None = None


FORMS: dict[str, type[_Form]] = {"omni": OmniForm, "sglang": SglangForm, "openai": OpenaiForm}


@dataclass
class ImagesServer:
    """The server, and what goes wrong.

    Attributes:
        form: "omni", "sglang" or "openai".
        models: names that /v1/models lists; None if there is no such route.
        key: that it asks for, or ''.
        next_answers: given instead of a picture, one after the other; None stands for a picture.
        picture: changes the bytes of every picture before they are sent.
        gate: if given, pictures wait for it.
        requests: the bodies that were drawn or refused.
        asked: all requests for pictures.
        ended: requests whose client went away.
        url: address before /v1.
    """

    form: str = "omni"
    models: tuple[str, ...] | None = ("mini",)
    key: str = ""
    next_answers: list[Response | None] = field(default_factory=list)
    picture: Callable[[bytes], bytes] = lambda content: content
    own_px: int = 64
    gate: threading.Event | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    ended: int = 0
    url: str = ""

    async def list_models(self, request: Request) -> Response:
        """GET /v1/models."""
        if self.models is None:
            return JSONResponse({"detail": "Not Found"}, 404)
        if refusal := self._refusal(request):
            return refusal
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "x"} for name in self.models]
        return JSONResponse({"object": "list", "data": data})

    async def generate(self, request: Request) -> Response:
        """POST /v1/images/generations."""
        self.asked += 1
        if refusal := self._refusal(request):
            return refusal
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": {"message": "Expected JSON."}}, 415)
        body = await request.json()
        self.requests.append(body)
        if self.next_answers and (answer := self.next_answers.pop(0)) is not None:
            return answer
        try:
            form = FORMS[self.form].model_validate(body)
        except ValidationError as error:
            return self._unfit(error)
        if self.models and form.model and form.model not in self.models:
            words = f"The model `{form.model}` does not exist."
            return JSONResponse(
                {"error": {"message": words, "type": "NotFoundError", "param": "model", "code": 404}}, 404
            )
        while self.gate is not None and not self.gate.is_set():
            if await request.is_disconnected():
                self.ended += 1
                return Response(status_code=499)
            await asyncio.sleep(0.02)
        data = [self._datum(form, body, nth) for nth in range(form.n)]
        return JSONResponse({"created": int(time.time()), "data": data})

    async def content(self, request: Request) -> Response:
        """The picture of an answer with an address."""
        return Response(self._drawn("an address", 7, None), media_type="image/png")

    def _datum(self, form: _Form, body: dict[str, Any], nth: int) -> dict[str, Any]:
        if getattr(form, "response_format", "") == "url":
            return {"url": "/v1/images/1/content", "revised_prompt": form.prompt}
        seed = getattr(form, "seed", None)
        content = self._drawn(form.prompt, len(self.requests) if seed is None else seed + nth, form.size)
        return {"b64_json": base64.b64encode(content).decode(), "url": None, "revised_prompt": None}

    def _drawn(self, prompt: str, seed: int, size: str | None) -> bytes:
        painter = FakeRenderer(picture_px=int(size.split("x")[0]) if size else self.own_px)
        return self.picture(painter.render([SimpleNamespace(prompt=prompt, seed=seed)])[0])

    def _refusal(self, request: Request) -> Response | None:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            told = request.headers.get("authorization", "none")
            words = f"Incorrect API key provided: {told}."
            return JSONResponse({"error": {"message": words, "code": "invalid_api_key"}}, 401)
        return None

    def _unfit(self, error: ValidationError) -> Response:
        """What is wrong with a request, in the words of each server."""
        first = error.errors()[0]
        name = str(first["loc"][0])
        if self.form == "openai":
            unknown = first["type"] == "extra_forbidden"
            words = f"Unknown parameter: '{name}'." if unknown else f"Invalid value: '{name}'. {first['msg']}"
            code = "unknown_parameter" if unknown else "invalid_value"
            told = {"message": words, "type": "invalid_request_error", "param": name, "code": code}
            return JSONResponse({"error": told}, 400)
        faults = [
            {"type": one["type"], "loc": ["body", *one["loc"]], "msg": one["msg"]} for one in error.errors()
        ]
        return JSONResponse({"detail": faults}, 422)


def png_of(size: tuple[int, int], colour: tuple[int, int, int] | None = None) -> bytes:
    """A picture of one colour, or of two halves."""
    image = Image.new("RGB", size, colour or (10, 20, 30))
    if colour is None:
        image.paste((200, 100, 0), (0, 0, size[0] // 2, size[1]))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@contextmanager
def running(server: ImagesServer) -> Iterator[ImagesServer]:
    """The server on a free port of loopback, in a thread of its own."""
    routes = [
        Route("/v1/models", server.list_models),
        Route("/v1/images/generations", server.generate, methods=["POST"]),
        Route("/v1/images/1/content", server.content),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none"
    )
    service = uvicorn.Server(config)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    while not service.started:
        time.sleep(0.01)
    port = service.servers[0].sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        service.should_exit = True
        thread.join(10)
