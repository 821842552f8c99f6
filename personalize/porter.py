"""Tastes that come from a file: checked before anything is done, then gone on from in a new session."""

from dataclasses import replace

from personalize.personalizer import Personalizer
from personalize.portable import rounds_of
from personalize.rendering import OnStep, Portion
from personalize.session.record import Session
from personalize.session.taste_file import TasteFile, read_taste_file


class Porter:
    """Brings taste files to a Personalizer's sessions."""

    def __init__(self, personalizer: Personalizer) -> None:
        """Join it to the loop."""
        self._loop = personalizer

    def check(self, content: bytes) -> TasteFile:
        """A taste file that `adopt` will take.

        Raises:
            SessionError: it is no taste file, or was made with other words or models.
        """
        file = read_taste_file(content)
        rounds_of(file, self._loop.preparation.vocabulary, self._loop.made)
        return file

    def adopt(self, file: TasteFile, on_step: OnStep | None = None) -> Session:
        """A new session that goes on from a taste file: its pictures are drawn again, and its answers kept.

        Raises:
            SessionError: it was made with other words or models.
            RenderError: the renderer failed; no session was made.
        """
        loop = self._loop
        rounds = rounds_of(file, loop.preparation.vocabulary, loop.made)
        own = "adaptive" if loop.settings.strategy == "study" else None  # what is brought is of no study
        session = loop.start(file.subject, options=rounds[0].options, strategy=own)
        try:
            for place, round_ in enumerate(rounds):
                portion = Portion(on_step, place / len(rounds), (place + 1) / len(rounds))
                pictures = tuple(loop.draw(session.token, round_.prompts, round_.seeds[0], portion))
                loop.store.append_round(session.token, replace(round_, pictures=pictures, answer=None))
                assert round_.answer is not None
                loop.store.append_answer(session.token, round_.number, round_.answer)
        except BaseException:
            loop.store.delete(session.token)
            raise
        return loop.session(session.token)
