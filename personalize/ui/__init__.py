"""The page, and everything else that is served over HTTP. The only package that imports gradio.

::

    page.py           the layout of the page, and which event calls which handler
    blocks.py         Gradio's page with three corrections
    components.py     the components that events change, and the makers of HTML components
    screens/          one file a screen: its HTML, and the updates that show it
    handlers/         one method an event, one file a screen
    text/             every text of the page in English, German and French: buttons, labels, sentences, errors
    http/             the server; routes for pictures, votes, the wall, staff, settings, health
    api.py            endpoints for programs, and MCP tools

    background.py     runs renders in threads and streams their progress
    browser_state.py  what the browser keeps between visits
    brought_files.py  taste files that visitors brought, kept for minutes
    temporary_folder.py  uploads and other temporary files, below the data folder
    latest_event.py   only the latest event of a page writes to it
    rate_limit.py     limits of drawings and new sessions
    qr_code.py        QR codes
    theme.py          fonts and colours of Gradio's own controls

    templates/        the HTML templates of screens and light pages
    static/           scripts of the HTML components, style sheets, fonts

An event goes from a script in `static/` to `page.py`, then to a handler, which asks the loop
(`personalize.rounds`, `personalize.taste`) and shows a screen. The browser keeps the token of the session and
the name of the screen; the store keeps everything else.

README.md is about running the page: settings, booths, proxies, Docker, programs.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it at import; only modules of this package do
