"""The handlers of a page over fakes, and the page as a visitor sees it after their updates."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

import gradio as gr

from personalize.errors import StoreError
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Round, Session
from personalize.settings import Settings
from personalize.ui.background import BackgroundRenders
from personalize.ui.components import Components, Updates
from personalize.ui.handlers import Handlers
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.show import Screens
from personalize.ui.text.catalogue import catalogue
from tests.fakes import FakeRenderer, Job

EN = catalogue("en")
COMPONENTS = Components(**{component.name: component.name for component in fields(Components)})
SETTINGS = Settings(candidates=200, pool=64, lookahead_rounds=0)


class FragileStore(MemoryStore):
    """Cannot be read while it is locked."""

    locked = False

    def load(self, token: str) -> Session:
        if self.locked:
            raise StoreError("Expected to read the session, found the database locked. Try again.")
        return super().load(token)


@dataclass
class GatedRenderer(FakeRenderer):
    """Draws when the gate is open, and tells when it waits there."""

    gate: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        self.waiting.set()
        assert self.gate.wait(30)
        return super().render(jobs, on_step)


@dataclass
class App:
    """Handlers of a page, and what is behind them."""

    personalizer: Personalizer
    store: FragileStore
    renderer: GatedRenderer
    handlers: Handlers

    def answered(self, best: int) -> Round:
        """Answer the open round as another device would; the next round, drawn."""
        round_ = self.drawn()
        self.personalizer.answer(self.token, round_.number, best=best, shown=round_.fingerprint)
        return self.drawn()

    def drawn(self) -> Round:
        return self.personalizer.render(self.token, self.personalizer.propose(self.token).number)

    token: str = ""


def handlers_of(personalizer: Personalizer, settings: Settings, renders: BackgroundRenders) -> Handlers:
    return Handlers(Screens(ScreenContext(personalizer, settings, renders, COMPONENTS)))


def request(link: str = "", page: str = "a page") -> Any:
    return SimpleNamespace(query_params={"s": link} if link else {}, session_hash=page)


def event(**said: object) -> Any:
    return gr.EventData(None, said)


def seen(updates: AsyncIterator[Updates]) -> list[Updates]:
    """The updates that change something."""

    async def all_of_them() -> list[Updates]:
        return [update async for update in updates if gr.skip() not in update.values()]

    return asyncio.run(all_of_them())


def page_after(updates: list[Updates]) -> dict[str, Any]:
    """What stands on the page after these updates."""
    return {part: value for update in updates for part, value in update.items()}


def shows(page: dict[str, Any], round_: Round) -> bool:
    found = re.findall(r'src="picture/[^/]+/([0-9a-f]+)\.png" alt="" draggable', page["picker"])
    return tuple(found) == round_.pictures and f'data-shown="{round_.fingerprint}"' in page["picker"]


def limited(app: App, settings: Settings) -> Handlers:
    """Handlers of the same app with other settings."""
    return handlers_of(app.personalizer, settings, BackgroundRenders())
