"""The loop of one session: choose a question, render it, record the answer, undo it.

::

    personalizer.py  the loop of a session
    questions.py     which round comes next, and which pictures may stand in it
    next_round.py    the next round: prompts, their order on the screen, the seed of the pictures
    strategies.py    the strategies that choose questions, one entry for each
    seen_pool.py     the pictures among which a question is chosen by what is seen
    repeats.py       repeats of earlier questions, and the agreement of both answers
    remembered.py    results that are functions of a session's log, kept in memory
    subject_room.py  how much room a subject leaves for words of style
    tidying.py       deletes pictures that were drawn ahead and never shown
    explanation.py   the tokens that a round tests, and the expected effect of its answer
"""
