"""HTTP: the server, its start and shutdown, and the routes beside Gradio's page.

::

    pictures.py      pictures, taste files, taste cards, QR codes, static files
    ahead.py         the pictures of the next round, for the page that shows the round before it
    earlier.py       the earlier picks, for the dialog that changes one of them
    vote.py          the page on which an audience votes, and the presenter's calls
    audience.py      the votes of an audience
    device.py        cookies of devices that the server signed, and network addresses
    wall.py          the wall of taste cards at a booth
    staff.py         the page for the staff of a booth
    staff_access.py  the PIN, and the browsers that gave it
    unlock.py        the code from the console, for staff who were locked out
    settings.py      the page of settings
    first_scripts.py our first scripts, before Gradio's own
    health.py        /healthz, /readyz, /metrics
    metrics.py       counters of the process

    bounds.py        answers requests that no browser sends, before any route
    responses.py     kinds of responses, and the language and the body of a request
    server.py        start the page, and end it
    listening.py     a server in a thread
    port.py          a free port
    shutdown.py      the end of the process
"""
