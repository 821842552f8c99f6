"""One person's loop: choose a question, draw it, take the answer, take it back.

::

    personalizer.py  the loop over a session
    next_round.py    the next round, whole: prompts, their order, the pictures' seed
    strategies.py    how a question is chosen: one entry per strategy
    repeats.py       earlier questions asked again, and how steady the answers are
    explanation.py   what a round asks about, and how much its answer should settle
"""
