"""Optimal design of questions: the static design, and the choice of the next question.

The static design, in the order of the solver:

::

    information.py  Fisher information of visitation measures, and the objective
    criterion.py    scalar criteria of an information matrix: V, D, A and E
    mirror.py       mirror ascent on the path measure, toward the optimum
    newton.py       Newton steps on the tokens in use, without successor rules
    frank_wolfe.py  Frank-Wolfe on mixtures of paths, and the certified gap
    step_size.py    step lengths of Frank-Wolfe
    division.py     the mean measure divided among K policies
    solve.py        all of these in order: from an MDP and a criterion to K policies
    result.py       the result: policies, matrices, gap, status and diagnostics
    diagnosis.py    warnings about a design or about the answers to it
    baseline.py     identical policies, to compare a design with

The next question:

::

    adaptive.py     from the posterior of the taste; most of the gain comes from here
    sampling.py     from the design's policies, or uniform over all prompts
    acquisition.py  other rules, for comparison: BALD, EUBO and Thompson sampling
    exchange.py     the greedy exchange that adaptive.py and acquisition.py share
"""
