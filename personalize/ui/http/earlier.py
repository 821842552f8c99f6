"""The route of the earlier picks, which the page asks for when a person wants to change one of them."""

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError
from personalize.rounds.personalizer import Personalizer
from personalize.ui.http.responses import SAFE, UNCACHED, not_found, requested_words
from personalize.ui.screens.rounds import earlier_picks


def earlier_routes(personalizer: Personalizer) -> list[Route]:
    """The route /earlier/<token>.html: the answered rounds of a session, as the dialog's content."""

    async def earlier(request: Request) -> Response:
        try:
            session = await asyncio.to_thread(personalizer.session, request.path_params["token"])
        except PersonalizeError:
            return not_found()
        headers = {**SAFE, "Content-Security-Policy": "default-src 'none'", **UNCACHED}
        return HTMLResponse(earlier_picks(requested_words(request), session), headers=headers)

    return [Route("/earlier/{token}.html", earlier)]
