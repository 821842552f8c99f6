"""Make the taste cards of the start page: ``python -m tests.browser.start_cards``, or ``make pictures``.

Three made-up people answer real rounds of the shipped models. Each taste becomes a card in every language, in
personalize/ui/static/cards. Nobody's taste is in the files, because a small picture keeps no taste file.
"""

import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from personalize.assembly import assemble, prepare_parts
from personalize.progress import ConsoleProgress
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.ui.screens.card import session_card
from personalize.ui.screens.start import CARDS
from personalize.ui.text.catalogue import LANGUAGES, catalogue
from tests.apps import ROOT

FOLDER = ROOT / "personalize" / "ui" / "static" / "cards"
WIDTH_PX, QUALITY = 360, 64
ROUNDS, DESIGN_ITERATIONS = 18, 40
"""Of a card; a rough design is enough, because the questions adapt to the answers."""


@dataclass(frozen=True)
class Person:
    """A made-up person.

    Attributes:
        subject: what the session is about.
        seed: of the session.
        likes, avoids: words; a prompt is worth the number of liked words less that of avoided ones.
    """

    subject: str
    seed: int
    likes: tuple[str, ...]
    avoids: tuple[str, ...]

    def worth(self, prompt: str) -> int:
        """How much the person likes the picture of a prompt."""
        words = prompt.split(", ")[1:]
        return sum(word in self.likes for word in words) - sum(word in self.avoids for word in words)


PEOPLE = (
    Person(
        "a fox",
        3,
        ("watercolor", "oil painting", "warm colors", "golden hour", "flower field", "cozy", "sunset sky"),
        ("neon sign", "blueprint", "pixel art", "ice blue", "spooky", "scanlines", "inverted colors"),
    ),
    Person(
        "a castle",
        5,
        (
            "stained glass",
            "neon sign",
            "starry night",
            "moonlight",
            "purple and teal",
            "magical",
            "fireflies",
        ),
        ("sepia tones", "pencil sketch", "brick wall", "checkerboard", "black and white", "crumpled paper"),
    ),
    Person(
        "a sailboat",
        9,
        (
            "paper cutout",
            "sticker",
            "watercolor",
            "pastel colors",
            "cool colors",
            "ice blue",
            "ocean waves",
            "blue sky",
            "rainbow sky",
            "sandy beach",
            "soap bubbles",
            "peaceful",
            "cheerful",
            "glowing halo",
        ),
        ("dramatic", "black and gold", "woodcut", "film grain", "cracked paint", "inverted colors"),
    ),
)


def main() -> None:
    """Write the cards, and print their sizes."""
    FOLDER.mkdir(exist_ok=True)
    assert len(PEOPLE) == CARDS
    with tempfile.TemporaryDirectory() as folder:
        parts = assemble(Settings(data=Path(folder), design_iterations=DESIGN_ITERATIONS))
        preparation = prepare_parts(parts, ConsoleProgress())
        loop = Personalizer(preparation, MemoryStore(), parts.renderer, parts.embedder, parts.settings)
        for number, person in enumerate(PEOPLE, 1):
            token = _answered(loop, person)
            for language in LANGUAGES:
                card = Image.open(io.BytesIO(session_card(loop, token, catalogue(language))))
                file = FOLDER / f"{language}-{number}.webp"
                small = card.resize(
                    (WIDTH_PX, WIDTH_PX * card.height // card.width), Image.Resampling.LANCZOS
                )
                small.save(file, quality=QUALITY, method=6)
                sys.stdout.write(f"{file.relative_to(ROOT)}  {file.stat().st_size} bytes\n")
        loop.queue.close()


def _answered(loop: Personalizer, person: Person) -> str:
    """The token of a session in which that person answered."""
    token = loop.start(person.subject, seed=person.seed).token
    for _ in range(ROUNDS):
        round_ = loop.render(token, loop.propose(token).number)
        worth = dict(enumerate(map(person.worth, round_.prompts)))
        best = max(worth, key=worth.__getitem__)
        if worth[best] <= 0:
            loop.answer(token, round_.number, none=True, shown=round_.fingerprint)
            continue
        loop.answer(
            token,
            round_.number,
            best=best,
            liked=tuple(place for place, value in worth.items() if value > 0 and place != best),
            disliked=tuple(place for place, value in worth.items() if value < 0),
            shown=round_.fingerprint,
        )
    return token


if __name__ == "__main__":
    main()
