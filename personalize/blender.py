"""A friend's taste file beside a session's: compared, and drawn as mine, theirs and anything between."""

from dataclasses import dataclass

from personalize.blend import Comparison, Recovered, blended, compared, recovered
from personalize.errors import SessionError
from personalize.personalizer import Personalizer
from personalize.portable import opinions_in
from personalize.porter import Porter
from personalize.recommend import recommend_paths
from personalize.rendering import OnStep
from personalize.seeds import LARGEST_SEED, checked_seed
from personalize.session.taste_file import TasteFile

ROWS = 2
"""Pictures of each taste."""


@dataclass(frozen=True)
class Mixed:
    """One subject drawn in three tastes from one seed.

    Attributes:
        subject: what all show.
        share: of theirs in the one between, 0..1.
        seed: of all three.
        prompts, pictures: mine, between, theirs.
        words: of each, what the taste added.
    """

    subject: str
    share: float
    seed: int
    prompts: tuple[str, str, str]
    pictures: tuple[str, str, str]
    words: tuple[tuple[str, ...], ...]


class Blender:
    """Friends' tastes beside those of a Personalizer's sessions; nothing of a friend's file is kept."""

    def __init__(self, personalizer: Personalizer) -> None:
        """Join it to the loop."""
        self._loop = personalizer
        self._porter = Porter(personalizer)

    def check(self, content: bytes) -> TasteFile:
        """A taste file of this app's words and models.

        Raises:
            SessionError: it is none, or was made with others.
        """
        return self._porter.check(content)

    def compare(self, token: str, file: TasteFile) -> tuple[Comparison, Recovered]:
        """The session's taste beside the file's, and how well the file's could be read.

        Raises:
            SessionError: nothing was answered yet.
        """
        mine = self._loop.estimate(token)
        if not mine.answers:
            raise SessionError("Expected a session with answers, found none. Pick a picture first.")
        theirs = recovered(self._loop.preparation, opinions_in(file), mine)
        return compared(self._loop.preparation, mine, theirs.estimate), theirs

    def mix(
        self,
        token: str,
        file: TasteFile,
        subject: str,
        share: float,
        *,
        seed: int | None = None,
        on_step: OnStep | None = None,
    ) -> tuple[Mixed, ...]:
        """The subject in my taste, in theirs and in the one that is `share` theirs, of ROWS seeds.

        Raises:
            SessionError: the subject does not fit, or nothing was answered yet.
            RenderError: the renderer failed.
        """
        loop, vocabulary, settings = self._loop, self._loop.preparation.vocabulary, self._loop.settings
        subject = loop.checked_subject(subject)
        mine, theirs = loop.estimate(token), self.compare(token, file)[1].estimate
        between = blended(mine, theirs, min(max(share, 0.0), 1.0))
        first = checked_seed(seed)
        seeds = [(first + row) % LARGEST_SEED for row in range(ROWS)]
        paths = [
            recommend_paths(
                loop.preparation.mdp, taste, count=ROWS, caution=settings.caution, words=settings.words
            ).tolist()
            for taste in (mine, between, theirs)
        ]
        prompts = [tuple(vocabulary.prompt(subject, side[row]) for side in paths) for row in range(ROWS)]
        drawn = loop.draw(
            token, [p for row in prompts for p in row], [seed for seed in seeds for _ in range(3)], on_step
        )
        mixed = []
        for row, seed_ in enumerate(seeds):
            words = tuple(tuple(vocabulary.tokens[n] for n in side[row] if n) for side in paths)
            one, two, three = drawn[3 * row : 3 * row + 3]
            a, b, c = prompts[row]
            mixed.append(Mixed(subject, share, seed_, (a, b, c), (one, two, three), words))
        return tuple(mixed)
