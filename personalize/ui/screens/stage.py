"""What each screen shows: the Updates that bring a person to a place, streamed while pictures are drawn."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from personalize.errors import RenderError, SessionError
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import Round, Session, Trial
from personalize.settings import Settings
from personalize.taste.blind_test import answer_trial, blind_test, next_trial
from personalize.taste.personal_pictures import PersonalSet, personal_pictures
from personalize.taste.summary import summarise
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import adopt, check_file
from personalize.ui.background import Drawing, Progress
from personalize.ui.browser_state import Place
from personalize.ui.screens import html as views
from personalize.ui.screens import pictures as studio_views
from personalize.ui.text.catalogue import Words

log = logging.getLogger(__name__)

Updates = dict[Any, Any]
"""New values of components."""

PAIRS = 4
"""Pairs of personal and plain pictures made at once."""


@dataclass(frozen=True)
class Parts:
    """The components that change."""

    browser: Any
    masthead: Any
    notice: Any
    hero: Any
    subject: Any
    begin: Any
    agree: Any
    chips: Any
    bring: Any
    consent: Any
    arrival: Any
    brought: Any
    picker: Any
    learned: Any
    audience: Any
    taste: Any
    studio: Any
    wish: Any
    strength: Any
    seed: Any
    make: Any
    recall: Any
    pairs: Any
    proof: Any
    friends_head: Any
    friend: Any
    friend_file: Any
    friends: Any
    mix_subject: Any
    mix_share: Any
    mix: Any
    blends: Any

    def all(self) -> list[Any]:
        """All of them, as outputs of an event."""
        return list(vars(self).values())


class Stage:
    """Brings screens to the page."""

    def __init__(
        self,
        personalizer: Personalizer,
        settings: Settings,
        drawing: Drawing,
        parts: Parts,
        labels: Callable[[Parts, Words], Updates] = lambda parts, words: {},
    ) -> None:
        """A stage whose scenery is `parts`; `labels` are the texts that change by language alone."""
        self._personalizer = personalizer
        self._settings = settings
        self._drawing = drawing
        self.parts = parts
        self._labels = labels
        self._repeats = bool(settings.repeats and not settings.kiosk)

    def start(self, place: Place, notice: str = "", kind: str = "trouble") -> Updates:
        """The first screen in the language of that place, with nothing of a session left."""
        parts, place = self.parts, place.anew()
        words = place.words
        updates: Updates = {
            parts.browser: place.kept(),
            parts.masthead: views.masthead(place),
            parts.notice: views.notice(words, notice, kind),
            parts.arrival: views.arrival_none(words),
            parts.brought: None,
            parts.picker: "",
            parts.learned: "",
            parts.taste: "",
            parts.pairs: studio_views.pairs_none(words),
            parts.proof: "",
            parts.friend_file: None,
            parts.friends: "",
            parts.blends: "",
        }
        labels = self.labels(place)
        for field in (parts.subject, parts.wish, parts.seed, parts.mix_subject):
            updates[field] = {**labels.pop(field, {}), "value": ""} if field in labels else ""
        return {**updates, **labels}

    def labels(self, place: Place) -> Updates:
        """The texts that never change but by language, in the language of that place."""
        return self._labels(self.parts, place.words)

    def check(self, content: bytes) -> TasteFile:
        """The taste file in `content`; see `transfer.check_file`."""
        return check_file(self._personalizer, content)

    async def adopt(self, here: Place, content: bytes) -> AsyncIterator[Updates]:
        """Go on from a taste file, drawn again, in a new session."""
        file = await asyncio.to_thread(check_file, self._personalizer, content)
        made: Session | None = None
        # The key is nobody else's: two visitors with one file get a session each.
        async for seen in self._drawing.follow(
            "adopt", secrets.token_hex(8), lambda on_step: adopt(self._personalizer, file, on_step)
        ):
            if isinstance(seen, Progress):
                yield {self.parts.arrival: views.arrival_drawing(here.words, seen)}
            else:
                made = seen
        if made is not None:
            yield {self.parts.arrival: views.arrival_none(here.words), self.parts.brought: None}
            async for updates in self.show(here.anew(made.token, "taste")):
                yield updates

    async def failed(self, place: Place) -> Updates:
        """What is shown in place of pictures that could not be drawn, also when nothing can be read."""
        if not place.token:
            return {self.parts.masthead: views.masthead(place.to("start"))}
        updates: Updates = {self.parts.masthead: views.masthead(place, self._repeats)}
        if place.screen == "studio":
            updates[self.parts.pairs] = studio_views.pairs_none(place.words)
        elif place.screen == "friends":
            updates[self.parts.blends] = ""
        else:
            updates[self.parts.picker] = await self._failed_round(place)
        return updates

    async def _failed_round(self, place: Place) -> str:
        try:
            session = await asyncio.to_thread(self._personalizer.session, place.token)
        except Exception:
            log.warning("the round that failed cannot be read", exc_info=True)
            return views.round_lost(place.words, self._settings.options)
        return views.round_view(place.words, session, session.current, self._settings.planned, failed=True)

    async def show(self, place: Place) -> AsyncIterator[Updates]:
        """Everything on the screen of that place."""
        parts = self.parts
        if not place.token:
            yield {parts.masthead: views.masthead(place.to("start"))}
            return
        session = await asyncio.to_thread(self._personalizer.session, place.token)
        taste = await asyncio.to_thread(summarise, self._personalizer, place.token)
        common = {
            parts.browser: place.kept(),
            parts.masthead: views.masthead(place, self._repeats),
            parts.notice: views.notice(place.words),
            parts.learned: views.learned(place.words, taste),
            parts.taste: views.taste_view(place.words, session, taste, await self._on_wall(place)),
        }
        if place.screen == "studio":
            subject = place.subject or session.subject
            yield {**common, parts.wish: subject, parts.strength: place.strength}
            async for updates in self.pairs(place):
                yield updates
        elif place.screen == "friends":
            yield {**common, parts.mix_subject: place.subject or session.subject}
        elif place.screen == "taste":
            yield common
        elif place.screen == "proof":
            yield common
            async for updates in self.proof(place):
                yield updates
        else:
            waiting = views.round_view(place.words, session, session.current, self._settings.planned)
            yield {**common, parts.picker: waiting}
            async for updates in self._round(place):
                yield updates

    async def _round(self, place: Place) -> AsyncIterator[Updates]:
        """The open round, made and drawn when needed; the whole screen when another page changes it."""
        token, rounds = place.token, self._settings.planned
        current = await asyncio.to_thread(self._personalizer.propose, token)
        session = await asyncio.to_thread(self._personalizer.session, token)
        why = await asyncio.to_thread(self._personalizer.why, token)
        if not current.rendered:
            render, refused = self._personalizer.render, None
            key = (token, current.number, current.prompts, current.seeds)
            try:
                async for seen in self._drawing.follow(
                    "round", key, lambda on_step: render(token, current.number, on_step)
                ):
                    if isinstance(seen, Progress):
                        seen = self._in_line(seen, token)
                        waiting = views.round_view(
                            place.words, session, current, rounds, progress=seen, why=why
                        )
                        yield {self.parts.picker: waiting}
            except SessionError as error:
                refused = error
            session = await asyncio.to_thread(self._personalizer.session, token)
            if not _same_question(current, session.current):
                # Another page took an answer back, or answered: its round is everyone's.
                async for updates in self.show(place):
                    yield updates
                return
            if refused is not None:
                raise refused
            if session.current is None or not session.current.rendered:
                raise RenderError("Expected pictures, found none. Draw them again.")
            current = session.current
        yield {self.parts.picker: views.round_view(place.words, session, current, rounds, why=why)}
        if current.number < rounds:
            ahead = self._personalizer.render_ahead
            self._drawing.begin("ahead", (token, current.number), lambda on_step: ahead(token, on_step))

    async def proof(self, place: Place, more: bool = False) -> AsyncIterator[Updates]:
        """The open trial, made and drawn when needed; the outcome when the proof is done, unless `more`."""
        parts, token = self.parts, place.token
        proof = await asyncio.to_thread(blind_test, self._personalizer, token)
        if proof.done and not more:
            trials = await asyncio.to_thread(self._personalizer.store.trials, token)
            yield {parts.proof: studio_views.proof_result(place.words, proof, trials, token)}
            return
        made: Trial | None = None
        async for seen in self._drawing.follow(
            "trial",
            (token, proof.answered),
            lambda on_step: next_trial(self._personalizer, token, on_step),
        ):
            if isinstance(seen, Progress):
                yield {parts.proof: studio_views.trial_drawing(place.words, seen)}
            else:
                made = seen
        if made is not None:
            yield {
                parts.proof: studio_views.trial(place.words, made.number, made.subject, made.pictures, token)
            }

    async def answer_trial(self, place: Place, number: int, first: bool) -> AsyncIterator[Updates]:
        """Count a choice of the blind proof, and go on."""
        await asyncio.to_thread(answer_trial, self._personalizer, place.token, number, first)
        async for updates in self.proof(place):
            yield updates

    async def pairs(self, place: Place) -> AsyncIterator[Updates]:
        """The personal pictures that the place asks for; the same again after a reload."""
        parts, token = self.parts, place.token
        subject, strength, seed, without = place.subject, place.strength, place.seed, place.without
        if not subject or seed is None:
            yield {parts.pairs: studio_views.pairs_none(place.words)}
            return
        made: PersonalSet | None = None
        answered = len((await asyncio.to_thread(self._personalizer.session, token)).answered)
        async for seen in self._drawing.follow(
            "personal",
            (token, subject, strength, seed, answered, without),
            lambda on_step: personal_pictures(
                self._personalizer,
                token,
                subject,
                strength=strength,
                seed=seed,
                count=PAIRS,
                without=without,
                on_step=on_step,
            ),
        ):
            if isinstance(seen, Progress):
                yield {
                    parts.pairs: studio_views.pairs_drawing(place.words, PAIRS, self._in_line(seen, token))
                }
            else:
                made = seen
        if made is not None:
            yield {parts.pairs: studio_views.pairs(place.words, token, made)}

    def stop(self, token: str) -> None:
        """Draw no more of the personal pictures that are under way."""
        self._drawing.stop("personal", token)

    def _in_line(self, progress: Progress, token: str) -> Progress:
        waiting = 0 if progress.done else self._personalizer.waiting(token)
        return replace(progress, waiting=waiting)

    async def _on_wall(self, place: Place) -> dict[str, str] | None:
        if not self._settings.staff_pin:
            return None
        card = await asyncio.to_thread(self._personalizer.store.card_of, place.token)
        return views.wall_row(place.words, card)


def _same_question(one: Round, other: Round | None) -> bool:
    """Whether two rounds ask the same, drawn or not."""
    return other is not None and (one.number, one.prompts, one.seeds) == (
        other.number,
        other.prompts,
        other.seeds,
    )
