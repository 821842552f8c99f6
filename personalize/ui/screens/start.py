"""The first screen: a subject to begin with, example subjects, and a taste brought along in a file."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

from personalize.errors import PersonalizeError
from personalize.rendering.jobs import RenderProgress
from personalize.session.record import Session
from personalize.settings import Settings
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import adopt, check_file, opinions_in
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.http.port import THIS_MACHINE
from personalize.ui.screens import html, pictures, unlearned
from personalize.ui.screens.context import ScreenContext, Show
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

CARDS = 3
"""Taste cards on the first screen: static/cards/<language>-<number>.webp, written by `make pictures`."""

SHOWN_OF_FILE = 6
"""Words of a taste file that its preview shows."""


MANY_PICTURES = 6
"""Pictures of a round that a visitor can choose instead of the usual number."""

ONE_SIZE = ("study", "static-rounded", "static-iid")
"""Strategies whose rounds all have the number of pictures that their plan has."""


def sizes(settings: Settings) -> tuple[int, ...]:
    """The numbers of pictures a round that a visitor may choose from, the usual one first.

    A booth, a study and the static strategies leave no choice.
    """
    fixed = settings.kiosk or settings.strategy in ONE_SIZE or settings.options >= MANY_PICTURES
    return (settings.options,) if fixed else (settings.options, MANY_PICTURES)


def chosen_size(settings: Settings, size: object) -> int:
    """The chosen number of pictures a round; the usual one without a choice."""
    return next((one for one in sizes(settings) if one == size), settings.options)


def hero(words: Catalogue, options: tuple[int, ...], rounds: int) -> str:
    """The title, and what will happen: so many rounds, of a number of pictures out of `options`.

    A phone gets the first number only, because it does not show the choice.
    """
    either = words("size_or", few=options[0], many=options[-1]) if len(options) > 1 else ""
    return html.written(words, "start", options=options[0], either=either, rounds=rounds)


def wall(words: Catalogue) -> str:
    """Taste cards of made-up people as decoration, in the reader's language."""
    return html.written(words, "wall", cards=CARDS)


def chips(words: Catalogue, subjects: Sequence[str]) -> str:
    """Example subjects as buttons."""
    return html.written(words, "chips", subjects=subjects)


CONSENT = {"here": "consent_here", "there": "consent_there", "elsewhere": "consent_elsewhere"}
"""The text for each answer of `data_place`."""


def data_place(settings: Settings) -> str:
    """Where a visitor's data are, as far as the page may promise it: "here", "there" or "elsewhere".

    "here" is the machine of the visitor, and "there" the one that serves the page. "elsewhere" means that
    further machines draw, or keep the pictures or the database.
    """
    drawn_elsewhere = settings.render_on not in ("local", "ray")
    file = not settings.database_url or settings.database_url.startswith("sqlite")
    if drawn_elsewhere or "://" in settings.pictures or not file:
        return "elsewhere"
    return "here" if settings.host in THIS_MACHINE and not settings.address else "there"


def consent(words: Catalogue, where: str, study: int = 0) -> str:
    """What is kept, and where.

    Args:
        words: texts in the reader's language.
        where: "here", "there" or "elsewhere", as `data_place` says.
        study: questions of a study's session, whose conditions are then shown; 0 outside of a study.
    """
    return html.written(words, "consent", sentence=CONSENT[where], study=study)


def arrival(words: Catalogue, file: TasteFile) -> str:
    """The preview of a taste file, and the question whether to go on from it."""
    liked = sorted(file.opinions, key=lambda opinion: -opinion.utility)[:SHOWN_OF_FILE]
    sentence = sentences.highlights(words, opinions_in(file), len(file.rounds))
    made = words.date(file.made)
    return html.written(words, "arrival", drawing=False, file=file, made=made, liked=liked, sentence=sentence)


def arrival_drawing(words: Catalogue, progress: RenderProgress) -> str:
    """The place of the preview while the pictures of the file are drawn again."""
    left = sentences.left(words, progress)
    return html.written(words, "arrival", drawing=True, left=left, share=progress.share)


def arrival_none(words: Catalogue) -> str:
    """The place of the preview without a file."""
    return html.written(words, "arrival", drawing=False, file=None)


class StartScreen:
    """Shows the first screen, and takes a taste file over into a new session."""

    def __init__(self, context: ScreenContext, show: Show) -> None:
        """Use `context`; `show` shows the screen of a session."""
        self._context = context
        self._show = show

    def updates(
        self, state: BrowserState, labels: Updates, notice: str = "", kind: str = "trouble"
    ) -> Updates:
        """The first screen without anything of a session.

        Args:
            state: of the browser; only its language is used.
            labels: the labels in that language.
            notice: a message above the screen.
            kind: of the message, "trouble" or "news".
        """
        components, state = self._context.components, state.reset()
        words, labels = state.words, dict(labels)
        updates: Updates = {
            components.browser: state.kept(),
            components.masthead: html.masthead(state),
            components.notice: html.notice(words, notice, kind),
            components.arrival: arrival_none(words),
            components.subject_unlearned: unlearned.NONE,
            components.wish_unlearned: unlearned.NONE,
            components.mix_unlearned: unlearned.NONE,
            components.picker: "",
            components.progress: "",
            components.learned: "",
            components.taste: "",
            components.pairs: pictures.pairs_none(words),
            components.blind_test: "",
            components.friends: "",
            components.blends: "",
        }
        for field in (components.subject, components.wish, components.seed, components.mix_subject):
            updates[field] = {**labels.pop(field, {}), "value": ""} if field in labels else ""
        return {**updates, **labels}

    async def preview(self, state: BrowserState, content: bytes) -> Updates:
        """The preview of a taste file.

        Raises:
            SessionError: it is no taste file of this app's vocabulary and models.
        """
        words, components = state.words, self._context.components
        file = await asyncio.to_thread(check_file, self._context.personalizer, content)
        return {
            components.notice: html.notice(words),
            components.arrival: arrival(words, file),
        }

    def no_preview(self, state: BrowserState) -> Updates:
        """No taste file, as before one was chosen."""
        components = self._context.components
        return {components.arrival: arrival_none(state.words)}

    async def adopt(self, state: BrowserState, content: bytes, visitor: str = "") -> AsyncIterator[Updates]:
        """Draw the pictures of a taste file again in a new session, and show its taste.

        A visitor has one adoption at a time: a newer one stops the older one. It also stops when its visitor
        leaves.

        Args:
            state: of the browser.
            content: of the taste file.
            visitor: identity of the visitor's page.

        Raises:
            SessionError: it is no taste file of this app's vocabulary and models.
            RenderError: the renderer failed.
        """
        context = self._context
        file = await asyncio.to_thread(check_file, context.personalizer, content)
        made: Session | None = None
        context.renders.stop("adopt", visitor)
        # A random key: two visitors with the same file get a session each.
        drawing = context.renders.follow(
            "adopt",
            (visitor, secrets.token_hex(8)),
            lambda on_step: adopt(context.personalizer, file, on_step),
            outlives=False,
        )
        try:
            async for seen in drawing:
                if isinstance(seen, RenderProgress):
                    yield {context.components.arrival: arrival_drawing(state.words, seen)}
                else:
                    made = seen
        except PersonalizeError:
            yield {context.components.arrival: arrival(state.words, file)}  # its button tries again
            raise
        if made is not None:
            yield self.no_preview(state)
            async for updates in self._show(state.reset(made.token, "taste")):
                yield updates
