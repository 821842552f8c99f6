"""The page: the only part that imports gradio.

::

    page.py      what is on the page and which event calls which handler
    handlers.py  what happens when someone does something; all of weight is in Personalizer
    turns.py     only the last thing that a visitor did writes to the page
    drawing.py   blocking renders in threads, followed step by step
    place.py     what the browser remembers between visits
    stage.py     what each screen shows, streamed
    words.py     every text in English, German and French (languages/), and which language it is
    labels.py    the texts that change with the language alone
    sentences.py sentences put together from values
    views.py     values -> HTML, every text escaped (templates/); studio_views.py: pictures in a taste
    bars.py      tokens and their intervals as bars
    api.py       the app for programs: endpoints, and MCP tools
    card.py      the taste card: a picture to show around, which is the taste itself
    picker.py    the HTML components and their scripts (static/*.js)
    routes.py    pictures, style sheet, fonts, health
    vote_routes.py  the light page on which an audience votes, and its presenter's calls
    staff.py     who is staff at a booth: the PIN (staff_routes.py: what they see and do)
    wall_routes.py  the wall of taste cards, for a second screen
    replies.py   what routes answer with: light pages, sealed pictures, "not found"
    friends.py   two tastes: a friend's file beside a session's (friend_views.py)
    theme.py     colours and type of the native controls
    port.py      a port that is free
    server.py    the launch line
    ending.py    the end of the process

The browser holds a token; the store holds everything else.
"""

import os
from urllib.request import getproxies_environment

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported, which only modules below do

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def go_direct(host: str) -> None:
    """Let no proxy stand between this process and itself: Gradio asks its own page whether it has started.

    Changes the environment, which is where Gradio's client looks, and only where a proxy is set there.

    Args:
        host: what the page listens on, besides the usual names of this machine.
    """
    if not {"http", "https", "all"} & getproxies_environment().keys():
        return
    lower, upper = os.environ.get("no_proxy", ""), os.environ.get("NO_PROXY", "")
    for name, said in (("no_proxy", lower or upper), ("NO_PROXY", upper or lower)):
        known = [part.strip() for part in said.split(",") if part.strip()]
        if "*" not in known:  # by itself it means every host, and among others nothing
            more = [part for part in (*THIS_MACHINE, host) if part not in known]
            os.environ[name] = ",".join(dict.fromkeys([*known, *more]))
