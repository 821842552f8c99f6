"""The screen of two tastes: a friend's file beside a session's taste, and pictures in both and between.

A friend's file is kept by the page alone; every event sends it along again, and it is checked every time.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator

from personalize.rounds.personalizer import Personalizer
from personalize.taste.comparison import Mixed, compare, mix
from personalize.taste.transfer import check_file
from personalize.ui.background import Drawing, Progress
from personalize.ui.browser_state import SEED_HIGH, Place
from personalize.ui.screens import friend_views
from personalize.ui.screens.stage import Parts, Updates


class Friends:
    """Brings that screen to the page."""

    def __init__(self, personalizer: Personalizer, drawing: Drawing, parts: Parts) -> None:
        """Join it to the loop and to the components."""
        self._personalizer = personalizer
        self._drawing = drawing
        self._parts = parts

    async def compare(self, place: Place, content: bytes) -> AsyncIterator[Updates]:
        """The friend's taste beside the session's.

        Raises:
            SessionError: it is no taste file of this app's words and models, or nothing was answered yet.
        """
        file = await asyncio.to_thread(check_file, self._personalizer, content)
        found, read = await asyncio.to_thread(compare, self._personalizer, place.token, file)
        html = friend_views.comparison(place.words, file, found, read)
        yield {self._parts.friends: html, self._parts.friend_file: content}

    async def mix(self, place: Place, content: bytes, subject: str, share: float) -> AsyncIterator[Updates]:
        """A subject in both tastes and between, with `share` (0..1) of the friend's.

        Raises:
            SessionError: the file or the subject does not fit.
            RenderError: the renderer failed.
        """
        file = await asyncio.to_thread(check_file, self._personalizer, content)
        seed, token = secrets.randbelow(SEED_HIGH), place.token
        made: tuple[Mixed, ...] = ()
        async for seen in self._drawing.follow(
            "mix",
            (token, secrets.token_hex(8)),
            lambda on_step: mix(self._personalizer, token, file, subject, share, seed=seed, on_step=on_step),
        ):
            if isinstance(seen, Progress):
                yield {self._parts.blends: friend_views.mixing(place.words, seen)}
            else:
                made = seen
        if made:
            yield {self._parts.blends: friend_views.mixed(place.words, token, made)}
