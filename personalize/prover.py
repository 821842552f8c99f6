"""The blind proof of a session: trials made, drawn and answered."""

import random
from typing import Literal

from personalize.errors import SessionError
from personalize.personalizer import Personalizer
from personalize.proof import Proof, proof_of
from personalize.recommend import recommend_paths
from personalize.rendering import OnStep
from personalize.seeds import LARGEST_SEED, derived_seed
from personalize.session.record import Trial


class Prover:
    """Trials over a Personalizer's sessions."""

    def __init__(self, personalizer: Personalizer) -> None:
        """Join it to the loop."""
        self._loop = personalizer

    def proof(self, token: str) -> Proof:
        """How the session's trials came out so far."""
        return proof_of(self._loop.store.trials(token))

    def next_trial(self, token: str, on_step: OnStep | None = None) -> Trial:
        """The trial that waits for an answer, made and drawn now when there is none.

        Its subject, its seed and which picture stands first follow from the session's seed and the number of
        the trial, so nobody can choose them. The words are the best prompt's; its picture is not the best of
        several tries, as personal pictures are, since the plain one is not either.

        Raises:
            SessionError: nothing is known to be liked yet, so both pictures would be the same.
            RenderError: the renderer failed; nothing was counted.
        """
        trials = self._loop.store.trials(token)
        waiting = proof_of(trials).open
        if waiting is not None:
            return waiting
        session, number = self._loop.session(token), len(trials) + 1
        loop, vocabulary = self._loop, self._loop.preparation.vocabulary
        path = recommend_paths(
            loop.preparation.mdp,
            loop.estimate(token),
            count=1,
            caution=loop.settings.caution,
            words=loop.settings.words,
        )[0]
        subjects = [s for s in vocabulary.subjects if s != session.subject] or [session.subject]
        random.Random(derived_seed(session.seed, "proof")).shuffle(subjects)
        subject = subjects[(number - 1) % len(subjects)]
        prompt = vocabulary.prompt(subject, path)
        plain_prompt = vocabulary.prompt(subject, [0] * vocabulary.horizon)
        if prompt == plain_prompt:
            raise SessionError(
                "Expected a taste that changes pictures, found none that is sure enough. "
                "Pick a few more first."
            )
        lot = derived_seed(session.seed, number, "trial")
        plain, personal = loop.draw(token, (plain_prompt, prompt), lot % LARGEST_SEED, on_step)
        first = random.Random(lot).random() < 0.5
        trial = Trial(number, subject, plain_prompt, prompt, plain, personal, first)
        return loop.store.append_trial(token, trial)[-1]

    def answer(self, token: str, number: int, first: bool) -> Proof:
        """Count the choice of the first or the second picture of a trial, exactly once.

        Raises:
            StaleAnswerError: the trial does not wait for an answer.
        """
        trial = next((t for t in self._loop.store.trials(token) if t.number == number), None)
        personal = trial is not None and trial.personal_first == first
        chosen: Literal["plain", "personal"] = "personal" if personal else "plain"
        return proof_of(self._loop.store.answer_trial(token, number, chosen))
