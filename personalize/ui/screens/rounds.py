"""The screen of the rounds: the pictures of a question, the strip of earlier picks, and their change."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace

from markupsafe import Markup

from personalize.errors import CancelledError, RenderError, SessionError
from personalize.rendering.jobs import RenderProgress
from personalize.rounds.explanation import Explanation
from personalize.rounds.personalizer import Snapshot
from personalize.session.record import Round, Session
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens.context import ScreenContext, Show
from personalize.ui.screens.html import picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

log = logging.getLogger(__name__)

LENS = Markup(
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">'
    '<circle cx="8.5" cy="8.5" r="5.5"/><path d="M13 13l4.5 4.5"/></svg>'
)
HEART = Markup(
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">'
    '<path d="M10 17S3 12.4 3 7.6A3.8 3.8 0 0 1 10 5.6 3.8 3.8 0 0 1 17 7.6C17 12.4 10 17 10 17z"/></svg>'
)
THUMB_DOWN = Markup(
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">'
    '<path d="M6 3h7.5l2.5 7h-5l1 5.5c-1.6.8-2.6 0-3-1.5L7.5 10H6zM3 3v7"/></svg>'
)

STRIP = 24
"""Newest picks in the strip below the question: so a reply does not grow with every round."""

MARKS_INVITED = 3
"""The round in which one line says what marks are worth; earlier, a person learns how to pick."""


def round_view(
    words: Catalogue,
    session: Session,
    current: Round | None,
    rounds: int,
    *,
    failed: bool = False,
    why: Explanation | None = None,
) -> str:
    """The question: K cards, or K blank cards while they are drawn.

    Args:
        words: texts in the reader's language.
        session: with the earlier picks.
        current: the open round; None before it was proposed.
        rounds: planned rounds of a session.
        failed: whether the render failed, so that a button offers it again.
        why: what the question is about.
    """
    number = len(session.answered) + 1 if current is None else current.number
    drawn = current if current is not None and current.rendered and not failed else None
    cards: list[dict[str, str]] = [{}] * session.options
    if drawn is not None:
        cards = [
            {"prompt": prompt, "url": picture_url(session.token, picture)}
            for prompt, picture in zip(drawn.prompts, drawn.pictures, strict=True)
        ]
        state = words("round_ready", number=number)
    elif failed:
        state = words("round_undrawn")
    else:
        state = words("drawing_now")
    return _written(
        words,
        number=number,
        ready=drawn is not None,
        cards=cards,
        heading=words("round_of" if number <= rounds else "round_only", number=number, rounds=rounds),
        subject=session.subject,
        past=past_rounds(session)[-STRIP:],
        to_come=range(number, max(rounds, number) + 1),
        state=state,
        failed=failed,
        asks=sentences.asks(words, why),
        left_out=sentences.left_out(words, session),
        shown="" if drawn is None else drawn.fingerprint,
    )


def progress_view(words: Catalogue, current: Round, progress: RenderProgress) -> str:
    """How far the pictures of a round are. A waiting page gets it twice a second, and the question once."""
    share = f"{100 * progress.share:.0f}"
    return written(
        words, "progress", number=current.number, share=share, left=sentences.left(words, progress)
    )


def round_lost(words: Catalogue, options: int) -> str:
    """The place of a question that cannot be read: blank cards, and a button to try again."""
    return _written(
        words,
        number=0,
        ready=False,
        cards=[{}] * options,
        heading=words("round_lost"),
        subject="",
        past=[],
        to_come=[],
        state=words("round_undrawn"),
        failed=True,
        asks="",
        left_out="",
        shown="",
    )


def _written(words: Catalogue, *, cards: list[dict[str, str]], **values: object) -> str:
    return written(
        words,
        "round",
        # Gradio does not update the page for a value equal to the last one; the script's marks would stay.
        serial=time.monotonic_ns(),
        cards=cards,
        keys=sentences.keys(words, len(cards)),
        shifted_keys=sentences.keys(words, len(cards), shifted=True),
        lens=LENS,
        heart=HEART,
        thumb=THUMB_DOWN,
        invites=MARKS_INVITED,
        **values,
    )


def past_rounds(session: Session) -> list[dict[str, object]]:
    """The answered rounds: number, pictures, and the picked one ("" as its URL if there is none)."""
    past: list[dict[str, object]] = []
    for round_ in session.answered:
        best = None if round_.answer is None else round_.answer.best
        picked = best is not None and round_.rendered
        url = picture_url(session.token, round_.pictures[best]) if picked and best is not None else ""
        past.append(
            {
                "number": round_.number,
                "url": url,
                "prompt": round_.prompts[best or 0],
                "best": best,
                "left_out": round_.left_out,
                "shown": round_.fingerprint,
                "cards": [
                    {"url": picture_url(session.token, picture), "prompt": prompt}
                    for picture, prompt in zip(round_.pictures, round_.prompts, strict=False)
                ],
            }
        )
    return past


def earlier_picks(words: Catalogue, session: Session) -> str:
    """All answered rounds with their pictures, each a button that answers its round otherwise."""
    return written(words, "earlier", past=past_rounds(session))


def audience(words: Catalogue) -> str:
    """The presenter's view of an audience's vote."""
    return written(words, "audience")


class RoundsScreen:
    """Shows the screen of the rounds."""

    def __init__(self, context: ScreenContext, show: Show) -> None:
        """Use `context`; `show` shows the whole screen again when another page changed the session."""
        self._context = context
        self._show = show

    def updates(self, state: BrowserState, snapshot: Snapshot) -> Updates:
        """The open round of a session: its pictures, or blank cards while they are drawn."""
        planned = self._context.settings.planned
        session = snapshot.session
        view = round_view(state.words, session, session.current, planned, why=snapshot.why)
        # Progress of an earlier drawing goes, since Gradio does not send a value that the page has already.
        return {self._context.components.picker: view, self._context.components.progress: ""}

    async def show(self, state: BrowserState, snapshot: Snapshot) -> AsyncIterator[Updates]:
        """The open round, drawn if it is not yet; then the next round is drawn ahead.

        Raises:
            SessionError: the session cannot be used.
            RenderError: the renderer failed or stands still.
        """
        token, words, planned = state.token, state.words, self._context.settings.planned
        personalizer, components = self._context.personalizer, self._context.components
        session, current = snapshot.session, snapshot.session.current
        if current is None:
            return
        if not current.rendered:
            refused: SessionError | None = None
            try:
                job = await asyncio.to_thread(personalizer.request_round, token, current)
                async for seen in self._context.renders.follow_job("round", job):
                    if isinstance(seen, RenderProgress):
                        yield {components.progress: progress_view(words, current, seen)}
            except (SessionError, CancelledError) as error:
                refused = error if isinstance(error, SessionError) else None
            session = await asyncio.to_thread(personalizer.session, token)
            if not _same_question(current, session.current):
                # Another page answered, or took an answer back. All pages show the round that is open now.
                async for updates in self._show(state):
                    yield updates
                return
            if refused is not None:
                raise refused
            if session.current is None or not session.current.rendered:
                raise RenderError("Expected pictures, found none. Draw them again.")
            yield self.updates(state, replace(snapshot, session=session))
        if current.number < planned:
            ahead = await asyncio.to_thread(personalizer.request_ahead, token, session)
            if ahead is not None:
                self._context.renders.count("ahead", ahead)

    async def failed(self, state: BrowserState) -> Updates:
        """The question with a button to draw it again; blank cards if the session cannot be read."""
        context = self._context
        try:
            session = await asyncio.to_thread(context.personalizer.session, state.token)
        except Exception:
            log.warning("the session of a failed round cannot be read", exc_info=True)
            return {context.components.picker: round_lost(state.words, context.settings.options)}
        planned = context.settings.planned
        view = round_view(state.words, session, session.current, planned, failed=True)
        return {context.components.picker: view}


def _same_question(one: Round, other: Round | None) -> bool:
    """Whether two rounds ask the same question, drawn or not."""
    return other is not None and (one.number, one.prompts, one.seeds) == (
        other.number,
        other.prompts,
        other.seeds,
    )
