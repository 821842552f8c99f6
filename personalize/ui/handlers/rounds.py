"""Events of the rounds: answer, change an earlier answer, undo, draw again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import gradio as gr

from personalize.errors import SessionError, UnknownSessionError
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import event_value, screen_event, to, whole_number, whole_numbers


@dataclass(frozen=True)
class RoundsHandlers:
    """Handlers of the screen of the rounds.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    @screen_event()
    async def pick(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A picture of the round was picked, or none of these; others may be marked."""
        number, index, shown = _answer(event)
        none, promised = index == -1, str(event_value(event, "next"))
        liked, disliked = whole_numbers(event, "liked"), whole_numbers(event, "disliked")
        try:
            await asyncio.to_thread(self.context.draws.take, state.token)
            session = await asyncio.to_thread(
                self.context.personalizer.answer,
                state.token,
                number,
                best=None if none else index,
                liked=() if none else liked,
                disliked=() if none else disliked,
                none=none,
                shown=shown,
            )
            if promised:
                opened = await asyncio.to_thread(
                    self.context.personalizer.open_round, state.token, session, promised
                )
                session = opened.session
        except UnknownSessionError:
            raise
        except SessionError as error:
            # Whatever was wrong with the answer, the page must show the round that is open now.
            async for updates in self.context.streams.show(state.to("rounds"), error):
                yield updates
            return
        self.context.metrics.answer("none" if none else "marked" if liked or disliked else "best")
        done = len(session.answered) == self.context.settings.planned
        async for updates in self.context.screens.show(state.to("taste" if done else "rounds"), session):
            yield updates

    @screen_event()
    async def change_answer(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """The answer of an earlier round was changed."""
        number, index, shown = _answer(event)
        none, wrong = index == -1, None
        try:
            await asyncio.to_thread(
                self.context.personalizer.change_answer,
                state.token,
                number,
                best=None if none else index,
                none=none,
                shown=shown,
            )
        except UnknownSessionError:
            raise
        except SessionError as error:
            wrong = error
        async for updates in self.context.streams.show(state.to("rounds"), wrong):
            yield updates

    @screen_event()
    async def undo(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Take the last answer back, if the page shows the newest round."""
        number = whole_number(event, "round")
        await asyncio.to_thread(self.context.personalizer.undo, state.token, number - 1)
        async for updates in self.context.screens.show(state.to("rounds")):
            yield updates

    @screen_event(to("rounds"))
    async def resume(self, state: BrowserState, request: gr.Request) -> AsyncIterator[Updates]:
        """Draw the pictures of the round again after a failure."""
        async for updates in self.context.screens.show(state):
            yield updates


def _answer(event: gr.EventData) -> tuple[int, int, str]:
    """The answer of an event: round, index of the picked option (-1 for none), fingerprint of the round.

    Raises:
        SessionError: one of them is missing.
    """
    return whole_number(event, "round"), whole_number(event, "index"), str(event_value(event, "shown"))
