"""What an audience fetches: the light page that votes, its pictures, and what the presenter's page asks.

The voting page knows a hall's code and nothing of the session: pictures come by round and place, without the
words they were drawn from. The presenter's calls have the session's token and close the vote; the pick itself
goes through the page like any other.
"""

import asyncio
import io
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError, SessionError, StaleAnswerError
from personalize.rendering.png import without_texts
from personalize.rounds.personalizer import Personalizer
from personalize.ui.http.audience import Ballot, Hall, Halls
from personalize.ui.http.responses import PICTURES, SCRIPTS, light_page, missing, spoken

DEVICE = "palate_device"
"""The cookie of a device: a random number, for one day, and only of those who open a voting page."""

LARGEST_BODY = 1000
LONGEST_WAIT_S = 600


def vote_routes(personalizer: Personalizer, address: str = "") -> list[Route]:
    """/vote/<code> for the audience and /audience/<token> for the presenter.

    Args:
        personalizer: the loop.
        address: where phones reach the page; empty: where the request came to.
    """
    halls = Halls()

    async def page(request: Request) -> Response:
        code = request.path_params["code"]
        if halls.find(code) is None:
            return light_page(request, "vote", status=404, code="", open=False)
        answer = light_page(request, "vote", PICTURES, SCRIPTS, code=code, open=True)
        if not request.cookies.get(DEVICE):
            device = secrets.token_urlsafe(16)
            # Of the whole site: behind a proxy the page may stand below a folder that is not known here.
            answer.set_cookie(DEVICE, device, max_age=86_400, httponly=True, samesite="strict")
        return answer

    async def state(request: Request) -> Response:
        hall = halls.find(request.path_params["code"])
        if hall is None or hall.ballot is None:
            return _said({"round": 0})
        return _said(_public(hall, hall.ballot, request.cookies.get(DEVICE, "")))

    async def vote(request: Request) -> Response:
        hall, device = halls.find(request.path_params["code"]), request.cookies.get(DEVICE, "")
        if hall is None or hall.ballot is None or not device or len(device) > 64:
            return _said({"error": ""}, 403)
        body = await _body(request)
        if body.get("shown") != hall.ballot.shown:
            return _said({"error": ""}, 409)
        hall.ballot.vote(device, _whole(body, "option"))
        return _said(_public(hall, hall.ballot, device))

    async def picture(request: Request) -> Response:
        hall, option = halls.find(request.path_params["code"]), request.path_params["option"]
        if hall is None or hall.ballot is None or hall.ballot.shown != request.path_params["shown"]:
            return missing()
        session = await asyncio.to_thread(personalizer.session, hall.token)
        round_ = next((r for r in session.rounds if r.fingerprint == hall.ballot.shown), None)
        if round_ is None or not 0 <= option < len(round_.pictures):
            return missing()
        content = await asyncio.to_thread(personalizer.picture, hall.token, round_.pictures[option])
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
        return Response(without_texts(content), media_type="image/png", headers=headers)

    async def present(request: Request) -> Response:
        token, body = request.path_params["token"], await _body(request)
        session = await asyncio.to_thread(personalizer.session, token)
        hall = halls.open(token)
        current = session.current
        if current is not None and current.rendered and current.fingerprint == body.get("shown"):
            hall.open(current.number, current.fingerprint, current.options)
        ballot = hall.ballot
        if body.get("close_in"):
            hall.close_in(min(_whole(body, "close_in"), LONGEST_WAIT_S))
        if (
            ballot is not None
            and ballot.shown == body.get("shown")
            and (body.get("close") or hall.left_s() == 0)
        ):
            ballot.closes_s = None
            ballot.close()
        link = f"{(address or str(request.base_url)).rstrip('/')}/vote/{hall.code}"
        said = {} if ballot is None else _public(hall, ballot, "") | {"counts": ballot.counts}
        return _said({**said, "link": link})

    async def code(request: Request) -> Response:
        token = request.path_params["token"]
        await asyncio.to_thread(personalizer.session, token)
        link = f"{(address or str(request.base_url)).rstrip('/')}/vote/{halls.open(token).code}"
        drawn = io.BytesIO()
        segno.make(link, error="m", micro=False).save(
            drawn, kind="svg", dark="#17201b", light="#fbfcfa", scale=6
        )
        return Response(drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    return [
        Route("/vote/{code}", page),
        Route("/vote/{code}/state", state),
        Route("/vote/{code}/vote", _calm(vote), methods=["POST"]),
        Route("/vote/{code}/{shown}/{option:int}.png", _calm(picture)),
        Route("/audience/{token}", _calm(present), methods=["POST"]),
        Route("/audience/{token}/code.svg", _calm(code)),
    ]


def _public(hall: Hall, ballot: Ballot, device: str) -> dict[str, object]:
    """What everybody may know of a vote, and what this device voted; not how the others did."""
    return {
        "round": ballot.number,
        "shown": ballot.shown,
        "options": ballot.options,
        "left": hall.left_s(),
        "winner": ballot.winner,
        "yours": ballot.of(device),
    }


def _calm(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The handler; what goes wrong becomes a sentence."""

    async def calmly(request: Request) -> Response:
        try:
            return await handler(request)
        except StaleAnswerError as error:
            return _said({"error": spoken(request).error(str(error))}, 409)
        except PersonalizeError as error:
            return _said({"error": spoken(request).error(str(error))}, 404)

    return calmly


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        SessionError: it is none, or too large.
    """
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_BODY:
            raise SessionError("Expected a short message, found a long one. Reload the page.")
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SessionError("Expected a JSON object, found something else. Reload the page.")
    return body


def _whole(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SessionError(f"Expected the number of the {name}, found none. Reload the page.")
    return value


def _said(values: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(
        values, status, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    )
