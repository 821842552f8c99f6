"""The endpoints for programs, which can be MCP tools too (setting `mcp`).

`start` returns the token of a session, and every other endpoint takes it. Pictures are URLs relative to the
page's URL, and contain the token. Waiting and limits are the same as on the page.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from personalize.errors import PersonalizeError, SessionError
from personalize.rounds.personalizer import Personalizer
from personalize.session.subject import check_subject
from personalize.session.whole_number import checked_whole_number
from personalize.taste.personal_pictures import personal_pictures
from personalize.taste.summary import summarise
from personalize.ui.http.device import address_of
from personalize.ui.rate_limit import Limit
from personalize.ui.screens.html import picture_url
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import catalogue

log = logging.getLogger(__name__)

RANDOM = -1
"""The value of `seed` that asks for a random one."""

_NUMBER = re.compile(r"[0-9]{1,10}(\.[0-9]{1,20})?")


class Api:
    """The endpoints, over the same loop as the page."""

    def __init__(self, personalizer: Personalizer, draws: Limit, starts: Limit) -> None:
        """Use a loop, and the page's limits of drawings and of new sessions."""
        self._loop, self._draws, self._starts = personalizer, draws, starts

    def endpoints(self) -> dict[str, Callable[..., Any]]:
        """The endpoints by name."""
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
            request: of the caller, whose address the limit counts; callers do not pass it.
            consent: whether the person agreed to take part in the study, if there is one.

        Returns:
            The token that opens the session, and how many pictures a round shows. If the models have not
            learned the subject, also a note, the nearest subjects, and all that they can draw.
        """
        with _errors_for_programs():
            wanted = check_subject(_text(subject, "subject"))
            self._starts.take(address_of(request))
            session = self._loop.start(wanted, consent=consent is True)
        return {
            "token": session.token,
            "subject": session.subject,
            "options": session.options,
            **self._unlearned(session.subject),
        }

    def next_round(self, token: str) -> dict[str, Any]:
        """Get the pictures of the open round; they are drawn if needed, and stay the same until an answer.

        Args:
            token: of the session.

        Returns:
            The number of the round, the value to pass on as `shown`, and the pictures with their prompts.
        """
        with _errors_for_programs():
            round_ = self._loop.propose(_text(token, "token"))
            if not round_.rendered:
                self._draws.take(token)
            round_ = self._loop.render(token, round_.number)
        pictures = zip(round_.pictures, round_.prompts, strict=True)
        return {
            "round": round_.number,
            "shown": round_.fingerprint,
            "pictures": [{"url": picture_url(token, name), "prompt": prompt} for name, prompt in pictures],
        }

    def pick(
        self,
        token: str,
        round: int,
        best: int,
        worst: int = 0,
        shown: str = "",
        liked: list[int] | None = None,
        disliked: list[int] | None = None,
    ) -> dict[str, Any]:
        """Answer the round: which picture is liked best.

        Args:
            token: of the session.
            round: its number, from `next_round`.
            best: number of the best picture, from 1; 0 for none of these.
            worst: number of the least liked picture, from 1; 0 for no statement. It is one of `disliked`.
            shown: the value from `next_round`, so that an answer about other pictures is refused.
            liked: numbers of other pictures that are liked too, from 1.
            disliked: numbers of pictures that are disliked, from 1.

        Returns:
            The number of answers, and the taste learned from them, as from `taste`.
        """
        with _errors_for_programs():
            number = checked_whole_number(round, "round")
            favourite, least = checked_whole_number(best, "best"), checked_whole_number(worst, "worst")
            self._loop.answer(
                _text(token, "token"),
                number,
                best=favourite - 1 if favourite else None,
                liked=_places(liked, "liked"),
                disliked=(*_places(disliked, "disliked"), *((least - 1,) if least else ())),
                none=not favourite,
                shown=_text(shown, "shown") or None,
            )
        return self.taste(token)

    def undo(self, token: str) -> dict[str, Any]:
        """Take the last answer back.

        Args:
            token: of the session.

        Returns:
            The number of answers left, and the taste learned from them, as from `taste`.
        """
        with _errors_for_programs():
            self._loop.undo(_text(token, "token"))
        return self.taste(token)

    def taste(self, token: str) -> dict[str, Any]:
        """Get the taste: utility and standard error of every word, in nats, most liked first.

        A word is compared with the mean of its slot, in which no word at all counts as one.

        Args:
            token: of the session.

        Returns:
            The number of answers, whether the taste is ready for use, about how many picks are left until
            then, its summary, and the words.
        """
        with _errors_for_programs():
            taste = summarise(self._loop, _text(token, "token"))
        return {
            "answered": taste.answered,
            "ready": taste.ready,
            "picks_to_go": taste.to_go,
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
        """Draw any subject in the session's taste, each picture beside the plain picture of the same seed.

        Args:
            token: of the session.
            subject: a short line of plain words.
            strength: share of the liked words that is used, 0 to 1.
            seed: the same seed gives the same pictures; -1 for a random seed.
            count: number of pairs, 1 to 16.

        Returns:
            The seed, and the pictures with their prompts. If the models have not learned to draw the subject,
            also a note, the nearest subjects, and all that they can draw.
        """
        with _errors_for_programs():
            wanted, share = check_subject(_text(subject, "subject")), _strength(strength)
            asked, pairs = checked_whole_number(seed, "seed"), checked_whole_number(count, "count")
            self._draws.take(_text(token, "token"))
            chosen = None if asked == RANDOM else asked
            made = personal_pictures(self._loop, token, wanted, strength=share, seed=chosen, count=pairs)
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
            **self._unlearned(made.subject),
        }

    def _unlearned(self, subject: str) -> dict[str, Any]:
        """What a program is told about a subject that the models have not learned; {} for any other."""
        known = self._loop.known
        if known is None or self._loop.is_known(subject):
            return {}
        return {
            "note": known.note(subject),
            "nearest": [one.phrase for one in known.nearest(subject)],
            "can_draw": [one.phrase for one in known.subjects],
        }

    def delete(self, token: str) -> dict[str, Any]:
        """Delete the session: its answers, its pictures and its taste.

        Args:
            token: of the session.

        Returns:
            The number of rounds, answers and pictures that were deleted.
        """
        with _errors_for_programs():
            return {"gone": self._loop.delete(_text(token, "token"))}


def _text(value: object, name: str) -> str:
    """The text that a program sent under that name.

    Raises:
        SessionError: the value is no text.
    """
    if not isinstance(value, str):
        raise SessionError("Expected a text as {name}, found something else. Send a text.", name=name)
    return value


def _strength(value: object) -> float:
    """The strength of a taste that a program sent.

    Raises:
        SessionError: the value is no number from 0 to 1.
    """
    number = float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise SessionError("Expected a number from 0 to 1 as strength, found another. Send one such as 0.5.")
    return float(number)


@contextmanager
def _errors_for_programs() -> Iterator[None]:
    """Send the sentence of one of our errors to the program; other errors are only logged.

    The message of an error of the store or the renderer may contain folders and URLs. The log has it, and the
    program gets the page's sentence.
    """
    try:
        yield
    except SessionError as error:
        raise gr.Error(str(error), print_exception=False) from None
    except PersonalizeError as error:
        log.warning("said to a program in other words: %s", error)
        raise gr.Error(catalogue("en").error(error), print_exception=False) from None


def round_to(value: float) -> float:
    """The value with four digits after the point."""
    return round(value, 4)


def _places(numbers: object, name: str) -> tuple[int, ...]:
    """The options, from 0, of a list of numbers from 1; () for None.

    Raises:
        SessionError: it is no list of whole numbers.
    """
    if numbers is None:
        return ()
    listed = numbers if isinstance(numbers, list) else [numbers]
    return tuple(checked_whole_number(number, name) - 1 for number in listed)
