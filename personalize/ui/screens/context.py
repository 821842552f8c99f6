"""What every screen works with: the loop, the settings, background renders, and the page's components."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from personalize.rendering.jobs import RenderProgress
from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui.background import BackgroundRenders
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Components, Updates

Show = Callable[[BrowserState], AsyncIterator[Updates]]
"""Yields the updates that show the whole screen of a browser's state."""


@dataclass(frozen=True)
class ScreenContext:
    """The parts of the app that screens use.

    Attributes:
        personalizer: the loop over sessions.
        settings: the settings of this app.
        renders: runs renders in the background.
        components: the components that screens change.
    """

    personalizer: Personalizer
    settings: Settings
    renders: BackgroundRenders
    components: Components

    def queued(self, progress: RenderProgress, token: str) -> RenderProgress:
        """The progress of a session's render, with the number of sessions that are served before it."""
        waiting = 0 if progress.share else self.personalizer.waiting(token)
        return replace(progress, waiting=waiting)
