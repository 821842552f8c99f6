"""The wall of a booth: taste cards that people put up, seen by everybody once staff said yes.

A card on the wall is a picture alone: drawn anew without the taste file in it and without a code, so it leads
nobody to a session. It goes when its session is deleted, and whenever its owner takes it down.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError
from personalize.personalizer import Personalizer
from personalize.session.picture_text import without_texts
from personalize.ui.card import session_card
from personalize.ui.spoken import spoken
from personalize.ui.staff import Staff
from personalize.ui.views import WALL_STATES, written

SHOWN = 24
"""Cards on the wall: the newest ones."""

LARGEST = 2**31 - 1
"""Number that a database keeps."""

FRESH_S = 10
"""Seconds after which the wall looks for new cards."""

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_WALL_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"]
    + "; script-src 'self'; connect-src 'self'",
}
_PLAIN = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def wall_routes(personalizer: Personalizer, staff: Staff) -> list[Route]:
    """/wall, its pictures, and /wall/card/<token> to put a card up (POST) or take it down (DELETE).

    Nothing of it is there without a PIN: somebody has to look at the cards first.
    """
    store = personalizer.store

    async def wall(request: Request) -> Response:
        cards = await asyncio.to_thread(store.cards, "shown", SHOWN)
        content = written(spoken(request), "booth-wall", cards=cards, fresh_s=FRESH_S)
        return HTMLResponse(content, headers=_WALL_HEADERS)

    async def picture(request: Request) -> Response:
        number = request.path_params["number"]
        found = await asyncio.to_thread(store.card, number) if number <= LARGEST else None
        if found is None or not (found.state == "shown" or staff.knows(request)):
            return PlainTextResponse("not found", 404, headers=_PLAIN)
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        return Response(found.content, media_type="image/png", headers=headers)

    async def card(request: Request) -> Response:
        words, token = spoken(request), request.path_params["token"]
        try:
            if request.method == "POST":
                content = without_texts(await asyncio.to_thread(session_card, personalizer, token, words))
                await asyncio.to_thread(store.put_card, token, content)
            else:
                await asyncio.to_thread(store.take_card, token)
            up = await asyncio.to_thread(store.card_of, token)
        except PersonalizeError as error:
            return JSONResponse({"error": words.error(str(error))}, 404, headers=_PLAIN)
        state = "" if up is None else up.state
        said = {
            "state": state,
            "said": words(WALL_STATES[state]),
            "button": words("wall_take" if state else "wall_put"),
        }
        return JSONResponse(said, headers=_PLAIN)

    if not staff.wanted:
        return []
    return [
        Route("/wall", wall),
        Route("/wall/{number:int}.png", picture),
        Route("/wall/card/{token}", card, methods=["POST", "DELETE"]),
    ]
