"""The blind test: one subject and one seed, with and without the taste, unlabelled; which one is chosen?

Every trial has another subject. Both pictures have one seed, and a lot decides which of them stands first.
The page says nothing about the taste until the answers are counted.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from personalize.errors import SessionError
from personalize.preference.intervals import wilson
from personalize.progress import OnStep
from personalize.rounds.personalizer import Personalizer
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import Trial
from personalize.taste.recommend import recommend

TRIALS = 5
"""Trials of one blind test. More can be added, and the interval narrows."""


@dataclass(frozen=True)
class BlindTest:
    """How a person's trials came out.

    Attributes:
        answered: trials that were answered.
        wins: answered trials in which the personal picture was chosen.
        low, high: Wilson's 95% interval of the share of wins (Wilson 1927); 0 and 1 without answers.
        open: the trial that waits for an answer, if there is one.
        done: whether all TRIALS are answered.
    """

    answered: int
    wins: int
    low: float
    high: float
    open: Trial | None
    done: bool


def count_trials(trials: Sequence[Trial]) -> BlindTest:
    """The outcome of a session's trials, in order."""
    chosen = [trial.chosen for trial in trials if trial.chosen is not None]
    wins, n = sum(choice == "personal" for choice in chosen), len(chosen)
    low, high = wilson(wins, n)
    waiting = next((trial for trial in trials if trial.chosen is None), None)
    return BlindTest(n, wins, low, high, waiting, n >= TRIALS and waiting is None)


def blind_test(loop: Personalizer, token: str) -> BlindTest:
    """How the session's trials came out so far."""
    return count_trials(loop.store.trials(token))


def next_trial(loop: Personalizer, token: str, on_step: OnStep | None = None) -> Trial:
    """The trial that waits for an answer, made and drawn now when there is none.

    Its subject, its seed and which picture stands first follow from the session's seed and the number of
    the trial, so nobody can choose them. The words are the best prompt's; its picture is not the best of
    several tries, as personal pictures are, since the plain one is not either.

    Raises:
        SessionError: nothing is known to be liked yet, so both pictures would be the same.
        RenderError: the renderer failed; nothing was counted.
    """
    trials = loop.store.trials(token)
    waiting = count_trials(trials).open
    if waiting is not None:
        return waiting
    session, number = loop.session(token), len(trials) + 1
    vocabulary = loop.preparation.vocabulary
    path = recommend(loop, loop.estimate(token), count=1)[0]
    subjects = [s for s in vocabulary.subjects if s != session.subject] or [session.subject]
    random.Random(derived_seed(session.seed, "proof")).shuffle(subjects)
    subject = subjects[(number - 1) % len(subjects)]
    prompt = vocabulary.prompt(subject, path)
    plain_prompt = vocabulary.prompt(subject, [0] * vocabulary.horizon)
    if prompt == plain_prompt:
        raise SessionError(
            "Expected a taste that changes pictures, found none that is sure enough. Pick a few more first."
        )
    lot = derived_seed(session.seed, number, "trial")
    plain, personal = loop.render_prompts(token, (plain_prompt, prompt), lot % LARGEST_SEED, on_step)
    first = random.Random(lot).random() < 0.5
    trial = Trial(number, subject, plain_prompt, prompt, plain, personal, first)
    return loop.store.append_trial(token, trial)[-1]


def answer_trial(loop: Personalizer, token: str, number: int, first: bool) -> BlindTest:
    """Count the choice of the first or the second picture of a trial, exactly once.

    Raises:
        StaleAnswerError: the trial does not wait for an answer.
    """
    trial = next((t for t in loop.store.trials(token) if t.number == number), None)
    personal = trial is not None and trial.personal_first == first
    chosen: Literal["plain", "personal"] = "personal" if personal else "plain"
    return count_trials(loop.store.answer_trial(token, number, chosen))
