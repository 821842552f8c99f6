"""The route by which the page learns of the next round's pictures, so that a pick shows them at once.

The next round is drawn while a person looks at the open one, and it does not depend on that answer. The page
loads its pictures beforehand. The answer is counted as ever, and the server's reply shows the round itself.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from personalize.errors import PersonalizeError
from personalize.rendering.jobs import RenderJob
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import Round
from personalize.ui.http.responses import json_response, requested_words
from personalize.ui.screens.html import picture_url

LONGEST_WAIT_S = 60.0
"""Seconds after which the route gives up on a render. The pick then waits for its pictures, as ever."""

NOTHING: dict[str, Any] = {"cards": []}
"""The answer when no next round is drawn ahead."""


def ahead_routes(personalizer: Personalizer, longest_wait_s: float = LONGEST_WAIT_S) -> list[Route]:
    """The route /ahead/<token>/<fingerprint of the open round>.json.

    It answers once the next round is drawn: `{"cards": [{"url", "label"}, ...]}` in screen order. The list is
    empty if the page shows another round than the open one, or if nothing is drawn ahead.
    """

    async def ahead(request: Request) -> Response:
        token, shown = request.path_params["token"], request.path_params["shown"]
        try:
            job = await asyncio.to_thread(_job, personalizer, token, shown)
            if job is None:
                return json_response(NOTHING)
            drawn = asyncio.wrap_future(job.future)
            # Not `wait_for`: it would cancel the job when the time is over.
            await asyncio.wait({drawn}, timeout=longest_wait_s)
            if not drawn.done():
                return json_response(NOTHING)
            round_: Round = drawn.result()
        except PersonalizeError:
            return json_response(NOTHING)  # the pick shows the error, if it is still there
        words = requested_words(request)
        cards = [
            {"url": picture_url(token, picture), "label": words("card", number=number, prompt=prompt)}
            for number, (picture, prompt) in enumerate(zip(round_.pictures, round_.prompts, strict=True), 1)
        ]
        return json_response({"cards": cards})

    return [Route("/ahead/{token}/{shown}.json", ahead)]


def _job(personalizer: Personalizer, token: str, shown: str) -> RenderJob | None:
    """The job that draws the next round; None after the planned rounds, or if another round is open."""
    session = personalizer.session(token)
    current = session.current
    if current is None or current.fingerprint != shown or current.number >= personalizer.settings.planned:
        return None
    return personalizer.request_ahead(token)
