"""Which questions tell most about a taste: the static design, and the next question.

The static design (`frank_wolfe.solve_design`) finds the measure on prompts whose answers are worth most,
divides it among K policies and says how far from the optimum it can be. `question` picks the next question
from what is known so far; that is where most of the gain comes from.
"""
