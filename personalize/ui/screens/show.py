"""Show the screen that a browser's state names, streamed while pictures are drawn."""

import asyncio
from collections.abc import AsyncIterator

from personalize.rounds.personalizer import Snapshot
from personalize.session.record import Session
from personalize.taste.summary import Taste, summary_of
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens import blind_test, html, pictures, unlearned
from personalize.ui.screens.blind_test import BlindTestScreen
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.friends import FriendsScreen
from personalize.ui.screens.labels import Labels
from personalize.ui.screens.pictures import PicturesScreen
from personalize.ui.screens.rounds import RoundsScreen
from personalize.ui.screens.start import StartScreen
from personalize.ui.screens.taste import TasteScreen


class Screens:
    """All screens of the page.

    Attributes:
        context: what the screens work with.
        start, rounds, taste, pictures, blind_test, friends: each screen by itself.
    """

    def __init__(self, context: ScreenContext, labels: Labels | None = None) -> None:
        """Screens over `context`; without `labels` the texts before the start are left as they are."""
        self.context = context
        self._labels = labels
        self._repeats = bool(context.settings.repeats and not context.settings.kiosk)
        self.start = StartScreen(context, self.show)
        self.rounds = RoundsScreen(context, self.show)
        self.taste = TasteScreen(context)
        self.pictures = PicturesScreen(context)
        self.blind_test = BlindTestScreen(context)
        self.friends = FriendsScreen(context)

    def labels(self, state: BrowserState) -> Updates:
        """The texts that change with the language only, in the state's language."""
        if self._labels is None:
            return {}
        return self._labels.updates(self.context.components, state.words)

    def first(self, state: BrowserState, notice: str = "", kind: str = "trouble") -> Updates:
        """The first screen, below a message, without anything of a session."""
        return self.start.updates(state, self.labels(state), notice, kind)

    async def show(self, state: BrowserState, session: Session | None = None) -> AsyncIterator[Updates]:
        """Everything on the screen of the state; the session is read once, unless the caller just read it.

        Raises:
            UnknownSessionError: there is no session of the state's token.
            PersonalizeError: the session cannot be read, or its pictures cannot be drawn.
        """
        components = self.context.components
        if not state.token:
            yield {components.masthead: html.masthead(state.to("start"))}
            return
        personalizer = self.context.personalizer
        opens_round = state.screen not in ("taste", "friends", "pictures", "blind_test")

        def read() -> tuple[Snapshot, Taste]:
            if opens_round:
                snapshot = personalizer.open_round(state.token, session)
            else:
                snapshot = personalizer.snapshot(state.token)
            return snapshot, summary_of(personalizer.preparation, snapshot.session, snapshot.estimate)

        snapshot, taste = await asyncio.to_thread(read)
        session = snapshot.session
        shared = {
            components.browser: state.kept(),
            components.masthead: html.masthead(state, self._repeats),
            components.notice: html.notice(state.words),
        }
        subject = state.subject or session.subject
        stream: AsyncIterator[Updates] | None = None
        match state.screen:
            case "taste":
                shared |= await self.taste.updates(state, session, taste)
            case "friends":
                shared |= {components.mix_subject: subject, components.mix_unlearned: unlearned.NONE}
            case "pictures":
                shared |= {components.wish: subject, components.strength: state.strength}
                shared[components.wish_unlearned] = unlearned.NONE
                stream = self.pictures.show(state)
            case "blind_test":
                stream = self.blind_test.show(state)
            case _:
                # Only what this screen shows: a person waits for it after every pick.
                shared |= self.taste.panel(state, taste) | self.rounds.updates(state, snapshot)
                stream = self.rounds.show(state, snapshot)
        yield shared
        if stream is not None:
            async for updates in stream:
                yield updates

    async def failed(self, state: BrowserState) -> Updates:
        """The screen of the state after an error, also when the session cannot be read."""
        components = self.context.components
        if not state.token:
            return {components.masthead: html.masthead(state.to("start"))}
        updates: Updates = {components.masthead: html.masthead(state, self._repeats)}
        if state.screen == "pictures":
            updates[components.pairs] = pictures.pairs_none(state.words)
        elif state.screen == "friends":
            updates[components.blends] = ""
        elif state.screen == "blind_test":
            updates[components.blind_test] = blind_test.trial_failed(state.words)
        else:
            updates |= await self.rounds.failed(state)
        return updates
