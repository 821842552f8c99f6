"""Sentences that are put together from values, in the reader's language."""

from collections.abc import Sequence

from markupsafe import Markup

from personalize.rendering.queue import RenderProgress
from personalize.rounds.explanation import Why
from personalize.taste.blind_test import BlindTest
from personalize.taste.summary import Opinion, Taste
from personalize.taste.summary import highlights as highlights_of
from personalize.ui.text.catalogue import Catalogue, catalogue


def highlights(words: Catalogue, opinions: Sequence[Opinion], answered: int) -> str:
    """What a taste comes to, in one sentence; `opinions` are most liked first."""
    if not answered or not opinions:
        return words("gist_nothing")
    found = highlights_of(opinions)
    liked, disliked = (
        words.listed([words.token(one) for one in some]) for some in (found.liked, found.disliked)
    )
    unsure = words.token(found.unsure)
    if not unsure:
        return words("gist_lean", liked=liked, disliked=disliked)
    key = "gist_both" if liked and disliked else "gist_liked" if liked else "gist_disliked"
    return words(key, liked=liked, disliked=disliked, unsure=unsure)


def in_english(taste: Taste) -> str:
    """The highlights of a taste in English, for files and programs."""
    return highlights(catalogue("en"), taste.opinions, taste.answered)


def asks(words: Catalogue, why: Why | None) -> Markup | str:
    """What a round is about, as HTML; "" when that is not known."""
    if why is None or not why.tokens:
        return ""
    settled = round(100 * why.settled)
    first, second = (Markup("<b>{}</b>").format(words.token(one)) for one in (why.tokens * 2)[:2])
    key = ("asks_one" if len(why.tokens) == 1 else "asks_two") + ("_settled" if settled else "")
    return words.html(key, first=first, second=second, settled=settled)


def keys(words: Catalogue, options: int) -> Markup:
    """What the keys do, as HTML."""
    names = {"first": "1", "last": str(options), "zero": "0", "shift": "Shift", "undo": "U", "zoom": "Z"}
    return words.html("keys", **{place: Markup("<kbd>{}</kbd>").format(key) for place, key in names.items()})


def legend(words: Catalogue) -> Markup:
    """What the colours of the bars mean, as HTML."""
    return words.html(
        "legend", **{mood: Markup('<span class="key {}"></span>').format(mood) for mood in MOODS}
    )


MOODS = ("liked", "disliked", "open")


def left(words: Catalogue, progress: RenderProgress | None) -> str:
    """How long a drawing still takes, or who is served before."""
    progress = progress or RenderProgress()
    if progress.waiting:
        return words.count("left_waiting", progress.waiting)
    seconds = max(1, round(progress.left_s))
    if seconds < 90:
        return words.count("left_seconds", seconds)
    return words.count("left_minutes", round(seconds / 60))


def proven(words: Catalogue, proof: BlindTest) -> str:
    """The outcome of a blind test, no kinder than the numbers."""
    if not proof.answered:
        return words("blind_test_none")
    key = (
        "blind_test_better"
        if proof.low > 0.5
        else "blind_test_worse"
        if proof.high < 0.5
        else "blind_test_chance"
    )
    low, high = round(100 * proof.low), round(100 * proof.high)
    return words(key, wins=proof.wins, answered=proof.answered, low=low, high=high)
