"""In which language a request is answered."""

from starlette.requests import Request

from personalize.ui.words import Words, checked_language, language_asked, words_of


def spoken(request: Request) -> Words:
    """The texts in the language that a link names, or else the browser."""
    named = checked_language(request.query_params.get("language"))
    return words_of(named or language_asked(request.headers.get("accept-language", "")))
