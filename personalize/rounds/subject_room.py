"""How much room a subject leaves the renderer for words of style.

A text encoder reads a fixed number of word pieces. A subject that fills them would be drawn without style.
"""

from functools import cached_property

from personalize.errors import SessionError
from personalize.mdp.prompt_mdp import BLANK
from personalize.rendering.protocols import Renderer
from personalize.session.subject import check_subject
from personalize.vocabulary.vocabulary import Vocabulary


class SubjectRoom:
    """Checks subjects against the longest prompt of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary, renderer: Renderer, max_tokens: int) -> None:
        """Join the parts.

        Args:
            vocabulary: the words of style.
            renderer: knows how many word pieces it reads.
            max_tokens: words of style in a prompt.
        """
        self._vocabulary, self._renderer, self._max_tokens = vocabulary, renderer, max_tokens

    def checked(self, subject: str) -> str:
        """The subject, as it is drawn.

        Raises:
            SessionError: empty, too long, not plain text, or no room for words of style behind it.
        """
        subject = check_subject(subject)
        room = self._renderer.room(self._vocabulary.prompt(subject, self._longest_path))
        if room < 0:
            raise SessionError(
                "Expected a subject that leaves the model room for words of style, found one that is "
                "{pieces} word pieces too long. Shorten it.",
                pieces=-room,
            )
        return subject

    @cached_property
    def _longest_path(self) -> list[int]:
        """The words that leave the renderer least room, in as many slots as a prompt has words."""
        vocabulary = self._vocabulary
        room = {n: self._renderer.room(token) for n, token in enumerate(vocabulary.tokens)}
        path = [
            min(allowed.nonzero().flatten().tolist(), key=room.__getitem__) for allowed in vocabulary.allowed
        ]
        longest = sorted(range(len(path)), key=lambda slot: room[path[slot]])[: self._max_tokens]
        return [token if slot in longest else BLANK for slot, token in enumerate(path)]
