"""The page for the staff of a booth, which asks for the PIN first.

It shows the numbers of the day, lets staff approve taste cards, and pauses the screen.
"""

import asyncio
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from personalize.errors import LimitError, PersonalizeError
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import CardState
from personalize.session.whole_number import whole_number
from personalize.settings import Settings
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.responses import (
    FORMS,
    PICTURES,
    UNCACHED,
    bounded_body,
    light_page,
    requested_words,
    said_in_text,
)
from personalize.ui.http.staff_access import SHIFT_S, StaffAccess
from personalize.ui.http.wall import SHOWN

PAUSED_COOKIE = "palate_paused"
"""The cookie of a screen that does not start over by itself; the page's script reads it."""

LARGEST_FORM = 1000
"""Bytes of a form."""

_DECISIONS: dict[str, CardState] = {"show": "shown", "refuse": "refused", "off": "refused"}
"""The state of a card after a button was pressed, by the name of the button."""


def staff_routes(
    personalizer: Personalizer, staff: StaffAccess, settings: Settings, metrics: Metrics
) -> list[Route]:
    """The route /staff, for reading and for forms; none without a PIN.

    Args:
        personalizer: the loop; its store keeps the taste cards.
        staff: tests who is staff.
        settings: with the seconds after which the screen starts over.
        metrics: counters since the start.
    """
    store = personalizer.store

    async def page(request: Request, trouble: str = "", status: int = 200) -> Response:
        if not await asyncio.to_thread(staff.is_staff, request):
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
            paused=request.cookies.get(PAUSED_COOKIE) == "1",
        )

    async def act(request: Request) -> Response:
        words, fields = requested_words(request), await _fields(request)
        # Relative: behind a proxy the page may have a path that this process does not know.
        done = RedirectResponse("staff", 303, headers=UNCACHED)
        try:
            if "pin" in fields:
                await asyncio.to_thread(staff.log_in, fields["pin"], done, request)
                return done
            if not await asyncio.to_thread(staff.is_staff, request):
                return await page(request, status=403)
            await asyncio.to_thread(decide, fields)
        except LimitError as error:
            return await page(request, words.error(error), 429)
        except PersonalizeError as error:
            return await page(request, words.error(error), 200 if "pin" in fields else 409)
        if "pause" in fields:
            done.set_cookie(PAUSED_COOKIE, "1", max_age=SHIFT_S, samesite="strict")
        if "go_on" in fields:
            done.delete_cookie(PAUSED_COOKIE, samesite="strict")
        if "leave" in fields:
            await asyncio.to_thread(staff.log_out, request, done)
        return done

    def decide(fields: dict[str, str]) -> None:
        for name, state in _DECISIONS.items():
            number = whole_number(fields.get(name))
            if number is not None:
                store.judge_card(number, state)

    if not staff.enabled:
        return []
    return [
        Route("/staff", said_in_text(page)),
        Route("/staff", said_in_text(act), methods=["POST"]),
    ]


async def _fields(request: Request) -> dict[str, str]:
    """The fields of the form; none if the form is too long to be one of this page."""
    content = await bounded_body(request, LARGEST_FORM) or b""
    return {name: values[-1] for name, values in parse_qs(content.decode("utf-8", "replace")).items()}
