"""The page: the only part that imports gradio.

::

    page.py      what is on the page and which event calls which handler
    handlers.py  what happens when someone does something; all of weight is in Personalizer
    turns.py     only the last thing that a visitor did writes to the page
    drawing.py   blocking renders in threads, followed step by step
    place.py     what the browser remembers between visits
    stage.py     what each screen shows, streamed
    views.py     values -> HTML, every text escaped (templates/)
    bars.py      tokens and their intervals as bars
    picker.py    the HTML components and their scripts (look/*.js)
    routes.py    pictures, style sheet, fonts, health
    theme.py     colours and type of the native controls
    port.py      a port that is free
    server.py    the launch line, and the end

The browser holds a token; the store holds everything else.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported, which only modules below do
