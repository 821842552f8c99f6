"""The screen of the blind test: pairs of unlabelled pictures, and the result after the last trial."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from personalize.rendering.jobs import RenderProgress
from personalize.session.record import Trial
from personalize.taste.blind_test import TRIALS, BlindTest, answer_trial, blind_test, next_trial
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.html import picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue


def trial(words: Catalogue, number: int, subject: str, pictures: Sequence[str], token: str) -> str:
    """Two unlabelled pictures to choose from."""
    heading = words("trial_of" if number <= TRIALS else "trial_only", number=number, trials=TRIALS)
    return _written(
        words,
        number=number,
        heading=heading,
        title=words("trial_title"),
        subject=subject,
        cards=[picture_url(token, picture) for picture in pictures],
        state=words("trial_state", number=number, subject=subject),
    )


def trial_drawing(words: Catalogue, progress: RenderProgress) -> str:
    """Two blank cards while the pictures are drawn."""
    return _written(
        words,
        heading=words("trial_next"),
        title=words("trial_title"),
        drawing=True,
        share=progress.share,
        state=words("drawing_now"),
        left=sentences.left(words, progress),
    )


def trial_failed(words: Catalogue) -> str:
    """The place of a trial that could not be drawn: a button to draw it again."""
    return _written(
        words,
        heading=words("trial_next"),
        title=words("trial_title"),
        state=words("round_undrawn"),
        failed=True,
    )


def result(words: Catalogue, test: BlindTest, trials: Sequence[Trial], token: str) -> str:
    """The share of trials won by the personal picture, its interval, and every trial with its labels."""
    sentence = sentences.blind_test_result(words, test)
    return _written(
        words,
        heading=words.count("blind_test_after", test.answered),
        title=words("blind_test_title"),
        sentence=sentence,
        wins=test.wins,
        answered=test.answered,
        low=round(100 * test.low),
        high=round(100 * test.high),
        share_won=round(100 * test.wins / max(1, test.answered)),
        trials=[
            {
                "chosen": trial.chosen,
                "prompt": trial.prompt,
                "plain_prompt": trial.plain_prompt,
                "personal": picture_url(token, trial.personal),
                "plain": picture_url(token, trial.plain),
            }
            for trial in trials
        ],
        state=sentence,
        more=True,
    )


def _written(words: Catalogue, **values: object) -> str:
    """The template; values that are not given are blank."""
    blank: dict[str, object] = {
        "number": 0, "heading": "", "title": "", "subject": "", "cards": (), "drawing": False, "share": 0.0,
        "state": "", "left": "", "trials": (), "more": False, "failed": False,
    }  # fmt: skip
    return written(words, "blind-test", **(blank | values))


class BlindTestScreen:
    """Shows the screen of the blind test."""

    def __init__(self, context: ScreenContext) -> None:
        """Use `context`."""
        self._context = context

    async def show(self, state: BrowserState, more: bool = False) -> AsyncIterator[Updates]:
        """The open trial, drawn if needed; the result if all trials are answered, unless `more` are wanted.

        Raises:
            SessionError: the session cannot be tested.
            RenderError: the renderer failed.
        """
        components, token, words = self._context.components, state.token, state.words
        personalizer = self._context.personalizer
        test = await asyncio.to_thread(blind_test, personalizer, token)
        if test.done and not more:
            trials = await asyncio.to_thread(personalizer.store.trials, token)
            yield {components.blind_test: result(words, test, trials, token)}
            return
        made: Trial | None = None
        async for seen in self._context.renders.follow(
            "trial", (token, test.answered), lambda on_step: next_trial(personalizer, token, on_step)
        ):
            if isinstance(seen, RenderProgress):
                yield {components.blind_test: trial_drawing(words, seen)}
            else:
                made = seen
        if made is not None:
            yield {components.blind_test: trial(words, made.number, made.subject, made.pictures, token)}

    async def answer(self, state: BrowserState, number: int, first: bool) -> AsyncIterator[Updates]:
        """Count the choice of one picture of a trial, and show the next trial or the result.

        Args:
            state: of the browser.
            number: of the trial.
            first: whether the first of the two pictures was chosen.

        Raises:
            SessionError: the trial does not wait for an answer.
        """
        await asyncio.to_thread(answer_trial, self._context.personalizer, state.token, number, first)
        async for updates in self.show(state):
            yield updates
