"""The screen of two tastes: a friend's taste file beside the session's taste, and pictures in both.

The friend's file waits in memory (`brought_files.py`), and it is checked every time.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

from personalize.rendering.jobs import RenderProgress
from personalize.seeds import LARGEST_SEED
from personalize.taste.comparison import Comparison, Mixed, Recovered, compare, mix
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import check_file
from personalize.ui.brought_files import KEPT_MINUTES
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens.bars import reach_of, rows
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.html import file_name, picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

ROWS = 12
"""Words with bars: those with the largest utility in either taste."""

NAMED = 6
"""Words named in each list."""


def head(words: Catalogue) -> str:
    """The title of the screen, and what happens with a friend's file."""
    return written(words, "friends-head", minutes=KEPT_MINUTES)


def comparison(words: Catalogue, file: TasteFile, found: Comparison, read: Recovered) -> str:
    """How alike two tastes are, the words on which they agree and differ, and bars of both.

    Args:
        words: texts in the reader's language.
        file: the friend's taste file.
        found: the comparison.
        read: the friend's taste as recovered from the file.
    """
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
        low=f"{_percent(found.low):.1f}",
        span=f"{_percent(found.high) - _percent(found.low):.1f}",
        at=f"{_percent(found.likeness):.1f}",
        fit=round(100 * read.fit),
        both_like=found.both_like[:NAMED],
        both_avoid=found.both_avoid[:NAMED],
        part=[
            words("part_you" if one.liked else "part_friend", word=words.token(one.token))
            for one, _ in found.part[:NAMED]
        ],
        rows=[(one.token, left, right) for one, left, right in bars],
    )


def mixed(words: Catalogue, token: str, made: Sequence[Mixed]) -> str:
    """Each subject in the person's taste, in the mix of both, and in the friend's taste."""
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


def mixing(words: Catalogue, progress: RenderProgress) -> str:
    """Blank cards while the mixed pictures are drawn."""
    left = sentences.left(words, progress)
    return written(
        words, "blends", drawing=True, state=words("drawing_now"), left=left, share=progress.share, mixed=()
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _percent(correlation: float) -> float:
    """The place of a correlation on an axis from -1 to 1, in percent."""
    return 50 + 50 * min(max(correlation, -1.0), 1.0)


class FriendsScreen:
    """Shows the screen of two tastes."""

    def __init__(self, context: ScreenContext) -> None:
        """Use `context`."""
        self._context = context

    async def compare(self, state: BrowserState, content: bytes) -> AsyncIterator[Updates]:
        """The friend's taste beside the session's.

        Args:
            state: of the browser.
            content: of the friend's taste file or card.

        Raises:
            SessionError: it is no taste file of this app's words and models, or nothing was answered yet.
        """
        personalizer, components = self._context.personalizer, self._context.components
        file = await asyncio.to_thread(check_file, personalizer, content)
        found, read = await asyncio.to_thread(compare, personalizer, state.token, file)
        shown = comparison(state.words, file, found, read)
        yield {components.friends: shown}

    async def mix(
        self, state: BrowserState, content: bytes, subject: str, share: float
    ) -> AsyncIterator[Updates]:
        """A subject in both tastes and in their mix.

        Args:
            state: of the browser.
            content: of the friend's taste file or card.
            subject: what to draw.
            share: of the friend's taste in the mix, 0 to 1.

        Raises:
            SessionError: the file or the subject does not fit.
            RenderError: the renderer failed.
        """
        personalizer, components = self._context.personalizer, self._context.components
        file = await asyncio.to_thread(check_file, personalizer, content)
        seed, token = secrets.randbelow(LARGEST_SEED), state.token
        made: tuple[Mixed, ...] = ()
        self._context.renders.stop("mix", token)  # one at a time a visitor
        async for seen in self._context.renders.follow(
            "mix",
            (token, secrets.token_hex(8)),
            lambda on_step: mix(personalizer, token, file, subject, share, seed=seed, on_step=on_step),
            outlives=False,
        ):
            if isinstance(seen, RenderProgress):
                yield {components.blends: mixing(state.words, seen)}
            else:
                made = seen
        if made:
            yield {components.blends: mixed(state.words, token, made)}
