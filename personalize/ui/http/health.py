"""Health checks and metrics for whoever operates the server."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from personalize.errors import PersonalizeError, UnknownSessionError
from personalize.rounds.personalizer import Personalizer
from personalize.ui.http.metrics import CONTENT_TYPE, Metrics
from personalize.ui.http.responses import UNCACHED

log = logging.getLogger(__name__)

NO_SESSION = "no-session"
"""A token that no session has."""


def health_routes(personalizer: Personalizer, metrics: Metrics) -> list[Route]:
    """Routes for operators.

    /healthz answers while the process runs, /readyz while the store can be read and written and the renderer
    does not stand still, and /metrics lists the counters for Prometheus.

    Args:
        personalizer: the loop; its store and its render queue are tested.
        metrics: the counters.
    """
    told = ""  # what the log has: a proxy asks every few seconds

    def refused(reason: str, error: Exception) -> Response:
        nonlocal told
        if reason != told:
            foreseen = isinstance(error, PersonalizeError)
            log.warning("not ready: %s. %s", reason, error, exc_info=None if foreseen else error)
            told = reason
        return PlainTextResponse(reason, 503, headers=UNCACHED)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok", headers=UNCACHED)

    async def readyz(request: Request) -> Response:
        nonlocal told
        try:
            await asyncio.to_thread(personalizer.session, NO_SESSION)
        except UnknownSessionError:
            pass  # the expected answer of a store that works
        except Exception as error:  # noqa: BLE001 - whatever it is, the app is not ready
            return refused("the store does not answer", error)
        try:
            await asyncio.to_thread(personalizer.store.check)
        except Exception as error:  # noqa: BLE001 - whatever it is, the app is not ready
            return refused("the store cannot be written", error)
        if reason := await asyncio.to_thread(personalizer.queue.check):
            return PlainTextResponse(reason, 503, headers=UNCACHED)
        told = ""
        return await healthz(request)

    async def exposition(request: Request) -> Response:
        return Response(metrics.exposition(), headers={"Content-Type": CONTENT_TYPE, **UNCACHED})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]
