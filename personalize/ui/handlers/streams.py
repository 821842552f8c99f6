"""Stream the updates of events to pages: show errors, and let the latest event win."""

import logging
from collections.abc import AsyncIterator

import gradio as gr

from personalize.errors import PersonalizeError, SessionError, UnknownSessionError
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.latest_event import LatestEvent
from personalize.ui.screens import html
from personalize.ui.screens.show import Screens

log = logging.getLogger(__name__)


class EventStreams:
    """Streams updates to pages."""

    def __init__(self, screens: Screens) -> None:
        """Stream what `screens` show."""
        self._screens = screens
        self._notice = screens.context.components.notice
        self._latest = LatestEvent()

    async def stream(
        self, state: BrowserState, request: gr.Request, updates: AsyncIterator[Updates]
    ) -> AsyncIterator[Updates]:
        """Pass updates on until they end, or until the page has a newer event.

        Args:
            state: whose screen is shown after an error.
            request: of the event; it names the page.
            updates: of the event.
        """
        is_latest = self._latest.begin(request.session_hash)
        async for update in self.safely(state, updates):
            if not is_latest():
                break
            yield update
        # Gradio sends the last value of a stream once more at its end. So the last one changes nothing: it
        # must not overwrite a newer event, and a whole screen is sent once only.
        yield {self._notice: gr.skip()}

    async def show(self, state: BrowserState, error: Exception | None = None) -> AsyncIterator[Updates]:
        """The screen of the state, below the message of `error` unless the screen has its own message."""
        no_notice = html.notice(state.words)
        is_first = True
        async for update in self.safely(state, self._screens.show(state)):
            may_replace = is_first or self._notice in update
            if error is not None and may_replace and update.get(self._notice, no_notice) == no_notice:
                update = {**update, self._notice: html.error_notice(state.words, error)}
            is_first = False
            yield update

    def refuse(self, state: BrowserState, error: Exception) -> Updates:
        """The message of an error; the screen stays as it is."""
        return {self._notice: html.error_notice(state.words, error)}

    async def safely(self, state: BrowserState, updates: AsyncIterator[Updates]) -> AsyncIterator[Updates]:
        """Pass updates on; an error becomes a message above the state's screen, which offers to try again."""
        try:
            async for update in updates:
                yield update
        except UnknownSessionError as error:
            message = state.words.error(error) if state.token else ""
            yield self._screens.first(state, message)
        except PersonalizeError as error:
            level = logging.INFO if isinstance(error, SessionError) else logging.WARNING
            log.log(level, "shown on the page in other words: %s", error, exc_info=level > logging.INFO)
            yield self.refuse(state, error)
            yield await self._screens.failed(state)
        except Exception:
            log.exception("a handler failed")
            yield {self._notice: html.notice(state.words, state.words("calm"))}
            yield await self._screens.failed(state)
