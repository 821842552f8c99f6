"""Asks an images server for pictures, and asks again where that can help.

A server that is busy says when to ask again. One that restarts is asked again a few times. A field that the
server does not know is left out from then on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from models.errors import RemoteError
from models.remote.answers import (
    AWAY,
    BUSY,
    WRONG,
    Answer,
    error_of,
    no_picture,
    picture_of,
    refused_fields,
    seconds_to_wait,
)

_LOG = logging.getLogger(__name__)

CONNECT_S = 10.0
"""Seconds for a connection."""

WAITS_S = (0.5, 2.0, 5.0)
"""Seconds before the next attempts at a server that failed or does not answer."""

PATIENCE_S = 120.0
"""Seconds in all that a busy server may make a picture wait before its error is told."""

BUSY_S = 2.0
"""Seconds before the next attempt at a busy server that does not say when."""

MOST_BYTES = 64 << 20
"""Largest answer that is read."""

AGAIN = frozenset({500, 502, 503, 504, 408})
"""Statuses after which the same request may succeed."""


class ImagesClient:
    """The images endpoint of one server. Its calls run in the event loop of their caller.

    Attributes:
        server: address before /v1.
        unknown: fields that the server does not know.
    """

    def __init__(self, server: str, key: str, answer_s: float) -> None:
        """Nothing is asked yet.

        Args:
            server: address before /v1.
            key: for the header Authorization; '' for none.
            answer_s: seconds without a byte after which a request has failed.
        """
        self.server, self._key = server, key
        self.unknown: set[str] = set()
        self._timeout = httpx.Timeout(answer_s, connect=CONNECT_S, pool=None)
        self._certificates: Any = httpx.create_ssl_context() if server.startswith("https:") else True

    def connection(self) -> httpx.AsyncClient:
        """A pool of connections. Closing it ends the requests that still run."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.AsyncClient(headers=headers, timeout=self._timeout, verify=self._certificates)

    async def models(self, http: httpx.AsyncClient) -> list[str]:
        """Names of the models that the server runs; none if it does not tell.

        Raises:
            RemoteError: the server does not answer, or refuses the key.
        """
        answer = await self._tried(http, "GET", f"{self.server}/v1/models")
        if answer.status in (401, 403):
            raise error_of(answer, self.server, self._key)
        try:
            listed = httpx.Response(200, content=answer.body).json()["data"] if answer.status == 200 else []
            return [str(one["id"]) for one in listed]
        except (ValueError, KeyError, TypeError):
            return []

    async def picture(self, http: httpx.AsyncClient, fields: Mapping[str, Any]) -> bytes:
        """The bytes of the picture of a request, in any format.

        Args:
            http: from `connection`.
            fields: of the request, with the prompt.

        Raises:
            RemoteError: the server gave no picture.
        """
        waited_s = 0.0
        while True:
            sent = {name: value for name, value in fields.items() if name not in self.unknown}
            answer = await self._tried(http, "POST", f"{self.server}/v1/images/generations", sent)
            if answer.status == 200:
                found = picture_of(answer, self.server)
                return found if isinstance(found, bytes) else await self._fetched(http, found)
            if refused := refused_fields(answer, sent):
                _LOG.warning("The images server does not know %s, which it does without.", ", ".join(refused))
                self.unknown |= set(refused)
                continue
            if answer.status != 429:
                raise error_of(answer, self.server, self._key)
            wait_s = seconds_to_wait(answer)
            wait_s = BUSY_S if wait_s is None else max(0.1, wait_s)
            waited_s += wait_s
            if waited_s > PATIENCE_S:
                raise RemoteError(BUSY, server=self.server)
            await asyncio.sleep(wait_s)

    async def _fetched(self, http: httpx.AsyncClient, address: str) -> bytes:
        """The picture at an address of the same server."""
        answer = await self._tried(http, "GET", address)
        if answer.status != 200:
            raise no_picture(self.server, f"an address without a picture (HTTP {answer.status})")
        return answer.body

    async def _tried(
        self, http: httpx.AsyncClient, method: str, address: str, sent: Mapping[str, Any] | None = None
    ) -> Answer:
        """The answer to a request, which is sent again if the server fails or does not answer."""
        for wait_s in (*WAITS_S, None):
            try:
                answer = await self._asked(http, method, address, sent)
            except httpx.ReadTimeout:
                raise RemoteError(AWAY, server=self.server, fault="it took too long") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if wait_s is None:
                    fault = f"{type(error).__name__} {error}".strip()
                    raise RemoteError(AWAY, server=self.server, fault=fault) from error
            else:
                if wait_s is None or answer.status not in AGAIN:
                    return answer
                asked_s = seconds_to_wait(answer)
                wait_s = wait_s if asked_s is None else min(PATIENCE_S, max(wait_s, asked_s))
            await asyncio.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    async def _asked(
        self, http: httpx.AsyncClient, method: str, address: str, sent: Mapping[str, Any] | None
    ) -> Answer:
        body = bytearray()
        async with http.stream(method, address, json=None if sent is None else dict(sent)) as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise no_picture(self.server, f"an answer of more than {MOST_BYTES >> 20} MiB")
            return Answer(response.status_code, response.headers.get("retry-after", ""), bytes(body))


def chosen(listed: Sequence[str], names: Sequence[str], server: str) -> str:
    """The name that the server has for the model.

    Raises:
        RemoteError: it runs other models.
    """
    if not listed:
        return names[0]
    found = next((name for name in names if name in listed), None)
    if found is None:
        raise RemoteError(
            WRONG, server=server, fault=f"no model {names[0]} among {', '.join(listed[:10])}",
            remedy="Set PALATE_MODEL to one of them.",
        )  # fmt: skip
    return found
