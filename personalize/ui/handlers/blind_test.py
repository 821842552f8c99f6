"""Events of the blind test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import gradio as gr

from personalize.errors import SessionError, UnknownSessionError
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import screen_event, to, whole_number


@dataclass(frozen=True)
class BlindTestHandlers:
    """Handlers of the screen of the blind test.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    @screen_event(to("blind_test"))
    async def choose_blind(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """One of the two pictures of a trial was chosen."""
        try:
            number, first = whole_number(event, "number"), whole_number(event, "side") == 0
            async for updates in self.context.screens.blind_test.answer(state, number, first):
                yield updates
        except UnknownSessionError:
            raise
        except SessionError as error:
            async for updates in self.context.streams.show(state, error):
                yield updates

    @screen_event(to("blind_test"))
    async def more_trials(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """One more trial was asked for."""
        async for updates in self.context.screens.blind_test.show(state, more=True):
            yield updates
