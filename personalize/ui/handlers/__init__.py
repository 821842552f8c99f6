"""The handlers: one method for each event of the page, one file for each screen as in `screens/`.

A handler takes the browser's state and yields new values of components. Blocking calls of the loop run in a
thread, and screens stream the progress of renders.

::

    session.py     the page is opened, another screen or language is chosen, the session ends
    start.py       a subject, the question about an unlearned one, an example, a taste file
    rounds.py      pick, change an earlier answer, undo, draw again
    pictures.py    draw personal pictures, leave words out, bring a picture back, stop
    blind_test.py  choose in a trial, ask for one more
    friends.py     compare with a friend's taste, draw in both

    events.py      decorators: a method becomes a handler
    streams.py     streams updates to pages: shows errors, lets the latest event win
    context.py     what all handlers use
"""

from personalize.ui.brought_files import BroughtFiles
from personalize.ui.handlers.blind_test import BlindTestHandlers
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.handlers.friends import FriendsHandlers
from personalize.ui.handlers.pictures import PicturesHandlers
from personalize.ui.handlers.rounds import RoundsHandlers
from personalize.ui.handlers.session import SessionHandlers
from personalize.ui.handlers.start import StartHandlers
from personalize.ui.handlers.streams import EventStreams
from personalize.ui.http.metrics import Metrics
from personalize.ui.rate_limit import Limit, key_of_limits
from personalize.ui.screens.show import Screens

__all__ = ["Handlers"]


class Handlers:
    """The handlers of a page.

    Attributes:
        context: what all handlers use.
        session, start, rounds, pictures, blind_test, friends: the handlers of each screen.
    """

    def __init__(self, screens: Screens, metrics: Metrics | None = None) -> None:
        """Handlers that show `screens` and count sessions and answers in `metrics`."""
        settings = screens.context.settings
        store = screens.context.personalizer.store
        key = key_of_limits(store.notes)
        self.context = HandlerContext(
            screens=screens,
            streams=EventStreams(screens),
            metrics=metrics or Metrics(),
            draws=Limit(settings.draws_a_minute, 60.0, "drawings", store.limits, key),
            starts=Limit(settings.sessions_an_hour, 3600.0, "new sessions", store.limits, key),
            brought=BroughtFiles(),
            friends=BroughtFiles(),
        )
        self.session = SessionHandlers(self.context)
        self.start = StartHandlers(self.context)
        self.rounds = RoundsHandlers(self.context)
        self.pictures = PicturesHandlers(self.context)
        self.blind_test = BlindTestHandlers(self.context)
        self.friends = FriendsHandlers(self.context)
