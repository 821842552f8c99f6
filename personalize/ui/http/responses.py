"""Responses that several routes give, and what they read from requests.

A light page is a page without Gradio. It has one style sheet (static/light.css) and one frame
(templates/light.html), and its content security policy allows only what the page declares.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from personalize.errors import PersonalizeError, StaleAnswerError
from personalize.ui.screens.html import written
from personalize.ui.text.catalogue import Catalogue, catalogue, checked_language, language_asked

Endpoint = Callable[[Request], Awaitable[Response]]
"""What answers a request to a route."""

SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Headers of every response with content."""

UNCACHED = {"Cache-Control": "no-store"}
"""Headers of a response that the browser may not keep."""

PICTURES, SCRIPTS, FORMS = "img-src 'self'", "script-src 'self'; connect-src 'self'", "form-action 'self'"
"""What a light page may load or send besides its style sheet, in its content security policy."""

_NOTHING = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def requested_words(request: Request) -> Catalogue:
    """The texts in the language that the link names, or else in the browser's language."""
    named = checked_language(request.query_params.get("language"))
    return catalogue(named or language_asked(request.headers.get("accept-language", "")))


def public_url(request: Request, address: str) -> str:
    """The page's URL without a slash at its end: `address`, or the URL of the request when it is empty."""
    return (address or str(request.base_url)).rstrip("/")


async def bounded_body(request: Request, most: int) -> bytes | None:
    """The body of a request; None when it has more than `most` bytes."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            return None
    return content


def light_page(
    request: Request, template: str, *needs: str, status: int = 200, **values: object
) -> HTMLResponse:
    """A light page in the visitor's language.

    Args:
        request: of the visitor.
        template: name of the template, without its ending.
        needs: any of PICTURES, SCRIPTS and FORMS.
        status: of the response.
        values: for the template.
    """
    policy = "; ".join([_NOTHING, *needs, *(() if FORMS in needs else ("form-action 'none'",))])
    headers = {**SAFE, "Content-Security-Policy": policy, **UNCACHED}
    return HTMLResponse(written(requested_words(request), template, **values), status, headers=headers)


def picture_response(content: bytes, kind: str = "image/png", *, cached: str = "no-store") -> Response:
    """A picture that can run no script and that other sites may not show.

    Args:
        content: of the file.
        kind: its media type.
        cached: the value of Cache-Control.
    """
    headers = {
        **SAFE,
        "Content-Security-Policy": "default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": cached,
    }
    return Response(content, media_type=kind, headers=headers)


def json_response(values: dict[str, Any], status: int = 200) -> JSONResponse:
    """A JSON object for one of our scripts."""
    return JSONResponse(values, status, headers={**SAFE, **UNCACHED})


def not_found() -> Response:
    """The same response for everything that is missing or not allowed."""
    return PlainTextResponse("not found", 404, headers={**SAFE, **UNCACHED})


def said_in_text(endpoint: Endpoint) -> Endpoint:
    """The endpoint of a page; an error, such as a database that is away, becomes a sentence in text."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except PersonalizeError as error:
            sentence = requested_words(request).error(error)
            return PlainTextResponse(sentence, 409, headers={**SAFE, **UNCACHED})

    return answer


def said_in_json(endpoint: Endpoint) -> Endpoint:
    """The endpoint of a script; an error becomes `{"error": sentence}`."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except PersonalizeError as error:
            status = 409 if isinstance(error, StaleAnswerError) else 404
            return json_response({"error": requested_words(request).error(error)}, status)

    return answer
