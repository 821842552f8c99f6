"""Events of the personal pictures: draw, leave words out, bring a picture back, stop."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import gradio as gr

from personalize.rendering.png import recalled
from personalize.seeds import LARGEST_SEED
from personalize.session.subject import check_subject
from personalize.ui.browser_state import BrowserState, checked_strength, seed_from
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.events import event_value, input_event
from personalize.ui.screens import html, unlearned


@dataclass(frozen=True)
class PicturesHandlers:
    """Handlers of the screen of personal pictures.

    Attributes:
        context: what all handlers use.
    """

    context: HandlerContext

    @input_event
    async def make(
        self, state: BrowserState, wish: str, strength: float, seed: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Draw personal pictures of a subject, or ask about one that the models have not learned."""
        chosen, subject = seed_from(seed or ""), check_subject(wish or "")
        if question := self.context.question(state, subject):
            yield {
                self.context.components.notice: html.notice(state.words),
                self.context.components.wish_unlearned: question,
            }
            return
        async for updates in self._make(state, subject, strength, chosen, request):
            yield updates

    @input_event
    async def make_knowingly(
        self, state: BrowserState, strength: float, seed: str, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """The question was answered: draw personal pictures of the chosen subject."""
        chosen, subject = seed_from(seed or ""), check_subject(str(event_value(event, "subject")))
        yield {self.context.components.wish: subject}
        async for updates in self._make(state, subject, strength, chosen, request):
            yield updates

    async def _make(
        self, state: BrowserState, subject: str, strength: float, chosen: int | None, request: gr.Request
    ) -> AsyncIterator[Updates]:
        await asyncio.to_thread(self.context.draws.take, state.token)
        state = state.to(
            "pictures",
            subject=subject,
            strength=checked_strength(strength),
            seed=secrets.randbelow(LARGEST_SEED) if chosen is None else chosen,
        )
        yield {
            self.context.components.browser: state.kept(),
            self.context.components.notice: html.notice(state.words),
            self.context.components.wish_unlearned: unlearned.NONE,
        }
        async for updates in self.context.streams.stream(
            state, request, self.context.screens.pictures.show(state)
        ):
            yield updates

    @input_event
    async def leave_out(
        self, state: BrowserState, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A word of the personal pictures was pressed: draw them without it, or with it again."""
        word = str(event_value(event, "word"))
        others = tuple(other for other in state.without if other != word)
        without = others if word in state.without else (*others, word)
        await asyncio.to_thread(self.context.draws.take, state.token)
        state = state.to("pictures", without=without)
        yield {self.context.components.browser: state.kept()}
        async for updates in self.context.streams.stream(
            state, request, self.context.screens.pictures.show(state)
        ):
            yield updates

    @input_event
    async def recall(
        self, state: BrowserState, content: bytes | None, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A saved picture was brought back: fill the fields with its settings."""
        found = recalled(content or b"")
        subject, words = check_subject(found.prompt), state.words
        same = found.model == self.context.personalizer.renderer.name
        yield {
            self.context.components.wish: subject,
            self.context.components.seed: str(found.seed),
            self.context.components.strength: 0.0,
            self.context.components.wish_unlearned: unlearned.NONE,
            self.context.components.notice: html.notice(
                words, words("recalled" if same else "recalled_other"), "news"
            ),
        }

    async def stop(self, kept: object) -> AsyncIterator[Updates]:
        """Stop drawing personal pictures; the event that draws them shows that it stopped."""
        self.context.screens.pictures.stop(BrowserState.read(kept).token)
        yield {self.context.components.notice: gr.skip()}
