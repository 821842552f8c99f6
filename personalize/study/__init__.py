"""Study mode: compares strategies within every person, on common questions for all participants.

A session of a study has three kinds of rounds. Learning rounds of the arms come in random order. Every
participant gets the same common questions, and no taste is learned from them. Some common questions are asked
again, for the self-agreement of a person. The blind test follows at the end.

::

    plan.py      the rounds of a session in order
    export.py    a study as one JSONL file, complete in itself
    analysis.py  accuracy of each arm, paired differences, self-agreement and blind test
    report.py    the findings as text and as JSON
    command.py   python -m personalize study export | analyse

README.md in this folder explains how to run a study.
"""
