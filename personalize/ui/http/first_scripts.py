"""Put our first scripts at the beginning of Gradio's page, before Gradio's own.

Gradio adds what is given to it for the head of the page by its script. That is too late for a script that
Gradio's script needs.
"""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).parents[1] / "static"

SCRIPTS = ("storage.js", "keys.js")
"""Files in static/, in the order in which they run."""

HEAD = b"<head>"


class FirstScripts:
    """Middleware that adds the scripts to the page at "/"."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, before anything compresses its responses."""
        self._app = app
        scripts = "".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
        self._added = HEAD + f"<script>\n{scripts}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a GET of "/" is answered with the scripts in its head."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = body.replace(HEAD, self._added, 1)
            MutableHeaders(scope=start)["content-length"] = str(len(page))
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, collect)
