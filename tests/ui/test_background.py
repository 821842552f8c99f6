"""Renders are followed, shared, and survive their followers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from personalize.errors import CancelledError, RenderError
from personalize.progress import OnStep
from personalize.rendering.jobs import RenderProgress
from personalize.ui.background import BackgroundRenders


async def followed(renders: BackgroundRenders, key: str, render: Callable[[OnStep], Any]) -> list[Any]:
    return [seen async for seen in renders.follow("round", key, render)]


def test_progress_comes_first_and_the_result_last() -> None:
    gate = threading.Event()

    def render(on_step: OnStep) -> str:
        on_step(1, 4)
        gate.wait(10)
        return "pictures"

    async def session() -> list[Any]:
        seen = []
        async for one in BackgroundRenders().follow("round", "a", render):
            seen.append(one)
            if isinstance(one, RenderProgress) and one.share:
                gate.set()
        return seen

    *steps, result = asyncio.run(session())
    assert result == "pictures"
    assert steps[-1].share == 0.25


def test_one_render_for_all_who_follow_it() -> None:
    calls: list[int] = []
    gate = threading.Event()

    def render(on_step: OnStep) -> int:
        calls.append(1)
        gate.wait(10)
        return len(calls)

    async def session() -> list[list[Any]]:
        renders = BackgroundRenders()
        waiting = [asyncio.create_task(followed(renders, "a", render)) for _ in range(5)]
        await asyncio.sleep(0.2)
        gate.set()
        return await asyncio.gather(*waiting)

    assert [seen[-1] for seen in asyncio.run(session())] == [1] * 5


def test_a_render_goes_on_without_followers_and_is_done_anew_after() -> None:
    finished: list[int] = []
    gate = threading.Event()

    def render(on_step: OnStep) -> int:
        gate.wait(10)
        finished.append(1)
        return len(finished)

    async def session() -> int:
        renders = BackgroundRenders()
        task = asyncio.create_task(followed(renders, "a", render))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.set()
        while not finished:
            await asyncio.sleep(0.01)
        return int((await followed(renders, "a", render))[-1])

    assert asyncio.run(session()) in (1, 2)
    assert finished


def test_a_render_that_does_not_outlive_its_followers_stops_when_the_last_one_leaves() -> None:
    gone, stopped = threading.Event(), threading.Event()

    def render(on_step: OnStep) -> None:
        assert gone.wait(10)
        try:
            on_step(1, 2)
        except CancelledError:
            stopped.set()
            raise

    async def session() -> None:
        following = BackgroundRenders().follow("adopt", "a", render, outlives=False)
        await anext(following)
        await following.aclose()  # type: ignore[attr-defined]
        gone.set()

    asyncio.run(session())
    assert stopped.wait(10)


def test_what_goes_wrong_reaches_the_follower() -> None:
    def render(on_step: OnStep) -> None:
        raise RenderError("Expected paint, found none.")

    with pytest.raises(RenderError, match="paint"):
        asyncio.run(followed(BackgroundRenders(), "a", render))


def test_the_page_is_not_held_up() -> None:
    gate = threading.Event()

    async def session() -> int:
        renders = BackgroundRenders()
        task = asyncio.create_task(followed(renders, "a", lambda on_step: gate.wait(10)))
        turns = 0
        for _ in range(20):
            await asyncio.sleep(0.005)
            turns += 1
        gate.set()
        await task
        return turns

    assert asyncio.run(session()) == 20


def test_what_is_drawn_for_one_session_can_be_stopped() -> None:
    ran: list[str] = []

    def render(name: str) -> Callable[[OnStep], str]:
        def drawn(on_step: OnStep) -> str:
            for step in range(60):
                on_step(step, 60)
                threading.Event().wait(0.01)
            ran.append(name)
            return name

        return drawn

    async def session() -> tuple[bool, bool, list[Any]]:
        renders = BackgroundRenders()
        works = [
            asyncio.create_task(_all(renders.follow("personal", (name, 1), render(name)))) for name in "ab"
        ]
        await asyncio.sleep(0.1)
        stopped, nobody = renders.stop("personal", "a"), renders.stop("personal", "c")
        return stopped, nobody, await asyncio.gather(*works, return_exceptions=True)

    stopped, nobody, (one, other) = asyncio.run(session())
    assert stopped and not nobody
    assert isinstance(one, CancelledError) and other[-1] == "b" and ran == ["b"]


def test_a_render_that_begins_while_others_are_stopped_is_no_error() -> None:
    renders, go_on = BackgroundRenders(), threading.Event()

    class Token(str):
        """A token whose comparison takes so long that another render begins."""

        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            renders.begin("personal", ("c", 1), lambda on_step: go_on.wait(5))
            return str(self) == other

    for token in (Token("a"), Token("b")):
        renders.begin("personal", (token, 1), lambda on_step: go_on.wait(5))
    assert renders.stop("personal", "b")
    go_on.set()


async def _all(following: AsyncIterator[Any]) -> list[Any]:
    return [seen async for seen in following]
