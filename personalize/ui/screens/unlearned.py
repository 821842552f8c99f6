"""The question before a subject that small models have not learned, and suggestions while a person types.

Both are empty for a full-size model, which draws any subject.
"""

from personalize.ui.screens.html import written
from personalize.ui.text.catalogue import Catalogue
from personalize.vocabulary.known_subjects import KnownSubjects, search_words

NONE = ""
"""The place of the question while nothing is asked."""


def question(words: Catalogue, known: KnownSubjects, subject: str) -> str:
    """What the models can draw, the known subjects nearest to `subject`, and whether to go on with it."""
    near = known.nearest(subject)
    return written(
        words,
        "unlearned",
        subject=subject,
        count=len(known),
        is_near=bool(near),
        offered=[(one.phrase, one.shown(words.language)) for one in near or known.spread()],
        everything=[(one.phrase, one.shown(words.language)) for one in known.subjects],
    )


def suggestions(words: Catalogue, known: KnownSubjects | None) -> str:
    """The known subjects for the script that suggests them: phrase, names by language, words to search."""
    if known is None:
        return NONE
    listed = [
        [one.phrase, {language: one.shown(language) for language in ("de", "fr")}, search_words(one)]
        for one in known.subjects
    ]
    return written(words, "suggestions", listed=listed)
