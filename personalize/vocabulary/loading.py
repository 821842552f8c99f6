"""The choice of a vocabulary: from the settings, else the model's own, else the full vocabulary."""

from pathlib import Path

from personalize.errors import VocabularyError
from personalize.vocabulary.styles import with_styles
from personalize.vocabulary.vocabulary import Vocabulary

FULL = "full"


def vocabulary_folder(wanted: str, shipped: Path, own: str = "") -> Path:
    """The folder of the vocabulary in use.

    Args:
        wanted: a name or a folder; empty for the model's own vocabulary.
        shipped: folder of the named vocabularies.
        own: name of the model's own vocabulary; empty for the full one.

    Raises:
        VocabularyError: `wanted` is neither a name nor a folder.
    """
    known = sorted(folder.name for folder in shipped.iterdir() if folder.is_dir())
    if not wanted:
        return shipped / (own if own in known else FULL)
    if wanted in known:
        return shipped / wanted
    try:
        folder = Path(wanted).expanduser()
        if folder.is_dir():
            return folder
    except (OSError, RuntimeError, ValueError):  # the path is too long, or "~user" names an unknown user
        pass
    raise VocabularyError(
        f"Expected a vocabulary out of {', '.join(known)}, or a folder of one's own, found "
        f"'{wanted[:200]}', which is neither. Correct PALATE_VOCABULARY."
    )


def load_vocabulary(folder: Path, styles: str = "") -> Vocabulary:
    """The vocabulary in a folder, with a person's own styles as its last slot.

    Args:
        folder: see `vocabulary_folder`.
        styles: a file or folder of styles; empty for none.

    Raises:
        VocabularyError: the vocabulary or the styles cannot be read.
    """
    vocabulary = Vocabulary.load(folder)
    return with_styles(vocabulary, Path(styles).expanduser()) if styles else vocabulary
