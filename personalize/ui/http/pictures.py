"""Routes for pictures, taste files, taste cards, QR codes, and the static files of the page.

A picture is served only under the token of a session that may see it.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from personalize.errors import PersonalizeError, SessionError
from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.ui.components import STATIC
from personalize.ui.http.port import THIS_MACHINE
from personalize.ui.http.responses import (
    SAFE,
    UNCACHED,
    not_found,
    picture_response,
    public_url,
    requested_words,
)
from personalize.ui.qr_code import qr_svg
from personalize.ui.screens.card import session_card, session_file

log = logging.getLogger(__name__)

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
_SCRIPTS = dict.fromkeys(("vote.js", "wall.js"), "text/javascript; charset=utf-8")
"""Scripts that light pages load. The scripts of components are part of Gradio's page."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
_DOT_PX = 4
"""Pixels of a QR code's dot."""


def picture_routes(personalizer: Personalizer, address: str = "", *, metadata: bool = True) -> list[Route]:
    """Routes for pictures, taste files, taste cards and QR codes by token, and for static files.

    Args:
        personalizer: the loop.
        address: URL at which phones reach the page; "" for the URL of the request.
        metadata: whether pictures contain their prompt, seed and model.
    """

    async def picture(request: Request) -> Response:
        token, name = request.path_params["token"], request.path_params["name"]
        if not _HASH.fullmatch(name):
            return not_found()
        try:
            content = await asyncio.to_thread(personalizer.picture, token, name)
            if not metadata:
                content = await asyncio.to_thread(without_texts, content)
        except SessionError:
            return not_found()
        except PersonalizeError as error:
            log.warning("a picture could not be served: %s", error)
            return not_found()
        return picture_response(content, cached="private, max-age=604800, immutable")

    async def taste(request: Request) -> Response:
        try:
            file = await asyncio.to_thread(session_file, personalizer, request.path_params["token"])
        except PersonalizeError:
            return not_found()
        attachment = {"Content-Disposition": 'attachment; filename="palate-taste.json"'}
        return Response(
            file.text(), media_type="application/json", headers={**SAFE, **UNCACHED, **attachment}
        )

    async def card(request: Request) -> Response:
        token = request.path_params["token"]
        reached = address or ("" if request.url.hostname in THIS_MACHINE else str(request.base_url))
        try:
            words = requested_words(request)
            content = await asyncio.to_thread(session_card, personalizer, token, words, reached)
        except PersonalizeError:
            return not_found()
        return picture_response(content)

    async def code(request: Request) -> Response:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            return not_found()
        link = f"{public_url(request, address)}/?s={token}"
        try:
            return picture_response(qr_svg(link, _DOT_PX), "image/svg+xml")
        except SessionError:
            return not_found()

    return [
        Route("/picture/{token}/{name}.png", picture),
        Route("/taste/{token}.json", taste),
        Route("/card/{token}.png", card),
        Route("/code/{token}.svg", code),
        # Not /static: Gradio's own files have that address, and a route of ours would hide them.
        Route("/look/{name:path}", _static(static_files(STATIC))),
    ]


def static_files(folder: Path) -> dict[str, bytes]:
    """The files of the folder that may be served, by their path below it."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in _KINDS or path.name in _SCRIPTS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _static(files: dict[str, bytes]) -> Callable[[Request], Response]:
    def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return not_found()
        kind = _SCRIPTS.get(name) or _KINDS[Path(name).suffix]
        headers = {**SAFE, "Cache-Control": "public, max-age=3600"}
        return Response(files[name], media_type=kind, headers=headers)

    return static
