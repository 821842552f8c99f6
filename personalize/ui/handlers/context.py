"""What all handlers use: the screens, the streams to pages, counters, and limits."""

from dataclasses import dataclass

from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui.brought_files import BroughtFiles
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Components
from personalize.ui.handlers.streams import EventStreams
from personalize.ui.http.metrics import Metrics
from personalize.ui.rate_limit import Limit
from personalize.ui.screens import unlearned
from personalize.ui.screens.show import Screens


@dataclass(frozen=True)
class HandlerContext:
    """The parts of the page that handlers use.

    Attributes:
        screens: shows screens.
        streams: streams updates to pages.
        metrics: counts sessions and answers.
        draws: limit of drawings by session.
        starts: limit of new sessions by address.
        brought: taste files to go on from, by the page that brought them.
        friends: taste files of friends, by the session's token.
    """

    screens: Screens
    streams: EventStreams
    metrics: Metrics
    draws: Limit
    starts: Limit
    brought: BroughtFiles
    friends: BroughtFiles

    @property
    def personalizer(self) -> Personalizer:
        """The loop over sessions."""
        return self.screens.context.personalizer

    def question(self, state: BrowserState, subject: str) -> str:
        """The question before a subject that the models have not learned; "" for any other subject."""
        known = self.personalizer.known
        if known is None or self.personalizer.is_known(subject):
            return unlearned.NONE
        return unlearned.question(state.words, known, subject)

    @property
    def settings(self) -> Settings:
        """The settings of this app."""
        return self.screens.context.settings

    @property
    def components(self) -> Components:
        """The components that handlers change."""
        return self.screens.context.components
