"""The wall of a booth: taste cards that people put up, shown to everybody after staff approved them.

A card on the wall is only a picture. It is drawn anew without its taste file and without a QR code, so it
gives access to no session. It disappears when its owner takes it down or deletes the session.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.session.whole_number import whole_number
from personalize.ui.http.responses import (
    PICTURES,
    SCRIPTS,
    json_response,
    light_page,
    not_found,
    picture_response,
    requested_words,
    said_in_json,
    said_in_text,
)
from personalize.ui.http.staff_access import StaffAccess
from personalize.ui.screens.card import session_card
from personalize.ui.screens.taste import wall_row
from personalize.ui.text.catalogue import Catalogue

SHOWN = 24
"""Cards on the wall: the newest ones."""

FRESH_S = 10
"""Seconds between two requests of the wall for new cards."""


def wall_routes(personalizer: Personalizer, staff: StaffAccess) -> list[Route]:
    """The routes of the wall, of its pictures, and /wall/card/<token> to put a card up or take it down.

    There are none without a PIN, because staff must approve the cards.

    Args:
        personalizer: the loop; its store keeps the cards.
        staff: tests who is staff; staff see cards before they are approved.
    """
    store = personalizer.store

    async def wall(request: Request) -> Response:
        cards = await asyncio.to_thread(store.cards, "shown", SHOWN)
        return light_page(request, "booth-wall", PICTURES, SCRIPTS, cards=cards, fresh_s=FRESH_S)

    async def picture(request: Request) -> Response:
        number = whole_number(request.path_params["number"])
        found = await asyncio.to_thread(store.card, number) if number is not None and number >= 0 else None
        if found is None:
            return not_found()
        if found.state != "shown" and not await asyncio.to_thread(staff.is_staff, request):
            return not_found()
        return picture_response(found.content)

    async def card(request: Request) -> Response:
        words, token = requested_words(request), request.path_params["token"]
        if request.method == "POST":
            await asyncio.to_thread(put_up, token, words)
        else:
            await asyncio.to_thread(store.take_card, token)
        up = await asyncio.to_thread(store.card_of, token)
        return json_response(wall_row(words, up))

    def put_up(token: str, words: Catalogue) -> None:
        store.put_card(token, without_texts(session_card(personalizer, token, words)))

    if not staff.enabled:
        return []
    return [
        Route("/wall", said_in_text(wall)),
        Route("/wall/{number}.png", said_in_text(picture)),
        Route("/wall/card/{token}", said_in_json(card), methods=["POST", "DELETE"]),
    ]
