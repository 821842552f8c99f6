"""The page that lists the settings of this Palate, except secret ones."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from personalize.mdp.foresight import Foresight
from personalize.settings import Settings, written_value
from personalize.ui.http.responses import UNCACHED, light_page, said_in_text
from personalize.ui.http.staff_access import StaffAccess

SECRET = (
    "database_url",
    "pictures",
    "data",
    "host",
    "port",
    "address",
    "seed",
    "staff_pin",
    "render_on",
    "render_key",
)
"""Settings that are not shown: passwords, addresses, folders, and the seed, which would predict a session."""

FOLDERS = ("model", "clip", "vocabulary", "styles")
"""Settings that may be folders; the page shows the last part of the path."""


def settings_routes(
    settings: Settings, staff: StaffAccess, foresight: Foresight | None = None
) -> list[Route]:
    """The route /settings: name, value, unit and meaning of each setting. With a PIN it is for staff only.

    Args:
        settings: the settings of the app.
        staff: who may look.
        foresight: what words foresee of a picture; None to leave that line out.
    """
    measured = None if foresight is None or not foresight.pictures else foresight

    async def page(request: Request) -> Response:
        if staff.enabled and not await asyncio.to_thread(staff.is_staff, request):
            return RedirectResponse("staff", 303, headers=UNCACHED)
        rows = []
        for row in Settings.table():
            if row.name in SECRET:
                continue
            value = written_value(getattr(settings, row.name))
            shown = value.rsplit("/", 1)[-1] if row.name in FOLDERS else value
            rows.append(
                {
                    "environment": row.environment,
                    "value": shown,
                    "unit": row.unit,
                    "meaning": row.meaning,
                    "changed": value != row.default,
                }
            )
        return light_page(request, "settings", rows=rows, foresight=measured)

    return [Route("/settings", said_in_text(page))]
