"""The inputs of a deployment: vocabulary, networks and settings."""

from dataclasses import dataclass
from pathlib import Path

from personalize.rendering.protocols import Embedder, Renderer
from personalize.settings import Settings
from personalize.vocabulary.known_subjects import KnownSubjects
from personalize.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Parts:
    """The vocabulary, the networks and the settings of a deployment.

    Attributes:
        vocabulary: the tokens and the example subjects.
        renderer: renders pictures from prompts.
        embedder: embeds pictures and texts.
        settings: the settings of the app, with the words a prompt of the model (`Settings.with_words`).
        known: the only subjects that the renderer has learned, or None if it draws any.
        shipped: folder of token effects that ship with the vocabulary, or None.
    """

    vocabulary: Vocabulary
    renderer: Renderer
    embedder: Embedder
    settings: Settings
    shipped: Path | None = None
    known: KnownSubjects | None = None
