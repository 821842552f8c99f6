"""Which words a model uses: those named in the settings, else its own, else the full set."""

from pathlib import Path

from personalize.errors import VocabularyError
from personalize.settings import Settings
from personalize.vocabulary.styles import with_styles
from personalize.vocabulary.vocabulary import Vocabulary

FULL = "full"


def vocabulary_folder(settings: Settings, shipped: Path, own: str = "") -> Path:
    """The folder of the words that are used.

    Args:
        settings: `vocabulary`, a name or a folder; when empty, the model's own.
        shipped: folder of the named sets.
        own: name of the set that the model knows; "" for none, which is the full one.

    Raises:
        VocabularyError: neither a name nor a folder.
    """
    known = sorted(folder.name for folder in shipped.iterdir() if folder.is_dir())
    if not settings.vocabulary:
        return shipped / (own if own in known else FULL)
    if settings.vocabulary in known:
        return shipped / settings.vocabulary
    try:
        folder = Path(settings.vocabulary).expanduser()
        if folder.is_dir():
            return folder
    except (OSError, RuntimeError, ValueError):  # too long, or a home that nobody has
        pass
    raise VocabularyError(
        f"Expected a vocabulary out of {', '.join(known)}, or a folder of one's own, found "
        f"'{settings.vocabulary[:200]}', which is neither. Correct PALATE_VOCABULARY."
    )


def load_vocabulary(settings: Settings, shipped: Path, own: str = "") -> Vocabulary:
    """The words that are used, with a person's own styles after them.

    Raises:
        VocabularyError: the words or the styles cannot be read.
    """
    vocabulary = Vocabulary.load(vocabulary_folder(settings, shipped, own))
    return with_styles(vocabulary, Path(settings.styles).expanduser()) if settings.styles else vocabulary
