"""Events of the screen of two tastes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import gradio as gr

from personalize.session.subject import check_subject
from personalize.ui.browser_state import BrowserState, checked_strength
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import event_value, input_event
from personalize.ui.screens import html, unlearned


@dataclass(frozen=True)
class FriendsHandlers:
    """Handlers of the screen of two tastes.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    @input_event
    async def befriend(
        self, state: BrowserState, content: bytes | None, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A friend's taste file was brought: compare it with the session's taste."""
        state = state.to("friends")
        async for updates in self.context.screens.friends.compare(state, content or b""):
            self.context.friends.keep(state.token, content or b"")
            yield {
                **updates,
                self.context.components.blends: "",
                self.context.components.notice: html.notice(state.words),
            }

    @input_event
    async def mix(
        self, state: BrowserState, subject: str, percent: float, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Draw a subject in both tastes and their mix, or ask about one that the models have not learned."""
        wanted = check_subject(subject or "")
        if question := self.context.question(state, wanted):
            yield {
                self.context.components.notice: html.notice(state.words),
                self.context.components.mix_unlearned: question,
            }
            return
        async for updates in self._mix(state, wanted, percent, request):
            yield updates

    @input_event
    async def mix_knowingly(
        self, state: BrowserState, percent: float, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """The question was answered: draw the chosen subject."""
        wanted = check_subject(str(event_value(event, "subject")))
        yield {self.context.components.mix_subject: wanted}
        async for updates in self._mix(state, wanted, percent, request):
            yield updates

    async def _mix(
        self, state: BrowserState, subject: str, percent: float, request: gr.Request
    ) -> AsyncIterator[Updates]:
        state = state.to("friends")
        friend = self.context.friends.read(state.token)
        await asyncio.to_thread(self.context.draws.take, state.token)
        share = checked_strength(percent / 100 if isinstance(percent, int | float) else None)
        mixed = self.context.screens.friends.mix(state, friend, subject, share)
        async for updates in self.context.streams.stream(state, request, self._after_clearing(state, mixed)):
            yield updates

    async def _after_clearing(
        self, state: BrowserState, updates: AsyncIterator[Updates]
    ) -> AsyncIterator[Updates]:
        yield {
            self.context.components.notice: html.notice(state.words),
            self.context.components.mix_unlearned: unlearned.NONE,
        }
        async for update in updates:
            yield update
