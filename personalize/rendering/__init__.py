"""From prompts to pictures: who draws next, and how a picture is kept and described.

::

    protocols.py  what a renderer and an embedder must offer
    jobs.py       what is asked for, how urgent it is, and how far it is
    board.py      the jobs and batches of the queue, under one lock
    order.py      who is drawn next
    pace.py       how fast pictures are drawn, and how many together
    drawing.py    the threads that draw batches and hand out the pictures
    elsewhere.py  what other processes draw, so that it is drawn once
    watchdog.py   notices a renderer that stands still
    queue.py      joins these: the one way to have pictures drawn
    pictures.py   a picture is drawn once, kept by its record, and embedded once
    png.py        the prompt, seed and model in a PNG file
"""
