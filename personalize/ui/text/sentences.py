"""Sentences about values, in the reader's language."""

from collections.abc import Sequence

from markupsafe import Markup

from personalize.rendering.jobs import RenderProgress
from personalize.rounds.explanation import Explanation
from personalize.session.record import Session
from personalize.taste.blind_test import BlindTest
from personalize.taste.summary import Opinion, Taste
from personalize.taste.summary import highlights as highlights_of
from personalize.ui.text.catalogue import Catalogue, catalogue

MOODS = ("liked", "disliked", "open")
"""Kinds of opinions, each with a colour of its own."""


def highlights(words: Catalogue, opinions: Sequence[Opinion], answered: int) -> str:
    """The most liked, least liked and least certain words in a sentence; `opinions` are most liked first."""
    if not answered or not opinions:
        return words("highlights_nothing")
    found = highlights_of(opinions)
    liked, disliked = (
        words.listed([words.token(one) for one in some]) for some in (found.liked, found.disliked)
    )
    unsure = words.token(found.unsure)
    if not unsure:
        return words("highlights_lean", liked=liked, disliked=disliked)
    key = "highlights_both" if liked and disliked else "highlights_liked" if liked else "highlights_disliked"
    return words(key, liked=liked, disliked=disliked, unsure=unsure)


def in_english(taste: Taste) -> str:
    """The highlights of a taste in English, for files and programs."""
    return highlights(catalogue("en"), taste.opinions, taste.answered)


def asks(words: Catalogue, why: Explanation | None) -> Markup | str:
    """The tokens that a round asks about, as HTML; "" if they are unknown."""
    if why is None or not why.tokens:
        return ""
    settled = round(100 * why.settled)
    first, second = (Markup("<b>{}</b>").format(words.token(one)) for one in (why.tokens * 2)[:2])
    key = ("asks_one" if len(why.tokens) == 1 else "asks_two") + ("_settled" if settled else "")
    return words.html(key, first=first, second=second, settled=settled)


def keys(words: Catalogue, options: int, *, shifted: bool = False) -> Markup:
    """The keys of a round and their actions, as HTML.

    Args:
        words: texts in the reader's language.
        options: K, the number of pictures in a round.
        shifted: whether the keyboard types digits only with Shift, which then makes no difference.
    """
    names = {
        "first": "1",
        "last": str(options),
        "zero": "0",
        "like": "L",
        "no": "D",
        "undo": "U",
        "zoom": "Z",
    }
    return words.html(
        "keys_shifted" if shifted else "keys",
        **{place: Markup("<kbd>{}</kbd>").format(key) for place, key in names.items()},
    )


def left_out(words: Catalogue, session: Session) -> str:
    """Which rounds do not count because their answers are damaged; "" if all answers can be read."""
    numbers = [str(number) for number in session.left_out]
    return words.count("round_left_out", len(numbers), rounds=words.listed(numbers)) if numbers else ""


def legend(words: Catalogue) -> Markup:
    """The meaning of the bars' colours, as HTML."""
    return words.html(
        "legend", **{mood: Markup('<span class="key {}"></span>').format(mood) for mood in MOODS}
    )


def left(words: Catalogue, progress: RenderProgress | None) -> str:
    """The time that a render still takes, or the number of visitors before this one."""
    progress = progress or RenderProgress()
    if progress.waiting:
        return words.count("left_waiting", progress.waiting)
    seconds = max(1, round(progress.left_s))
    if seconds < 90:
        return words.count("left_seconds", seconds)
    return words.count("left_minutes", round(seconds / 60))


def blind_test_result(words: Catalogue, test: BlindTest) -> str:
    """The result of a blind test; it claims a difference only if the interval excludes chance."""
    if not test.answered:
        return words("blind_test_none")
    key = "blind_test_chance"
    if test.low > 0.5:
        key = "blind_test_better"
    elif test.high < 0.5:
        key = "blind_test_worse"
    low, high = round(100 * test.low), round(100 * test.high)
    return words(key, wins=test.wins, answered=test.answered, low=low, high=high)
