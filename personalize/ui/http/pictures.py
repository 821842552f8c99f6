"""What the page fetches beside Gradio: pictures (to their owners only), the style sheet, fonts, health."""

import asyncio
import io
import logging
import re
from collections.abc import Callable
from pathlib import Path

import segno
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError, SessionError, UnknownSessionError
from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.ui import THIS_MACHINE
from personalize.ui.components import STATIC
from personalize.ui.http.metrics import CONTENT_TYPE, Metrics
from personalize.ui.http.responses import SAFE, missing, sealed, spoken
from personalize.ui.http.vote import vote_routes
from personalize.ui.screens.card import session_card, session_file

log = logging.getLogger(__name__)

_KINDS = {".css": "text/css; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
_SCRIPTS = dict.fromkeys(("vote.js", "wall.js"), "text/javascript; charset=utf-8")
"""Scripts that a page of ours loads; those of the components travel in the page."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
NOBODY = "nobody"
"""A token that opens nothing, to ask the store for."""


def routes(
    personalizer: Personalizer,
    metrics: Metrics | None = None,
    address: str = "",
    *,
    metadata: bool = True,
) -> list[Route]:
    """Pictures, tastes, cards and codes by token, /look/<name>, /healthz, /readyz and /metrics.

    Args:
        personalizer: the loop.
        metrics: what is counted.
        address: where phones reach the page; empty: where the request came to.
        metadata: whether pictures say how they were made.
    """
    counted = metrics or Metrics()

    async def picture(request: Request) -> Response:
        token, name = request.path_params["token"], request.path_params["name"]
        if not _HASH.fullmatch(name):
            return missing()
        try:
            content = await asyncio.to_thread(personalizer.picture, token, name)
            if not metadata:
                content = await asyncio.to_thread(without_texts, content)
        except SessionError:
            return missing()
        except PersonalizeError as error:
            log.warning("a picture could not be served: %s", error)
            return missing()
        return sealed(content, cached="private, max-age=604800, immutable")

    async def taste(request: Request) -> Response:
        try:
            file = await asyncio.to_thread(session_file, personalizer, request.path_params["token"])
        except PersonalizeError:
            return missing()
        headers = {
            **SAFE,
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="palate-taste.json"',
        }
        return Response(file.text(), media_type="application/json", headers=headers)

    async def card(request: Request) -> Response:
        token = request.path_params["token"]
        reached = address or ("" if request.url.hostname in THIS_MACHINE else str(request.base_url))
        try:
            content = await asyncio.to_thread(session_card, personalizer, token, spoken(request), reached)
        except PersonalizeError:
            return missing()
        return sealed(content)

    async def code(request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return missing()
        base = (address or str(request.base_url)).rstrip("/")
        drawn = io.BytesIO()
        segno.make(f"{base}/?s={token}", error="m", micro=False).save(
            drawn, kind="svg", dark="#17201b", light="#fbfcfa", scale=4
        )
        return sealed(drawn.getvalue(), "image/svg+xml")

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})

    async def readyz(request: Request) -> Response:
        try:
            await asyncio.to_thread(personalizer.session, NOBODY)
        except UnknownSessionError:
            pass  # as it should be: the store answers
        except Exception:
            log.warning("not ready: the store does not answer", exc_info=True)
            return PlainTextResponse("the store does not answer", 503, headers={"Cache-Control": "no-store"})
        return await healthz(request)

    async def exposed(request: Request) -> Response:
        content = counted.exposition()
        return Response(content, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    return [
        Route("/picture/{token}/{name}.png", picture),
        Route("/taste/{token}.json", taste),
        Route("/card/{token}.png", card),
        Route("/code/{token}.svg", code),
        # Not /static: Gradio's own files have that address, and a route of ours would hide them.
        Route("/look/{name:path}", _look(files_of(STATIC))),
        Route("/healthz", healthz),
        *vote_routes(personalizer, address),
        Route("/readyz", readyz),
        Route("/metrics", exposed),
    ]


def files_of(folder: Path) -> dict[str, bytes]:
    """The files that may be served, by their path below the folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in _KINDS or path.name in _SCRIPTS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _look(files: dict[str, bytes]) -> Callable[[Request], Response]:
    def look(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return missing()
        headers = {**SAFE, "Cache-Control": "public, max-age=3600"}
        kind = _SCRIPTS.get(name) or _KINDS[Path(name).suffix]
        return Response(files[name], media_type=kind, headers=headers)

    return look
