"""The screen of personal pictures: pairs of a plain picture and one in the person's taste."""

import asyncio
from collections.abc import AsyncIterator

from personalize.rendering.jobs import Purpose, RenderProgress
from personalize.taste.personal_pictures import Pair, PersonalSet, personal_pictures
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens.bars import numbers
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.html import file_name, picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

PAIRS = 4
"""Pairs of pictures that are drawn together."""


def head(words: Catalogue) -> str:
    """The title of the screen."""
    return written(words, "pictures-head")


def pairs(words: Catalogue, token: str, made: PersonalSet) -> str:
    """Plain pictures beside personal ones, with their prompts and the words that the taste added."""
    return written(
        words,
        "pairs",
        drawing=False,
        state=words.count(
            "pairs_state",
            len(made.pairs),
            subject=made.subject,
            strength=f"{made.strength:g}",
            seed=made.seed,
        ),
        left="",
        pairs=[_pair(token, made.subject, pair) for pair in made.pairs],
        without=made.without,
    )


def pairs_drawing(words: Catalogue, count: int, progress: RenderProgress) -> str:
    """Blank pairs while the pictures are drawn."""
    return written(
        words,
        "pairs",
        drawing=True,
        state=words("drawing_now"),
        left=sentences.left(words, progress),
        share=progress.share,
        count=count,
    )


def pairs_none(words: Catalogue) -> str:
    """The place of the pairs before any were asked for."""
    return written(words, "pairs", drawing=False, state=words("pairs_none"), left="", pairs=[], without=())


def _pair(token: str, subject: str, pair: Pair) -> dict[str, object]:
    sides = [
        ("plain", "side_plain", pair.plain_prompt, pair.plain),
        ("yours", "side_yours", pair.prompt, pair.personal),
    ]
    return {
        "sides": [
            {
                "kind": kind,
                "label": label,
                "prompt": prompt,
                "url": picture_url(token, picture),
                "file": file_name(subject, kind, pair.seed),
            }
            for kind, label, prompt, picture in sides
        ],
        "added": [{"token": opinion.token, **numbers(opinion)} for opinion in pair.tokens],
        "seed": pair.seed,
    }


class PicturesScreen:
    """Shows the screen of personal pictures."""

    def __init__(self, context: ScreenContext) -> None:
        """Use `context`."""
        self._context = context

    async def show(self, state: BrowserState) -> AsyncIterator[Updates]:
        """The pictures that the state asks for; a reload shows the same pictures again.

        Raises:
            SessionError: the subject or a number does not fit.
            RenderError: the renderer failed.
            CancelledError: `stop` was called.
        """
        components, token, words = self._context.components, state.token, state.words
        subject, strength, seed, without = state.subject, state.strength, state.seed, state.without
        if not subject or seed is None:
            yield {components.pairs: pairs_none(words)}
            return
        personalizer = self._context.personalizer
        made: PersonalSet | None = None
        answered = len((await asyncio.to_thread(personalizer.session, token)).answered)
        async for seen in self._context.renders.follow(
            "personal",
            (token, subject, strength, seed, answered, without),
            lambda on_step: personal_pictures(
                personalizer,
                token,
                subject,
                strength=strength,
                seed=seed,
                count=PAIRS,
                without=without,
                on_step=on_step,
            ),
        ):
            if isinstance(seen, RenderProgress):
                yield {components.pairs: pairs_drawing(words, PAIRS, self._context.queued(seen, token))}
            else:
                made = seen
        if made is not None:
            yield {components.pairs: pairs(words, token, made)}

    def stop(self, token: str) -> None:
        """Stop drawing the session's personal pictures."""
        self._context.renders.stop("personal", token)
        self._context.personalizer.queue.cancel(token, Purpose.PICTURES)
