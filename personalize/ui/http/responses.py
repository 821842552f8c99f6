"""What the routes answer with: light pages beside Gradio's, sealed pictures, and "not found".

A light page has one style sheet (static/light.css), one head (templates/light.html), and may do only what it
says it needs.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from personalize.ui.screens.html import written
from personalize.ui.text.catalogue import Words, checked_language, language_asked, words_of

SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

PICTURES, SCRIPTS, FORMS = "img-src 'self'", "script-src 'self'; connect-src 'self'", "form-action 'self'"
"""What a light page may need beside its style sheet."""

_NOTHING = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def spoken(request: Request) -> Words:
    """The texts in the language that a link names, or else the browser."""
    named = checked_language(request.query_params.get("language"))
    return words_of(named or language_asked(request.headers.get("accept-language", "")))


def light_page(
    request: Request, template: str, *needs: str, status: int = 200, **values: object
) -> HTMLResponse:
    """A light page in the language of whoever asks.

    Args:
        request: who asks.
        template: its name, without the ending.
        needs: of PICTURES, SCRIPTS and FORMS.
        status: of the answer.
        values: for the template.
    """
    policy = "; ".join([_NOTHING, *needs, *(() if FORMS in needs else ("form-action 'none'",))])
    headers = {**SAFE, "Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(written(spoken(request), template, **values), status, headers=headers)


def sealed(content: bytes, kind: str = "image/png", *, cached: str = "no-store") -> Response:
    """A picture: it runs nothing, and other sites may not show it; kept by the browser as `cached` says."""
    headers = {
        **SAFE,
        "Content-Security-Policy": "default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": cached,
    }
    return Response(content, media_type=kind, headers=headers)


def missing() -> Response:
    """Not found, whatever the reason."""
    return PlainTextResponse("not found", 404, headers={**SAFE, "Cache-Control": "no-store"})
