"""The blind proof: the same subject and seed, with and without the taste, unlabelled; who wins how often.

Every trial is of another subject, both pictures are of one seed that nobody chose for either, and which of
them stands first is drawn by lot. What is counted is the person's own eye, after the answers and without a
word of what was learned on the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from personalize.proportion import wilson
from personalize.session.record import Trial

TRIALS = 5
"""Of one proof; more can be added, and the interval narrows."""


@dataclass(frozen=True)
class Proof:
    """How a person's trials came out.

    Attributes:
        answered: trials that were answered.
        wins: of them, those in which the personal picture was chosen.
        low, high: Wilson's 95% interval of the share of wins (Wilson 1927); 0 and 1 without answers.
        open: the trial that waits for an answer, if there is one.
        done: whether the TRIALS of the proof are answered.
    """

    answered: int
    wins: int
    low: float
    high: float
    open: Trial | None
    done: bool

    @property
    def sentence(self) -> str:
        """The outcome in words, no kinder than the numbers."""
        if not self.answered:
            return "No trial was answered yet."
        told = (
            f"You chose the picture in your taste {self.wins} of {self.answered} times; if this went on, "
            f"somewhere from {self.low:.0%} to {self.high:.0%} of the time."
        )
        if self.low > 0.5:
            return f"{told} That is better than chance."
        if self.high < 0.5:
            return f"{told} That is worse than chance: the taste is wrong about you."
        return f"{told} That can be chance: a few more trials, or more picks, would tell."


def proof_of(trials: Sequence[Trial]) -> Proof:
    """The outcome of a session's trials, in order."""
    chosen = [trial.chosen for trial in trials if trial.chosen is not None]
    wins, n = sum(choice == "personal" for choice in chosen), len(chosen)
    low, high = wilson(wins, n)
    waiting = next((trial for trial in trials if trial.chosen is None), None)
    return Proof(n, wins, low, high, waiting, n >= TRIALS and waiting is None)
