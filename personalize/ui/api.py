"""The app for programs: endpoints with documented names, which are MCP tools too when that is switched on.

Each takes the session's token, which `start` gives, and nothing else opens a session. Pictures are addresses
below the page's own, and need the token too. Waiting and limits are as on the page.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from personalize.errors import PersonalizeError
from personalize.rounds.personalizer import Personalizer
from personalize.session.subject import check_subject
from personalize.taste.personal_pictures import personal_pictures
from personalize.taste.summary import summarise
from personalize.ui.rate_limit import Limit
from personalize.ui.screens.html import picture_url
from personalize.ui.text import sentences

RANDOM = -1
"""In the place of a seed."""


class Api:
    """The endpoints, over the loop that the page uses."""

    def __init__(self, personalizer: Personalizer, draws: Limit, starts: Limit) -> None:
        """Join them to the loop and to the page's limits."""
        self._loop, self._draws, self._starts = personalizer, draws, starts

    def endpoints(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "start": self.start,
            "next_round": self.next_round,
            "pick": self.pick,
            "undo": self.undo,
            "taste": self.taste,
            "generate": self.generate,
            "delete": self.delete,
        }

    def start(self, subject: str, request: gr.Request, consent: bool = False) -> dict[str, Any]:
        """Start a session about a subject such as "a fox".

        Args:
            subject: a short line of plain words.
            request: whose address the limit counts; not given by callers.
            consent: whether the person agreed to take part in the study, where one is held.

        Returns:
            The token that opens the session, and how many pictures a round shows.
        """
        with _said():
            wanted = check_subject(subject)
            self._starts.take(str(getattr(getattr(request, "client", None), "host", "") or ""))
            session = self._loop.start(wanted, consent=consent)
        return {"token": session.token, "subject": session.subject, "options": session.options}

    def next_round(self, token: str) -> dict[str, Any]:
        """Get the pictures to choose from now, drawn if need be; the same ones until they are answered.

        Args:
            token: of the session.

        Returns:
            The round's number, what to hand back as `shown`, and its pictures with their prompts.
        """
        with _said():
            round_ = self._loop.propose(token)
            if not round_.rendered:
                self._draws.take(token)
            round_ = self._loop.render(token, round_.number)
        pictures = zip(round_.pictures, round_.prompts, strict=True)
        return {
            "round": round_.number,
            "shown": round_.fingerprint,
            "pictures": [{"url": picture_url(token, name), "prompt": prompt} for name, prompt in pictures],
        }

    def pick(self, token: str, round: int, best: int, worst: int = 0, shown: str = "") -> dict[str, Any]:
        """Answer the round: which picture is liked best.

        Args:
            token: of the session.
            round: its number, as `next_round` said.
            best: 1 for the first picture; 0 for none of these.
            worst: the least liked, counted alike; 0 to say none.
            shown: as `next_round` said, so that no answer falls on other pictures.

        Returns:
            How many answers there are, and what they tell.
        """
        with _said():
            self._loop.answer(
                token,
                round,
                best=best - 1 if best else None,
                worst=worst - 1 if worst else None,
                none=not best,
                shown=shown or None,
            )
        return self.taste(token)

    def undo(self, token: str) -> dict[str, Any]:
        """Take the last answer back.

        Args:
            token: of the session.

        Returns:
            How many answers are left, and what they tell.
        """
        with _said():
            self._loop.undo(token)
        return self.taste(token)

    def taste(self, token: str) -> dict[str, Any]:
        """Get what was learned: utility and standard error of every word, in nats, most liked first.

        Args:
            token: of the session.

        Returns:
            The number of answers, whether the taste is ready to be used, a sentence, and the words.
        """
        with _said():
            taste = summarise(self._loop, token)
        return {
            "answered": taste.answered,
            "ready": taste.ready,
            "sentence": sentences.in_english(taste),
            "accuracy": round_to(taste.accuracy),
            "chance": round_to(taste.chance),
            "words": [
                {
                    "word": opinion.token,
                    "slot": opinion.slot,
                    "utility": round_to(opinion.utility),
                    "error": round_to(opinion.error),
                }
                for opinion in taste.opinions
            ],
        }

    def generate(
        self, token: str, subject: str, strength: float = 1.0, seed: int = RANDOM, count: int = 1
    ) -> dict[str, Any]:
        """Draw any subject in the taste of the session, each picture beside the plain one of its seed.

        Args:
            token: of the session.
            subject: a short line of plain words.
            strength: share of the liked words that are used, 0 to 1.
            seed: the same one gives the same pictures; -1 for a random one.
            count: how many, 1 to 16.

        Returns:
            The seed, and the pictures with their prompts.
        """
        with _said():
            self._draws.take(token)
            chosen = None if seed == RANDOM else seed
            made = personal_pictures(self._loop, token, subject, strength=strength, seed=chosen, count=count)
        return {
            "subject": made.subject,
            "seed": made.seed,
            "pictures": [
                {
                    "url": picture_url(token, pair.personal),
                    "prompt": pair.prompt,
                    "plain_url": picture_url(token, pair.plain),
                    "plain_prompt": pair.plain_prompt,
                    "seed": pair.seed,
                }
                for pair in made.pairs
            ],
        }

    def delete(self, token: str) -> dict[str, Any]:
        """Delete the session: answers, pictures and what was learned.

        Args:
            token: of the session.

        Returns:
            How many things are gone.
        """
        with _said():
            return {"gone": self._loop.delete(token)}


@contextmanager
def _said() -> Iterator[None]:
    """What goes wrong on purpose is said to the program in its sentence; the rest is only logged."""
    try:
        yield
    except PersonalizeError as error:
        raise gr.Error(str(error), print_exception=False) from None


def round_to(value: float) -> float:
    """To four digits after the point, as JSON shows them."""
    return round(value, 4)
