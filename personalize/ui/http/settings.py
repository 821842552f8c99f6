"""How this Palate is set up, for anyone who wonders: a page of the settings that are no secret."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from personalize.settings import Settings, written_value
from personalize.ui.http.responses import light_page
from personalize.ui.http.staff_access import Staff

SECRET = ("database_url", "data", "host", "port", "address", "seed", "staff_pin")
"""Not shown: passwords, folders, and what would foretell a session."""

FOLDERS = ("model", "clip", "vocabulary", "styles")
"""May be folders, of which the last name is shown."""


def settings_routes(settings: Settings, staff: Staff) -> list[Route]:
    """/settings: name, value, unit and meaning of every setting that is no secret; with a PIN, for staff."""

    async def page(request: Request) -> Response:
        if staff.wanted and not staff.knows(request):
            return RedirectResponse("staff", 303, headers={"Cache-Control": "no-store"})
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
        return light_page(request, "settings", rows=rows)

    return [Route("/settings", page)]
