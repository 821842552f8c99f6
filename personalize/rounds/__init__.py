"""The loop of one session: choose a question, render it, record the answer, undo it.

::

    personalizer.py  the loop of a session
    next_round.py    the next round: prompts, their order on the screen, the seed of the pictures
    strategies.py    the strategies that choose questions, one entry for each
    repeats.py       repeats of earlier questions, and the agreement of both answers
    explanation.py   the tokens that a round tests, and the expected effect of its answer
"""
