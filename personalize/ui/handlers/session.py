"""Events of the page as a whole: it is opened, another screen or language is chosen, the session ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import gradio as gr

from personalize.errors import UnknownSessionError
from personalize.ui.browser_state import BrowserState, checked_screen, checked_token
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import event_value, screen_event
from personalize.ui.screens import html
from personalize.ui.text.catalogue import checked_language


@dataclass(frozen=True)
class SessionHandlers:
    """Handlers of the masthead, and of the page when it is loaded.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    @screen_event()
    async def open(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """The page was loaded: show the session of the link, or the one that the browser kept."""
        if labels := self.context.screens.labels(state):
            yield labels
        linked, unknown = checked_token(request.query_params.get("s")), None
        if linked and linked != state.token:
            try:
                await asyncio.to_thread(self.context.personalizer.session, linked)
                state = state.reset(linked, "rounds")
            except UnknownSessionError as error:
                unknown = error  # the visitor's own session goes on below the message
        async for updates in self.context.streams.show(state, unknown):
            yield updates
        async for updates in self._with_friend(state):
            yield updates

    @screen_event()
    async def go(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Another screen was chosen."""
        state = state.to(checked_screen(event_value(event, "screen")))
        async for updates in self.context.streams.safely(state, self._gone_to(state)):
            yield updates

    async def _gone_to(self, state: BrowserState) -> AsyncIterator[Updates]:
        async for updates in self.context.screens.show(state):
            yield updates
        async for updates in self._with_friend(state):
            yield updates

    async def _with_friend(self, state: BrowserState) -> AsyncIterator[Updates]:
        """The comparison with the friend's taste that was brought last, on its screen."""
        friend = self.context.friends.find(state.token) if state.screen == "friends" else None
        if friend is not None:
            async for updates in self.context.screens.friends.compare(state, friend):
                yield updates

    @screen_event()
    async def speak(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Another language was chosen."""
        state = replace(state, language=checked_language(event_value(event, "language")))
        yield {
            **self.context.screens.labels(state),
            **self.context.screens.start.no_preview(state),
            self.context.components.browser: state.kept(),
            self.context.components.notice: html.notice(state.words),
        }
        self.context.brought.forget(str(request.session_hash))
        async for updates in self.context.streams.show(state):
            yield updates
        async for updates in self._with_friend(state):
            yield updates

    @screen_event()
    async def again(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """Leave the session and start over; at a booth in the browser's language again."""
        self._forget_files(state, request)
        yield self.context.screens.first(
            replace(state, language="") if self.context.settings.kiosk else state
        )

    @screen_event()
    async def delete(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """Delete the session."""
        gone = await asyncio.to_thread(self.context.personalizer.delete, state.token)
        self._forget_files(state, request)
        yield self.context.screens.first(state, state.words.count("deleted", gone), "news")

    def _forget_files(self, state: BrowserState, request: gr.Request) -> None:
        self.context.brought.forget(str(request.session_hash))
        self.context.friends.forget(state.token)
