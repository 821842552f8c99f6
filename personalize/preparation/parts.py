"""What a deployment is made of, before anything is computed: words, networks, settings."""

from dataclasses import dataclass
from pathlib import Path

from personalize.rendering.protocols import Embedder, Renderer
from personalize.settings import Settings
from personalize.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Parts:
    """The vocabulary and the networks that go with it.

    Attributes:
        vocabulary: tokens of style and subjects.
        renderer: draws pictures.
        embedder: embeds pictures and texts.
        settings: of the app.
        shipped: folder with token effects that ship with the vocabulary, if there is one.
    """

    vocabulary: Vocabulary
    renderer: Renderer
    embedder: Embedder
    settings: Settings
    shipped: Path | None = None
