"""The wall of a booth: taste cards that people put up, seen by everybody once staff said yes.

A card on the wall is a picture alone: drawn anew without the taste file in it and without a code, so it leads
nobody to a session. It goes when its session is deleted, and whenever its owner takes it down.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError
from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.ui.http.responses import PICTURES, SAFE, SCRIPTS, light_page, missing, sealed, spoken
from personalize.ui.http.staff_access import Staff
from personalize.ui.screens.card import session_card
from personalize.ui.screens.html import wall_row
from personalize.ui.text.catalogue import Words

SHOWN = 24
"""Cards on the wall: the newest ones."""

LARGEST = 2**31 - 1
"""Number that a database keeps."""

FRESH_S = 10
"""Seconds after which the wall looks for new cards."""


def wall_routes(personalizer: Personalizer, staff: Staff) -> list[Route]:
    """/wall, its pictures, and /wall/card/<token> to put a card up (POST) or take it down (DELETE).

    Nothing of it is there without a PIN: somebody has to look at the cards first.
    """
    store = personalizer.store

    async def wall(request: Request) -> Response:
        cards = await asyncio.to_thread(store.cards, "shown", SHOWN)
        return light_page(request, "booth-wall", PICTURES, SCRIPTS, cards=cards, fresh_s=FRESH_S)

    async def picture(request: Request) -> Response:
        number = request.path_params["number"]
        found = await asyncio.to_thread(store.card, number) if number <= LARGEST else None
        if found is None or not (found.state == "shown" or staff.knows(request)):
            return missing()
        return sealed(found.content)

    async def card(request: Request) -> Response:
        words, token = spoken(request), request.path_params["token"]
        headers = {**SAFE, "Cache-Control": "no-store"}
        try:
            if request.method == "POST":
                await asyncio.to_thread(put_up, token, words)
            else:
                await asyncio.to_thread(store.take_card, token)
            up = await asyncio.to_thread(store.card_of, token)
        except PersonalizeError as error:
            return JSONResponse({"error": words.error(str(error))}, 404, headers=headers)
        return JSONResponse(wall_row(words, up), headers=headers)

    def put_up(token: str, words: Words) -> None:
        store.put_card(token, without_texts(session_card(personalizer, token, words)))

    if not staff.wanted:
        return []
    return [
        Route("/wall", wall),
        Route("/wall/{number:int}.png", picture),
        Route("/wall/card/{token}", card, methods=["POST", "DELETE"]),
    ]
