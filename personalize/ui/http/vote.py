"""The page on which an audience votes, its pictures, and the calls of the presenter's page.

The voting page knows the code of a vote and nothing else of the session. It gets pictures by round and place,
without their prompts. The presenter's calls need the session's token. The winning picture is then picked on
the presenter's page, like any other answer.
"""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from personalize.errors import SessionError
from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.session.whole_number import whole_number
from personalize.ui.http.audience import Ballot, LiveVote, LiveVotes, vote_code
from personalize.ui.http.device import address_of, devices_in
from personalize.ui.http.responses import (
    PICTURES,
    SCRIPTS,
    bounded_body,
    json_response,
    light_page,
    not_found,
    picture_response,
    public_url,
    said_in_json,
    said_in_text,
)
from personalize.ui.qr_code import qr_svg

DEVICE_COOKIE = "palate_device"
"""The cookie of a device that opened a voting page: a random number and its signature, kept for one day."""

LARGEST_BODY = 1000
"""Bytes of a message."""

LONGEST_WAIT_S = 600
"""Seconds after which a vote may close by itself at the latest."""

_DOT_PX = 6
"""Pixels of a QR code's dot."""


def vote_routes(personalizer: Personalizer, address: str = "") -> list[Route]:
    """The routes /vote/<code> for the audience and /audience/<token> for the presenter.

    Args:
        personalizer: the loop.
        address: URL at which phones reach the page; "" for the URL of the request.
    """
    notes = personalizer.store.notes
    votes, devices = LiveVotes(notes), devices_in(personalizer.settings.folder, "audience", notes)

    def device_of(request: Request) -> str:
        return devices.of(request.cookies.get(DEVICE_COOKIE, ""))

    async def page(request: Request) -> Response:
        code = request.path_params["code"]
        if await asyncio.to_thread(votes.find, code) is None:
            return light_page(request, "vote", status=404, code="", open=False)
        answer = light_page(request, "vote", PICTURES, SCRIPTS, code=code, open=True)
        if not device_of(request):
            # For the whole site: behind a proxy the page may have a path that this process does not know.
            answer.set_cookie(DEVICE_COOKIE, devices.new(), max_age=86_400, httponly=True, samesite="strict")
        return answer

    async def state(request: Request) -> Response:
        live = await asyncio.to_thread(votes.find, request.path_params["code"])
        if live is None or live.ballot is None:
            return json_response({"round": 0})
        return json_response(_public(live, live.ballot, device_of(request)))

    async def vote(request: Request) -> Response:
        code, device = request.path_params["code"], device_of(request)
        live = await asyncio.to_thread(votes.find, code)
        if live is None or not device:
            return json_response({"error": ""}, 403)
        body = await _json_body(request)
        shown, option = body.get("shown"), _whole_number(body, "option")
        network = devices.hidden(address_of(request))

        def count(now: LiveVote) -> None:
            if now.ballot is None or now.ballot.shown != shown:
                raise _OtherPicturesError
            now.ballot.vote(device, option, network)

        try:
            live = await asyncio.to_thread(votes.change, code, count)
        except _OtherPicturesError:
            return json_response({"error": ""}, 409)
        assert live.ballot is not None
        return json_response(_public(live, live.ballot, device))

    async def picture(request: Request) -> Response:
        live = await asyncio.to_thread(votes.find, request.path_params["code"])
        option = whole_number(request.path_params["option"])
        if live is None or live.ballot is None or live.ballot.shown != request.path_params["shown"]:
            return not_found()
        if option is None or not 0 <= option < len(live.ballot.pictures):
            return not_found()
        content = await asyncio.to_thread(personalizer.content, live.ballot.pictures[option])
        return picture_response(without_texts(content), cached="private, max-age=3600")

    async def present(request: Request) -> Response:
        token, body = request.path_params["token"], await _json_body(request)
        session = await asyncio.to_thread(personalizer.session, token)
        code, current, shown = vote_code(token), session.current, body.get("shown")
        in_s = min(_whole_number(body, "close_in"), LONGEST_WAIT_S) if body.get("close_in") else None

        without_votes: list[SessionError] = []

        def brought_up_to_date(live: LiveVote) -> None:
            if current is not None and current.rendered and current.fingerprint == shown:
                live.open(current.number, current.fingerprint, current.options, current.pictures)
            if in_s is not None:
                live.close_in(in_s)
            ballot = live.ballot
            closes = ballot is not None and (body.get("close") or live.left_s() == 0)
            if ballot is not None and closes and ballot.shown == shown:
                ballot.closes_s = None
                try:
                    ballot.close()
                except SessionError as error:
                    without_votes.append(error)

        live = await asyncio.to_thread(votes.find, code)
        if live is None or live.left_s() == 0 or _differs(live, shown) or body.keys() - {"shown"}:
            live = await asyncio.to_thread(votes.change, code, brought_up_to_date)
        if without_votes:
            raise without_votes[0]
        ballot = live.ballot
        counts = {} if ballot is None else _public(live, ballot, "") | {"counts": ballot.counts}
        return json_response({**counts, "link": link_of(request, code)})

    async def code(request: Request) -> Response:
        token = request.path_params["token"]
        await asyncio.to_thread(personalizer.session, token)
        return picture_response(qr_svg(link_of(request, vote_code(token)), _DOT_PX), "image/svg+xml")

    def link_of(request: Request, code: str) -> str:
        return f"{public_url(request, address)}/vote/{code}"

    return [
        Route("/vote/{code}", said_in_text(page)),
        Route("/vote/{code}/state", said_in_json(state)),
        Route("/vote/{code}/vote", said_in_json(vote), methods=["POST"]),
        Route("/vote/{code}/{shown}/{option}.png", said_in_json(picture)),
        Route("/audience/{token}", said_in_json(present), methods=["POST"]),
        Route("/audience/{token}/code.svg", said_in_json(code)),
    ]


class _OtherPicturesError(Exception):
    """The vote is on other pictures by now."""


def _differs(live: LiveVote, shown: object) -> bool:
    """Whether the ballot is not on the pictures that the presenter shows."""
    return live.ballot is None or live.ballot.shown != shown


def _public(live: LiveVote, ballot: Ballot, device: str) -> dict[str, object]:
    """What every device may know of a ballot, and its own vote; not the votes of others."""
    return {
        "round": ballot.number,
        "shown": ballot.shown,
        "options": ballot.options,
        "left": live.left_s(),
        "winner": ballot.winner,
        "yours": ballot.of(device),
    }


async def _json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body of a request.

    Raises:
        SessionError: the body is too long or no JSON object.
    """
    content = await bounded_body(request, LARGEST_BODY)
    if content is None:
        raise SessionError("Expected a short message, found a long one. Reload the page.")
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError):  # no JSON, or lists in a thousand lists
        body = None
    if not isinstance(body, dict):
        raise SessionError("Expected a JSON object, found something else. Reload the page.")
    return body


def _whole_number(body: dict[str, Any], name: str) -> int:
    """The whole number of that name in a message.

    Raises:
        SessionError: there is none.
    """
    value = whole_number(body.get(name))
    if value is None:
        raise SessionError("Expected the number of the {name}, found none. Reload the page.", name=name)
    return value
