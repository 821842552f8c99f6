"""The blind test: a person chooses between an unlabelled personal picture and an unlabelled plain picture.

Each trial has its own subject. Both of its pictures have the same subject and seed, and their order is
random. The page shows nothing about the taste until the answers are counted.
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
"""Number of trials in one blind test. Further trials make the interval narrower."""


@dataclass(frozen=True)
class BlindTest:
    """The result of a person's trials.

    Attributes:
        answered: number of answered trials.
        wins: number of answered trials in which the personal picture was chosen.
        low, high: Wilson's 95 % interval of the share of wins (Wilson 1927); 0 and 1 without answers.
        open: the unanswered trial, or None.
        done: whether at least TRIALS trials are answered and no trial is open.
    """

    answered: int
    wins: int
    low: float
    high: float
    open: Trial | None
    done: bool


def count_trials(trials: Sequence[Trial]) -> BlindTest:
    """The result of the given trials of a session."""
    chosen = [trial.chosen for trial in trials if trial.chosen is not None]
    wins, n = sum(choice == "personal" for choice in chosen), len(chosen)
    low, high = wilson(wins, n)
    unanswered = next((trial for trial in trials if trial.chosen is None), None)
    return BlindTest(n, wins, low, high, unanswered, n >= TRIALS and unanswered is None)


def blind_test(loop: Personalizer, token: str) -> BlindTest:
    """The result of the trials of a session so far."""
    return count_trials(loop.store.trials(token))


def next_trial(loop: Personalizer, token: str, on_step: OnStep | None = None) -> Trial:
    """The unanswered trial of the session. A new trial is created and rendered if there is none.

    The subject, the seed and the order of the pictures follow from the session's seed and the number of the
    trial, so nobody can choose them. The personal picture uses the best prompt. It is the first picture of
    that prompt, like the plain picture, and not the best of several as in `personal_pictures`.

    Raises:
        SessionError: no token is certain enough to be added, so both prompts would be equal.
        RenderError: the renderer failed; no trial was created.
    """
    trials = loop.store.trials(token)
    unanswered = count_trials(trials).open
    if unanswered is not None:
        return unanswered
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
    trial_seed = derived_seed(session.seed, number, "trial")
    picture_seed = trial_seed % LARGEST_SEED
    plain, personal = loop.render_prompts(token, (plain_prompt, prompt), picture_seed, on_step)
    personal_first = random.Random(trial_seed).random() < 0.5
    trial = Trial(number, subject, plain_prompt, prompt, plain, personal, personal_first)
    return loop.store.append_trial(token, trial)[-1]


def answer_trial(loop: Personalizer, token: str, number: int, first: bool) -> BlindTest:
    """Record the choice in a trial exactly once, and return the new result.

    Args:
        loop: the loop of the session.
        token: token of the session.
        number: number of the trial.
        first: whether the first picture on the screen was chosen.

    Raises:
        StaleAnswerError: the trial is answered already, or does not exist.
    """
    trial = next((t for t in loop.store.trials(token) if t.number == number), None)
    personal = trial is not None and trial.personal_first == first
    chosen: Literal["plain", "personal"] = "personal" if personal else "plain"
    return count_trials(loop.store.answer_trial(token, number, chosen))
