r"""When a taste counts as ready, and how many more answers it needs until then.

The known share of a taste (`known_share`) is a reliability. A test of n times the length has the reliability

.. math:: r_n = n r / (1 + (n - 1) r)

(Spearman 1910, Brown 1910). The odds r / (1 - r) therefore grow by the same amount with every answer. The
amount is what the answers so far gave on average, so marks and better questions count. The first answers say
little about it. They are averaged with `USUAL_ODDS`, which counts as `USUAL_ANSWERS` answers.
"""

READY = 0.25
"""Known share (see `known_share`) at which a taste counts as ready.

From there on, simulated people with a linear taste prefer the personal picture to a plain one in more than
nine of ten cases (experiment `pictures`, the table by known share). It was not tested on real people.
"""

FEWEST_ANSWERS = 3
"""Number of answers before a taste can be ready."""

USUAL_ODDS = 0.03
"""Odds of the known share that one pick among four drawn pictures gives a simulated person."""

USUAL_ANSWERS = 3
"""Answers that weigh as much as `USUAL_ODDS`."""


def is_ready(known: float, answers: int) -> bool:
    """Whether a taste is certain enough for personal pictures.

    Args:
        known: its known share, 0..1.
        answers: number of answers so far.
    """
    return known >= READY and answers >= FEWEST_ANSWERS


def answers_to_go(known: float, answers: int) -> int:
    """Expected number of further answers until the taste is ready; 0 if it is.

    Args:
        known: its known share, 0..1.
        answers: number of answers so far.
    """
    if is_ready(known, answers):
        return 0
    odds = known / max(1.0 - known, 1e-9)
    missing = READY / (1.0 - READY) - odds
    each = (odds + USUAL_ANSWERS * USUAL_ODDS) / (answers + USUAL_ANSWERS)
    return max(round(missing / each), FEWEST_ANSWERS - answers, 1)
