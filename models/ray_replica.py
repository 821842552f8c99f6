"""A replica of the pictures' deployment on Ray Serve: one process with the pipeline and the CLIP.

Ray Serve starts replicas and hands each request to one of them. A request to draw is answered by its steps as
they are made, and then by the pictures with their embeddings. `models.ray_renderer` asks.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image
from ray import serve

from models.catalog import Model
from models.errors import ModelError
from models.jobs import Job

STALL_LEAST_S, STALL_FIRST_S, STALL_FACTOR = 60.0, 600.0, 20.0
"""Seconds without a step after which a replica counts as broken, before and after a step was measured."""


@dataclass(frozen=True)
class Step:
    """How far a request is: steps done, and steps in all."""

    done: int
    whole: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """The answer to a request.

    Attributes:
        pictures: PNG bytes of every job, in order.
        marks: `mark` of every picture.
        rows: Float64[N, D], the embeddings.
    """

    pictures: list[bytes]
    marks: list[bytes]
    rows: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Facts:
    """What a replica says about its networks.

    Attributes:
        renderer: name of the renderer.
        embedder: name of the embedder.
        dimension: D.
        batch: most pictures that may be worth drawing together.
        picture_px: side of the pictures, in pixels.
    """

    renderer: str
    embedder: str
    dimension: int
    batch: int
    picture_px: int


def mark(picture: Image.Image) -> bytes:
    """What a picture is recognised by: 16 bytes of its size and its pixels."""
    rgb = picture.convert("RGB")
    return hashlib.blake2b(repr(rgb.size).encode() + rgb.tobytes(), digest_size=16).digest()


class _GivenUpError(Exception):
    """Nobody wants the pictures any more."""


@dataclass(eq=False)
class _Order:
    """A request in this process.

    Attributes:
        jobs: what it wants.
        given_up: whether whoever asked is gone.
    """

    jobs: Sequence[Job]
    given_up: bool = field(default=False)


class PictureReplica:
    """Draws and embeds. Draws take turns in one thread, and embeddings in another."""

    def __init__(self, model: Model, threads: int, compiled: str, checked: bool, together: int = 1) -> None:
        """Load the networks.

        Args:
            model: what to load; its folders exist on this node.
            threads: CPU threads.
            compiled: see `DiffusersRenderer`.
            checked: see `DiffusersRenderer`.
            together: requests that are drawn as one batch at most.

        Raises:
            ModelError: the model is missing or damaged on this node.
        """
        from models.clip import OpenClipEmbedder
        from models.diffusion import DiffusersRenderer

        self._renderer = DiffusersRenderer(model, threads=threads, compiled=compiled, checked=checked)
        self._embedder = OpenClipEmbedder(model, threads=threads)
        self._drawing = ThreadPoolExecutor(1, "draw")
        self._seeing = ThreadPoolExecutor(1, "embed")
        self._stepped_s: float | None = None
        self._longest_s, self._steps = 0.0, 0
        self._together.set_max_batch_size(together)

    async def facts(self) -> Facts:
        """What this replica runs."""
        drawer, viewer = self._renderer, self._embedder
        return Facts(drawer.name, viewer.name, viewer.dimension, drawer.batch, drawer.picture_px)

    async def state(self) -> tuple[int, int]:
        """The number of this process on its node, and the denoising steps that it has made."""
        return os.getpid(), self._steps

    async def room(self, prompt: str) -> int:
        """Word pieces that still fit after a prompt."""
        return self._renderer.room(prompt)

    async def embed_texts(self, texts: list[str]) -> np.ndarray[Any, Any]:
        """Float64[N, D], unit rows."""
        return await self._seen(lambda: self._embedder.embed_texts(texts).numpy())

    async def embed_pictures(self, contents: list[bytes]) -> np.ndarray[Any, Any]:
        """Float64[N, D], unit rows, of pictures as PNG files."""
        return await self._seen(lambda: self._embedder.embed_pictures(_opened(contents)).numpy())

    async def draw(self, jobs: Sequence[Job]) -> AsyncIterator[Step | Drawn]:
        """The steps of a request as they are made, and at last its pictures.

        A caller that cancels the request stops the drawing before the next step, unless another request is
        drawn in the same batch.

        Raises:
            ModelError: see `DiffusersRenderer.render`.
        """
        order = _Order(jobs)
        try:
            async for answer in self._together(order):
                if isinstance(answer, ModelError):
                    raise answer
                yield answer
        finally:
            order.given_up = True

    def check_health(self) -> None:
        """Ray Serve calls this, and replaces a replica that raises: one whose drawing stands still."""
        bound_s = max(STALL_LEAST_S, STALL_FACTOR * self._longest_s) if self._longest_s else STALL_FIRST_S
        if self._stepped_s is not None and time.monotonic() - self._stepped_s > bound_s:
            raise RuntimeError(f"no denoising step for {bound_s:.0f} s")

    @serve.batch(max_batch_size=1, batch_wait_timeout_s=0.0)  # type: ignore[untyped-decorator]
    async def _together(self, orders: list[_Order]) -> AsyncIterator[list[Step | Drawn | ModelError]]:
        """Draw several requests as one batch; each yield has an answer for every request."""
        loop = asyncio.get_running_loop()
        steps: asyncio.Queue[Step | None] = asyncio.Queue()

        def tell(step: Step | None) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, step)

        work = loop.run_in_executor(self._drawing, self._draw_orders, orders, tell)
        while (step := await steps.get()) is not None:
            yield [step] * len(orders)
        try:
            yield [*await work]
        except _GivenUpError:
            return

    def _draw_orders(
        self, orders: list[_Order], tell: Callable[[Step | None], None]
    ) -> list[Drawn | ModelError]:
        """The answers to all requests; one that cannot be drawn spoils no other."""
        try:
            try:
                return list(self._drawn(orders, tell))
            except ModelError as error:
                if len(orders) == 1:
                    return [error]
            answers: list[Drawn | ModelError] = []
            for order in orders:
                try:
                    answers += self._drawn([order], tell)
                except ModelError as error:
                    answers.append(error)
                except _GivenUpError:
                    answers.append(ModelError("Nobody waits for these pictures any more."))
            return answers
        finally:
            self._stepped_s = None
            tell(None)

    def _drawn(self, orders: list[_Order], tell: Callable[[Step | None], None]) -> list[Drawn]:
        def on_step(done: int, whole: int) -> None:
            self._note_step()
            if all(order.given_up for order in orders):
                raise _GivenUpError
            tell(Step(done, whole))

        jobs = [job for order in orders for job in order.jobs]
        self._stepped_s = time.monotonic()
        tell(Step(0, 1))
        contents = self._renderer.render(jobs, on_step)
        pictures = _opened(contents)
        rows = self._embedder.embed_pictures(pictures).numpy()
        answers: list[Drawn] = []
        start = 0
        for order in orders:
            end = start + len(order.jobs)
            marks = [mark(picture) for picture in pictures[start:end]]
            answers.append(Drawn(contents[start:end], marks, rows[start:end]))
            start = end
        return answers

    def _note_step(self) -> None:
        now_s = time.monotonic()
        if self._stepped_s is not None:
            self._longest_s = max(self._longest_s, now_s - self._stepped_s)
        self._stepped_s = now_s
        self._steps += 1

    async def _seen(self, embed: Callable[[], np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._seeing, embed)


def _opened(contents: Sequence[bytes]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]
