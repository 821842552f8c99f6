"""The route by which the page learns of the next round's pictures, so that a pick shows them at once.

The next round for each likely answer is chosen while a person looks at the open one, and the page loads its
pictures beforehand. The answer is counted as ever, and the server's reply shows the round itself. The page
tells with its answer which round it shows already, so that the server keeps that round.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from personalize.errors import PersonalizeError
from personalize.rendering.jobs import RenderJob
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import Round, Session
from personalize.ui.http.responses import json_response, requested_words
from personalize.ui.screens.html import picture_url
from personalize.ui.text.catalogue import Catalogue

LONGEST_WAIT_S = 60.0
"""Seconds after which the route gives up on a render. The pick then waits for its pictures, as ever."""

NOTHING: dict[str, Any] = {"rounds": {}, "more": False}
"""The answer when no next round is drawn ahead."""


def ahead_routes(personalizer: Personalizer, longest_wait_s: float = LONGEST_WAIT_S) -> list[Route]:
    """The route /ahead/<token>/<fingerprint of the open round>.json.

    It answers as soon as a next round is drawn:
    `{"rounds": {<index of the pick>: {"shown", "cards": [{"url", "label"}, ...]}}, "more": <bool>}`, with
    cards in screen order, and "-1" for none of these. The one key "any" means that the answer and its marks
    do not matter. `more` means that further pictures are drawn; `?stage=pool` waits for them. There are no
    rounds if the page shows another round than the open one, or if nothing is drawn ahead.
    """

    async def drawn(job: RenderJob) -> bool:
        waiting = asyncio.wrap_future(job.future)
        # Not `wait_for`: it would cancel the job when the time is over.
        await asyncio.wait({waiting}, timeout=longest_wait_s)
        if waiting.done():
            waiting.result()
        return waiting.done()

    async def ahead(request: Request) -> Response:
        token, shown = request.path_params["token"], request.path_params["shown"]
        stage = request.query_params.get("stage", "next")
        try:
            session = await asyncio.to_thread(_open_session, personalizer, token, shown)
            if session is None:
                return json_response(NOTHING)
            job, pool = await asyncio.to_thread(personalizer.request_pool, token, session)
            more = pool is not None and not pool.future.done()
            if pool is None:
                if job is None or not await drawn(job):
                    return json_response(NOTHING)
                rounds: dict[str, Round] = {"any": job.future.result()}
            else:
                if stage == "pool":
                    more = not await drawn(pool)
                rounds = await asyncio.to_thread(_likely, personalizer, token, session)
                if not rounds and job is not None and await drawn(job):
                    rounds = await asyncio.to_thread(_likely, personalizer, token, session)
        except PersonalizeError:
            return json_response(NOTHING)  # the pick shows the error, if it is still there
        words = requested_words(request)
        return json_response(
            {
                "rounds": {pick: _cards(token, round_, words) for pick, round_ in rounds.items()},
                "more": more and stage != "pool",
            }
        )

    return [Route("/ahead/{token}/{shown}.json", ahead)]


def _open_session(personalizer: Personalizer, token: str, shown: str) -> Session | None:
    """The session; None after the planned rounds, or if another round is open."""
    session = personalizer.session(token)
    current = session.current
    if current is None or current.fingerprint != shown or current.number >= personalizer.settings.planned:
        return None
    return session


def _likely(personalizer: Personalizer, token: str, session: Session) -> dict[str, Round]:
    return {str(best): round_ for best, round_ in personalizer.likely_rounds(token, session).items()}


def _cards(token: str, round_: Round, words: Catalogue) -> dict[str, Any]:
    cards = [
        {"url": picture_url(token, picture), "label": words("card", number=number, prompt=prompt)}
        for number, (picture, prompt) in enumerate(zip(round_.pictures, round_.prompts, strict=True), 1)
    ]
    return {"shown": round_.fingerprint, "cards": cards}
