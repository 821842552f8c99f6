"""Events of the first screen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import gradio as gr

from personalize.errors import PersonalizeError
from personalize.session.subject import check_subject
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import event_value, input_event, screen_event
from personalize.ui.http.device import address_of
from personalize.ui.screens import html, unlearned
from personalize.ui.screens.start import chosen_size


@dataclass(frozen=True)
class StartHandlers:
    """Handlers of the first screen.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    async def choose(self, event: gr.EventData) -> AsyncIterator[Updates]:
        """An example subject was pressed."""
        components = self.context.components
        yield {
            components.subject: str(event_value(event, "subject")),
            components.subject_unlearned: unlearned.NONE,
        }

    @screen_event(BrowserState.reset)
    async def begin(
        self, state: BrowserState, subject: str, agreed: object, size: object, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Start a session, or ask about a subject that the models have not learned.

        `agreed` is the consent to a study, where there is one. `size` is the number of pictures a round.
        """
        wanted = check_subject(subject or "")
        if question := self.context.question(state, wanted):
            yield {
                self.context.components.notice: html.notice(state.words),
                self.context.components.subject_unlearned: question,
            }
            return
        async for updates in self._begin(state, wanted, agreed, size, request):
            yield updates

    @screen_event(BrowserState.reset)
    async def begin_knowingly(
        self, state: BrowserState, agreed: object, size: object, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """The question was answered: start a session about the chosen subject."""
        wanted = check_subject(str(event_value(event, "subject")))
        async for updates in self._begin(state, wanted, agreed, size, request):
            yield updates

    async def _begin(
        self, state: BrowserState, wanted: str, agreed: object, size: object, request: gr.Request
    ) -> AsyncIterator[Updates]:
        await asyncio.to_thread(self.context.starts.take, address_of(request))
        options = chosen_size(self.context.settings, size)
        session = await asyncio.to_thread(
            self.context.personalizer.start, wanted, options=options, consent=agreed is True
        )
        self.context.metrics.session()
        async for updates in self.context.streams.show(state.reset(session.token, "rounds")):
            yield updates

    @input_event
    async def offer(
        self, state: BrowserState, content: bytes | None, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A taste file was chosen: preview it."""
        page = str(request.session_hash)
        self.context.brought.forget(page)
        try:
            yield await self.context.screens.start.preview(state, content or b"")
            self.context.brought.keep(page, content or b"")
        except PersonalizeError as error:
            yield {
                **self.context.streams.refuse(state, error),
                **self.context.screens.start.no_preview(state),
            }

    @input_event
    async def dismiss(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """The previewed taste file is not wanted."""
        self.context.brought.forget(str(request.session_hash))
        yield self.context.screens.start.no_preview(state)

    @screen_event(BrowserState.reset)
    async def adopt(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """Go on from the previewed taste file, in a new session."""
        page, address = str(request.session_hash), address_of(request)
        content = self.context.brought.read(page)
        await asyncio.to_thread(self.context.draws.take, f"address {address}")
        await asyncio.to_thread(self.context.starts.take, address)
        self.context.metrics.session()
        async for updates in self.context.screens.start.adopt(state, content, page):
            yield updates
        self.context.brought.forget(page)
