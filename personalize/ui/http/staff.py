"""/staff: the door with the PIN, and behind it the day in numbers, the cards that wait, and this screen."""

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from personalize.errors import LimitError, PersonalizeError
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import CardState
from personalize.settings import Settings
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.responses import FORMS, PICTURES, light_page, spoken
from personalize.ui.http.staff_access import SHIFT_S, Staff
from personalize.ui.http.wall import LARGEST, SHOWN

PAUSED = "palate_paused"
"""The cookie of a screen that does not start over by itself; the page's script reads it."""

LARGEST_FORM = 1000
_JUDGED: dict[str, CardState] = {"show": "shown", "refuse": "refused", "off": "refused"}


def staff_routes(
    personalizer: Personalizer, staff: Staff, settings: Settings, metrics: Metrics
) -> list[Route]:
    """/staff, to look and to act; nothing of it is there without a PIN.

    Args:
        personalizer: the loop; its store keeps the cards.
        staff: knows the PIN.
        settings: for the screen that starts over.
        metrics: what happened since the start.
    """
    store = personalizer.store

    async def page(request: Request, trouble: str = "", status: int = 200) -> Response:
        if not staff.knows(request):
            return light_page(request, "staff-door", FORMS, status=status, trouble=trouble)
        return light_page(
            request,
            "staff",
            PICTURES,
            FORMS,
            status=status,
            trouble=trouble,
            counted=metrics.counted,
            waiting=await asyncio.to_thread(store.cards, "waiting", SHOWN),
            shown=await asyncio.to_thread(store.cards, "shown", SHOWN),
            idle_s=settings.kiosk,
            paused=request.cookies.get(PAUSED) == "1",
        )

    async def act(request: Request) -> Response:
        words, fields = spoken(request), await _fields(request)
        # Relative, since behind a proxy the page may stand below a folder that is not known here.
        done = RedirectResponse("staff", 303, headers={"Cache-Control": "no-store"})
        try:
            if "pin" in fields:
                staff.enter(fields["pin"], done)
                return done
            if not staff.knows(request):
                return await page(request, status=403)
            await asyncio.to_thread(_do, fields)
        except LimitError as error:
            return await page(request, words.error(str(error)), 429)
        except PersonalizeError as error:
            return await page(request, words.error(str(error)), 200 if "pin" in fields else 409)
        if "pause" in fields:
            done.set_cookie(PAUSED, "1", max_age=SHIFT_S, samesite="strict")
        if "go_on" in fields:
            done.delete_cookie(PAUSED, samesite="strict")
        if "leave" in fields:
            staff.leave(request, done)
        return done

    def _do(fields: dict[str, str]) -> None:
        for name, state in _JUDGED.items():
            if fields.get(name, "").isdecimal():
                store.judge_card(min(int(fields[name]), LARGEST), state)

    if not staff.wanted:
        return []
    return [Route("/staff", page), Route("/staff", act, methods=["POST"])]


async def _fields(request: Request) -> dict[str, str]:
    """The form's fields; none of a form that is too long to be ours."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_FORM:
            return {}
    return {name: values[-1] for name, values in parse_qs(content.decode("utf-8", "replace")).items()}
