"""Bounds of a request, checked before any route and before Gradio: address, host, body, and time.

Without them a request that no browser sends ends as an error of the server: a number of thousands of figures,
lists in thousands of lists, a host that is no host, or a body that never comes.
"""

import asyncio
import logging
import re
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personalize.ui.http.responses import SAFE, UNCACHED

log = logging.getLogger(__name__)

LONGEST_ADDRESS = 2000
"""Bytes of a path with its query."""

LONGEST_HOST = 255
"""Characters of a host and its port."""

LARGEST_MESSAGE = 2 << 20
"""Bytes of a body that is no upload. The server that receives uploads bounds them itself."""

DEEPEST, MOST_FIGURES = 60, 300
"""Lists and objects inside each other in a JSON body, and figures of one number in it."""

BODY_WAIT_S = 20.0
"""Seconds for the whole of a message, and for the next piece of an upload."""

_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_HALF_CHARACTER = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""One half of a pair of escapes, which is no character and cannot be written as UTF-8."""

_PART = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]|[0-9]+', re.DOTALL)


class BodyTimeoutError(Exception):
    """A client announced a body and did not send it in time."""


class Bounds:
    """Middleware that answers a request beyond the bounds with 400, 404, 408 or 413, and passes on others."""

    def __init__(self, app: ASGIApp, body_wait_s: float = BODY_WAIT_S) -> None:
        """Wrap `app`; `body_wait_s` is the time for a body, in seconds."""
        self._app, self._wait_s = app, body_wait_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if len(scope["path"]) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
            await _refusal(404, "not found")(scope, receive, send)
            return
        if not all(is_host(named) for named in _hosts(headers)):
            await _refusal(400, "no such host")(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        incoming = _Body(receive, self._wait_s)
        try:
            if headers.get("content-type", "").lower().startswith("multipart/form-data"):
                await self._app(scope, incoming.piece, sending)
                return
            content = await incoming.whole() if _announces_body(headers) else b""
            refused = None if content is None else refusal_of(content, headers.get("content-type", ""))
            if content is None or refused:
                answer = _refusal(413, "too long") if content is None else _refusal(400, refused or "")
                await answer(scope, receive, send)
                return
            await self._app(scope, incoming.replay(content or b""), sending)
        except BodyTimeoutError:
            if started:
                raise
            await _refusal(408, "no body came")(scope, receive, send)
        except RuntimeError as error:
            if not (started and isinstance(error.__cause__, HTTPException)):
                raise
            # Gradio begins the stream of a call before it knows whether there is such a call.
            log.info("a stream ended with status %s", error.__cause__.status_code)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Body:
    """The body of one request, within its time."""

    def __init__(self, receive: Receive, wait_s: float) -> None:
        self._receive, self._wait_s, self._ended = receive, wait_s, False

    async def piece(self) -> Message:
        """The next message; after the body, the one that says that the client left."""
        if self._ended:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._wait_s)
        except TimeoutError:
            raise BodyTimeoutError from None
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def whole(self) -> bytes | None:
        """The whole body; None when it is longer than LARGEST_MESSAGE."""
        pieces, size, until = list[bytes](), 0, time.monotonic() + self._wait_s
        while not self._ended:
            message = await self.piece()
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > LARGEST_MESSAGE:
                return None
            if message["type"] != "http.request" or (not self._ended and time.monotonic() > until):
                raise BodyTimeoutError
        return b"".join(pieces)

    def replay(self, content: bytes) -> Receive:
        """A `receive` that gives the body once, and then waits for the client to leave."""
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return await self._receive()
            given = True
            return {"type": "http.request", "body": content, "more_body": False}

        return receive if self._ended else self._receive


def is_host(named: str) -> bool:
    """Whether this is a host as a browser sends it: a name or an address, with a port or without."""
    found = _HOST.fullmatch(named)
    return len(named) <= LONGEST_HOST and found is not None and int(found[1] or 0) < 65536


def refusal_of(content: bytes, kind: str) -> str:
    """Why a body cannot be text or JSON of ours, in a few words; "" when it may be."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return "no text"
    if _HALF_CHARACTER.search(content):
        return "half a character"
    if "json" not in kind.lower() and content.lstrip()[:1] not in (b"[", b"{"):
        return ""
    depth = 0
    for found in _PART.finditer(content):
        part = found[0]
        if part in (b"[", b"{"):
            depth += 1
        elif part in (b"]", b"}"):
            depth -= 1
        elif part[:1] != b'"' and len(part) > MOST_FIGURES:
            return "too large a number"
        if depth > DEEPEST:
            return "too deeply nested"
    return ""


def _hosts(headers: Headers) -> list[str]:
    """Every host that the request names, for itself or for a proxy."""
    forwarded = [one.strip() for value in headers.getlist("x-forwarded-host") for one in value.split(",")]
    return [named for named in (*headers.getlist("host"), *forwarded) if named]


def _announces_body(headers: Headers) -> bool:
    return headers.get("content-length", "0").strip() != "0" or "transfer-encoding" in headers


def _refusal(status: int, reason: str) -> PlainTextResponse:
    return PlainTextResponse(reason, status, headers={**SAFE, **UNCACHED, "Connection": "close"})
