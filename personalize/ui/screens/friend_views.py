"""Two tastes side by side, and pictures in both and between: values to HTML, as in `views`."""

from collections.abc import Sequence

from personalize.taste.comparison import Comparison, Mixed, Recovered
from personalize.taste.taste_file import TasteFile
from personalize.ui.background import Progress
from personalize.ui.screens.bars import reach_of, rows
from personalize.ui.screens.html import file_name, picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Words

ROWS = 12
"""Words whose bars are shown: those that either feels most about."""

NAMED = 6
"""Words named of each kind."""


def head(words: Words) -> str:
    """The head of the screen, and what happens with a friend's file."""
    return written(words, "friends-head")


def comparison(words: Words, file: TasteFile, found: Comparison, read: Recovered) -> str:
    """What two tastes share, where they part, how alike they are, and bars of both."""
    key = "alike" if found.low > 0.0 else "unlike" if found.high < 0.0 else "alike_open"
    likeness, low, high = (_signed(value) for value in (found.likeness, found.low, found.high))
    strongest = sorted(found.rows, key=lambda pair: -max(abs(one.utility) for one in pair))[:ROWS]
    mine, theirs = ([pair[side] for pair in strongest] for side in (0, 1))
    bars = zip(mine, rows(mine, reach_of(mine)), rows(theirs, reach_of(theirs)), strict=True)
    return written(
        words,
        "friends",
        picks=len(file.rounds),
        subject=file.subject,
        made=words.date(file.made),
        sentence=words(key, likeness=likeness, low=low, high=high),
        low=f"{_at(found.low):.1f}",
        span=f"{_at(found.high) - _at(found.low):.1f}",
        at=f"{_at(found.likeness):.1f}",
        fit=round(100 * read.fit),
        both_like=found.both_like[:NAMED],
        both_avoid=found.both_avoid[:NAMED],
        part=[
            words("part_you" if one.liked else "part_friend", word=words.token(one.token))
            for one, _ in found.part[:NAMED]
        ],
        rows=[(one.token, left, right) for one, left, right in bars],
    )


def mixed(words: Words, token: str, made: Sequence[Mixed]) -> str:
    """Each subject in my taste, between, and in theirs."""
    first = made[0]
    between = words("side_between", share=round(100 * first.share))
    labels = (words("side_yours"), between, words("side_friend"))
    return written(
        words,
        "blends",
        drawing=False,
        state=words.count("mix_state", len(labels), subject=first.subject, seed=first.seed),
        left="",
        mixed=[
            {
                "seed": row.seed,
                "sides": [
                    {
                        "kind": kind,
                        "label": label,
                        "prompt": prompt,
                        "url": picture_url(token, picture),
                        "file": file_name(row.subject, kind, row.seed),
                    }
                    for kind, label, prompt, picture in zip(
                        ("yours", "between", "friend"), labels, row.prompts, row.pictures, strict=True
                    )
                ],
            }
            for row in made
        ],
    )


def mixing(words: Words, progress: Progress) -> str:
    """Their place while they are drawn."""
    left = sentences.left(words, progress)
    return written(
        words, "blends", drawing=True, state=words("drawing_now"), left=left, share=progress.share, mixed=()
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _at(correlation: float) -> float:
    """Percent of an axis from -1 to 1."""
    return 50 + 50 * min(max(correlation, -1.0), 1.0)
