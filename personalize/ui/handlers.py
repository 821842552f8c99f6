"""What happens when someone does something on the page.

Each handler reads the place, asks the Personalizer, and yields what changes on the page. Calls that take a
moment run in a thread; renders are followed by `drawing`. What goes wrong becomes one sentence, and nothing
that was answered is lost.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr

from personalize.errors import PersonalizeError, SessionError, UnknownSessionError
from personalize.rendering.png import recalled
from personalize.rounds.personalizer import Personalizer
from personalize.session.subject import check_subject
from personalize.settings import Settings
from personalize.ui.browser_state import (
    SEED_HIGH,
    Place,
    checked_screen,
    checked_strength,
    checked_token,
    seed_from,
)
from personalize.ui.http.metrics import Metrics
from personalize.ui.latest_event import Turns
from personalize.ui.rate_limit import Limit
from personalize.ui.screens import html as views
from personalize.ui.screens.friends import Friends
from personalize.ui.screens.stage import Stage, Updates
from personalize.ui.text.catalogue import checked_language, language_asked

log = logging.getLogger(__name__)


class Handlers:
    """One method for each thing that can be done. All are asynchronous generators of Updates."""

    def __init__(
        self,
        personalizer: Personalizer,
        settings: Settings,
        stage: Stage,
        metrics: Metrics | None = None,
        friends: Friends | None = None,
    ) -> None:
        """Handlers that ask `personalizer` and change `stage`; with `friends`, the screen of two tastes."""
        self._friends = friends
        self._personalizer = personalizer
        self._settings = settings
        self._stage = stage
        self._parts = stage.parts
        self._turns = Turns()
        self._metrics = metrics or Metrics()
        self.draws = Limit(settings.draws_a_minute, 60.0, "drawings")
        self.starts = Limit(settings.sessions_an_hour, 3600.0, "new sessions")

    async def open(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """The page was loaded: go on where the link or the browser says."""
        linked = checked_token(request.query_params.get("s"))
        own = _place(kept, request)

        async def steps() -> AsyncIterator[Updates]:
            place, sentence = own, ""
            if linked and linked != own.token:
                try:
                    await asyncio.to_thread(self._personalizer.session, linked)
                    place = own.anew(linked, "rounds")
                except UnknownSessionError as error:
                    sentence = str(error)  # and the visitor's own session goes on below it
            async for updates in self._show(place, sentence):
                yield updates

        if labels := self._stage.labels(own):
            yield labels
        async for updates in self._turn(request, own, steps()):
            yield updates

    async def speak(self, kept: Any, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        """Another language: everything on the page is said in it, and it is remembered."""
        language = checked_language(_said(event, "language"))
        place = replace(_place(kept, request), language=language)
        parts = self._parts
        yield {
            **self._stage.labels(place),
            parts.browser: place.kept(),
            parts.notice: views.notice(place.words),
            parts.arrival: views.arrival_none(place.words),
            parts.brought: None,
        }
        async for updates in self._turn(request, place, self._stage.show(place)):
            yield updates

    async def choose(self, event: gr.EventData) -> AsyncIterator[Updates]:
        """An example subject was pressed."""
        yield {self._parts.subject: str(_said(event, "subject"))}

    async def offer(self, kept: Any, content: bytes | None, request: gr.Request) -> AsyncIterator[Updates]:
        """A file was chosen: say what is in it, before anything is done with it."""
        parts, words = self._parts, _place(kept, request).words
        try:
            file = await asyncio.to_thread(self._stage.check, content or b"")
        except PersonalizeError as error:
            yield {
                parts.notice: views.notice(words, words.error(str(error))),
                parts.arrival: views.arrival_none(words),
                parts.brought: None,
            }
            return
        yield {
            parts.notice: views.notice(words),
            parts.arrival: views.arrival(words, file),
            parts.brought: content,
        }

    async def dismiss(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """Not that file."""
        words = _place(kept, request).words
        yield {self._parts.arrival: views.arrival_none(words), self._parts.brought: None}

    async def adopt(self, kept: Any, content: bytes | None, request: gr.Request) -> AsyncIterator[Updates]:
        """Go on from the file that was offered."""
        place = _place(kept, request).anew()

        async def steps() -> AsyncIterator[Updates]:
            self.starts.take(_address(request))
            self._metrics.session()
            async for updates in self._stage.adopt(place, content or b""):
                yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def begin(
        self, kept: Any, subject: str, agreed: object, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """The start button: a new session; `agreed` is the consent to a study, where there is one."""
        place = _place(kept, request).anew()

        async def steps() -> AsyncIterator[Updates]:
            wanted = check_subject(subject or "")
            self.starts.take(_address(request))
            session = await asyncio.to_thread(self._personalizer.start, wanted, consent=agreed is True)
            self._metrics.session()
            async for updates in self._show(place.anew(session.token, "rounds")):
                yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def pick(self, kept: Any, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        """A picture was picked, or none, of those that the page says it shows; and perhaps a least liked."""
        place = _place(kept, request)

        async def steps() -> AsyncIterator[Updates]:
            number, index, shown = _whole(event, "round"), _whole(event, "index"), str(_said(event, "shown"))
            least = _whole(event, "least") if _said(event, "least") != "" else -1
            none = index == -1
            best, worst = None if none else index, None if none or least == -1 else least
            try:
                self.draws.take(place.token)
                session = await asyncio.to_thread(
                    self._personalizer.answer,
                    place.token,
                    number,
                    best=best,
                    worst=worst,
                    none=none,
                    shown=shown,
                )
            except UnknownSessionError:
                raise
            except SessionError as error:
                # Whatever was wrong with the answer, the page has to show what may be answered now.
                async for updates in self._show(place.to("rounds"), str(error)):
                    yield updates
                return
            self._metrics.answer("none" if none else "best" if worst is None else "best-worst")
            done = len(session.answered) == self._settings.planned
            async for updates in self._stage.show(place.to("taste" if done else "rounds")):
                yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def rethink(self, kept: Any, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        """An earlier round is answered otherwise."""
        place = _place(kept, request)

        async def steps() -> AsyncIterator[Updates]:
            number, index, shown = _whole(event, "round"), _whole(event, "index"), str(_said(event, "shown"))
            none, sentence = index == -1, ""
            try:
                await asyncio.to_thread(
                    self._personalizer.change,
                    place.token,
                    number,
                    best=None if none else index,
                    none=none,
                    shown=shown,
                )
            except UnknownSessionError:
                raise
            except SessionError as error:
                sentence = str(error)
            async for updates in self._show(place.to("rounds"), sentence):
                yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def undo(self, kept: Any, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        """The last answer is taken back, if the page that asks shows the newest round."""
        place = _place(kept, request)

        async def steps() -> AsyncIterator[Updates]:
            number = _whole(event, "round")
            session = await asyncio.to_thread(self._personalizer.session, place.token)
            if len(session.answered) == number - 1:
                await asyncio.to_thread(self._personalizer.undo, place.token)
            async for updates in self._stage.show(place.to("rounds")):
                yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def resume(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """Draw the round's pictures again after a failure."""
        place = _place(kept, request).to("rounds")
        async for updates in self._turn(request, place, self._stage.show(place)):
            yield updates

    async def go(
        self, kept: Any, friend: bytes | None, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Another screen; that of two tastes with the friend's taste that the page has."""
        place = _place(kept, request).to(checked_screen(_said(event, "screen")))

        async def steps() -> AsyncIterator[Updates]:
            async for updates in self._stage.show(place):
                yield updates
            if place.screen == "friends" and friend and self._friends:
                async for updates in self._friends.compare(place, friend):
                    yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def befriend(self, kept: Any, content: bytes | None, request: gr.Request) -> AsyncIterator[Updates]:
        """A friend's taste was brought: compare."""
        place, words = _place(kept, request).to("friends"), _place(kept, request).words
        if self._friends:
            try:
                async for updates in self._friends.compare(place, content or b""):
                    yield {**updates, self._parts.blends: "", self._parts.notice: views.notice(words)}
            except PersonalizeError as error:
                yield {self._parts.notice: views.notice(words, words.error(str(error)))}

    async def mix(
        self, kept: Any, friend: bytes | None, subject: str, percent: float, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """A subject in both tastes and between."""
        place, words = _place(kept, request).to("friends"), _place(kept, request).words

        async def steps() -> AsyncIterator[Updates]:
            yield {self._parts.notice: views.notice(words)}
            if self._friends:
                share = checked_strength(percent / 100 if isinstance(percent, int | float) else None)
                async for updates in self._friends.mix(place, friend or b"", subject or "", share):
                    yield updates

        try:
            self.draws.take(place.token)
        except SessionError as error:
            yield {self._parts.notice: views.notice(words, words.error(str(error)))}
            return
        async for updates in self._turn(request, place, steps()):
            yield updates

    async def make(
        self, kept: Any, wish: str, strength: float, seed: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Personal pictures of a subject."""
        place = _place(kept, request)
        try:
            chosen = seed_from(seed or "")
            subject = check_subject(wish or "")
            self.draws.take(place.token)
        except SessionError as error:
            yield {self._parts.notice: views.notice(place.words, place.words.error(str(error)))}
            return
        there = place.to(
            "studio",
            subject=subject,
            strength=checked_strength(strength),
            seed=secrets.randbelow(SEED_HIGH) if chosen is None else chosen,
        )
        yield {self._parts.browser: there.kept(), self._parts.notice: views.notice(place.words)}
        async for updates in self._turn(request, there, self._stage.pairs(there)):
            yield updates

    async def recall(self, kept: Any, content: bytes | None, request: gr.Request) -> AsyncIterator[Updates]:
        """A picture was brought back: the fields as it was made."""
        parts, words = self._parts, _place(kept, request).words
        try:
            found = recalled(content or b"")
            subject = check_subject(found.prompt)
        except PersonalizeError as error:
            yield {parts.notice: views.notice(words, words.error(str(error)))}
            return
        same = found.model == self._personalizer.renderer.name
        yield {
            parts.wish: subject,
            parts.seed: str(found.seed),
            parts.strength: 0.0,
            parts.notice: views.notice(words, words("recalled" if same else "recalled_other"), "news"),
        }

    async def stop(self, kept: Any) -> AsyncIterator[Updates]:
        """Draw no more of the personal pictures under way; the event that shows them says that it stopped."""
        self._stage.stop(Place.read(kept).token)
        yield {self._parts.notice: gr.skip()}

    async def leave_out(self, kept: Any, event: gr.EventData, request: gr.Request) -> AsyncIterator[Updates]:
        """A word of the personal pictures was pressed: the same pictures without it, or with it again."""
        here, word = _place(kept, request), str(_said(event, "word"))
        others = tuple(other for other in here.without if other != word)
        there = here.to("studio", without=others if word in here.without else (*others, word))
        try:
            self.draws.take(here.token)
        except SessionError as error:
            yield {self._parts.notice: views.notice(here.words, here.words.error(str(error)))}
            return
        yield {self._parts.browser: there.kept()}
        async for updates in self._turn(request, there, self._stage.pairs(there)):
            yield updates

    async def choose_blind(
        self, kept: Any, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """One of the two pictures of a trial was chosen."""
        place = _place(kept, request).to("proof")

        async def steps() -> AsyncIterator[Updates]:
            try:
                async for updates in self._stage.answer_trial(
                    place, _whole(event, "number"), _whole(event, "side") == 0
                ):
                    yield updates
            except UnknownSessionError:
                raise
            except SessionError as error:
                async for updates in self._show(place, str(error)):
                    yield updates

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def more_trials(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """One more trial of the blind proof."""
        place = _place(kept, request).to("proof")
        async for updates in self._turn(request, place, self._stage.proof(place, more=True)):
            yield updates

    async def again(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """Leave this session and begin another; at a booth, in the browser's language again."""
        self._turns.begin(request.session_hash)
        place = _place(kept, request)
        yield self._stage.start(replace(place, language="") if self._settings.kiosk else place)

    async def delete(self, kept: Any, request: gr.Request) -> AsyncIterator[Updates]:
        """Delete the session and say how many things are gone."""
        place = _place(kept, request)

        async def steps() -> AsyncIterator[Updates]:
            gone = await asyncio.to_thread(self._personalizer.delete, place.token)
            yield self._stage.start(place, place.words.count("deleted", gone), "news")

        async for updates in self._turn(request, place, steps()):
            yield updates

    async def _turn(
        self, request: gr.Request, place: Place, steps: AsyncIterator[Updates]
    ) -> AsyncIterator[Updates]:
        """Pass `steps` on calmly, as long as the visitor does nothing else on that page."""
        is_last = self._turns.begin(request.session_hash)
        async for updates in self._calmly(place, steps):
            if not is_last():
                # Gradio shows a stream's last value once more when it ends: let that be nothing.
                yield {self._parts.notice: gr.skip()}
                return
            yield updates

    async def _show(self, place: Place, sentence: str = "") -> AsyncIterator[Updates]:
        """The screen of that place, below a sentence; what goes wrong on the way is said instead."""
        words, notice = place.words, self._parts.notice
        nothing = views.notice(words)
        is_first = True
        async for updates in self._calmly(place, self._stage.show(place)):
            if sentence and (is_first or notice in updates) and updates.get(notice, nothing) == nothing:
                updates = {**updates, notice: views.notice(words, words.error(sentence))}
            is_first = False
            yield updates

    async def _calmly(self, place: Place, steps: AsyncIterator[Updates]) -> AsyncIterator[Updates]:
        """Pass `steps` on; what goes wrong in them becomes a sentence on the page."""
        words = place.words
        try:
            async for updates in steps:
                yield updates
        except UnknownSessionError as error:
            yield self._stage.start(place, words.error(str(error)) if place.token else "")
        except PersonalizeError as error:
            log.info("said on the page: %s", error)
            yield {self._parts.notice: views.notice(words, words.error(str(error)))}
            yield await self._stage.failed(place)
        except Exception:
            log.exception("a handler failed")
            yield {self._parts.notice: views.notice(words, words("calm"))}
            yield await self._stage.failed(place)


def _place(kept: object, request: gr.Request) -> Place:
    """Where a browser says that the person is, and the language it asks for."""
    headers = getattr(request, "headers", {})
    return Place.read(kept, language_asked(str(headers.get("accept-language", ""))))


def _address(request: gr.Request) -> str:
    client = getattr(request, "client", None)
    return str(getattr(client, "host", "") or "")


def _said(event: gr.EventData, name: str) -> object:
    """What an event says under that name; "" when it says nothing."""
    data = getattr(event, "_data", None)
    return data.get(name, "") if isinstance(data, dict) else ""


def _whole(event: gr.EventData, name: str) -> int:
    """A whole number that an event says.

    Raises:
        SessionError: it says none.
    """
    value = _said(event, name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise SessionError(f"Expected the number of the {name}, found none. Reload the page.")
