"""From prompts to pictures: who draws next, and how a picture is kept and described.

::

    protocols.py  what a renderer and an embedder must offer
    queue.py      one picture job at a time, fair between sessions
    pictures.py   a picture is drawn once, kept by its record, and embedded once
    png.py        the prompt, seed and model in a PNG file
"""
