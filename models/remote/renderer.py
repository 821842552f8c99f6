"""The renderer whose pictures an images server draws; every picture is a request of its own."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from models import safety
from models.catalog import Model
from models.errors import ModelError, RemoteError
from models.jobs import AnyJob, Job
from models.png import png_bytes
from models.remote.answers import WRONG, no_picture
from models.remote.client import ImagesClient, chosen

if TYPE_CHECKING:
    import httpx

AT_ONCE = 8
"""Pictures that are asked for together. The server puts them into its own batches."""

BEAT_S = 0.1
"""Seconds between looks at whether the pictures are still wanted."""

WINDOW = 75
"""Word pieces of a prompt that CLIP reads. Models with a longer window read these too."""

LARGEST_PX = 4096
"""Largest side of a picture that is taken from a server."""

FORMATS = ("PNG", "JPEG", "WEBP")
"""Formats that servers send."""


class ServerRenderer:
    """Pictures of an images server. Safe to call from any thread.

    Attributes:
        name: the server's model, and the settings; under one name, equal jobs give equal pictures, as long
            as the server takes seeds and keeps its weights.
        served: name of the model at the server.
        batch: most pictures that are worth asking for together.
        capacity: calls of `render` that are worth making at the same time.
    """

    batch, capacity = AT_ONCE, 2

    def __init__(
        self, model: Model, names: Sequence[str], server: str, *, key: str = "", answer_s: float = 300.0
    ) -> None:
        """Ask the server for the name of its model.

        Args:
            model: the settings of the drawing; its files are not needed.
            names: of the model, as the server may call it; the first one counts if the server does not tell.
            server: address before /v1.
            key: of the server, or ''.
            answer_s: seconds without a byte after which a request has failed.

        Raises:
            RemoteError: the server does not answer, refuses the key, or has another model.
        """
        self._model, self._server = model, server
        self._client = ImagesClient(server, key, answer_s)
        self._closing = threading.Event()
        self._pieces: Any = None
        self._pieces_lock = threading.Lock()
        self.served = chosen(asyncio.run(self._listed()), names, server)
        size = f"-{model.picture_px}" if model.picture_px else ""
        called = re.sub(r"[^\w.-]", "-", self.served.strip("/"))[:100]
        self.name = f"{called}-served-{model.steps}x{model.guidance:g}{size}"

    def room(self, prompt: str) -> int:
        """Word pieces that still fit after a prompt, as CLIP counts them; negative if its end is not read."""
        with self._pieces_lock:
            if self._pieces is None:
                from open_clip.tokenizer import SimpleTokenizer

                self._pieces = SimpleTokenizer()
            return WINDOW - len(self._pieces.encode(prompt))

    def warm_up(self, prompt: str = "", on_step: Callable[[int, int], None] | None = None) -> bytes:
        """A first picture, so that a server that cannot draw is found at the start.

        Raises:
            RemoteError: see `render`.
        """
        return self.render([Job(prompt, 0)], on_step)[0]

    def render(
        self, jobs: Sequence[AnyJob], on_step: Callable[[int, int], None] | None = None
    ) -> list[bytes]:
        """PNG bytes of every job, in order.

        Args:
            jobs: prompts and seeds.
            on_step: called with (pictures done, pictures in all) ten times a second, in the thread of the
                caller. An error that it raises ends the requests.

        Raises:
            RemoteError: the server gave no picture.
            ModelError: the renderer was closed.
        """
        own = [Job.of(job) for job in jobs]
        return asyncio.run(self._render(own, on_step or (lambda done, of: None)))

    def close(self) -> None:
        """End the requests that run; there are no further ones."""
        self._closing.set()

    async def _listed(self) -> list[str]:
        async with self._client.connection() as http:
            return await self._client.models(http)

    async def _render(self, jobs: list[Job], on_step: Callable[[int, int], None]) -> list[bytes]:
        async with self._client.connection() as http:
            free = asyncio.Semaphore(AT_ONCE)
            tasks = [asyncio.create_task(self._drawn(http, free, job)) for job in jobs]
            waiting: set[asyncio.Task[bytes]] = set(tasks)
            try:
                while waiting:
                    done, waiting = await asyncio.wait(
                        waiting, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED
                    )
                    for task in done:
                        task.result()
                    if self._closing.is_set():
                        raise ModelError(
                            "Expected to finish a picture, found that Palate is ending. Start it again."
                        )
                    on_step(len(tasks) - len(waiting), len(tasks))
                return [task.result() for task in tasks]
            finally:
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _drawn(self, http: httpx.AsyncClient, free: asyncio.Semaphore, job: Job) -> bytes:
        """The picture as a PNG; from other seeds, and blurred at last, if a safety checker blackens it."""
        drawn = job
        async with free:
            image = await self._asked(http, job)
            for attempt in range(1, safety.TRIES + 1):
                if not _is_blank(image):
                    break
                drawn = replace(job, seed=safety.other_seed(job.seed, attempt))
                image = await self._asked(http, drawn)
        hidden = _is_blank(image)
        model = self._model
        record = {
            "app": "Palate",
            "model": self.name,
            "prompt": job.prompt,
            "negative_prompt": job.negative_prompt,
            "seed": job.seed if hidden else drawn.seed,
            "steps": model.steps,
            "guidance": model.guidance,
            "picture_px": image.width,
            **({"hidden": True} if hidden else {}),
        }
        shown = safety.hidden(image) if hidden else image
        return png_bytes(shown, record, scheduler="", model=self.served, fingerprint="")

    async def _asked(self, http: httpx.AsyncClient, job: Job) -> Image.Image:
        model = self._model
        fields: dict[str, Any] = {
            "model": self.served,
            "prompt": job.prompt,
            "n": 1,
            "response_format": "b64_json",
            "seed": job.seed,
            "num_inference_steps": model.steps,
            "guidance_scale": model.guidance,
        }
        if model.picture_px:
            fields["size"] = f"{model.picture_px}x{model.picture_px}"
        if job.negative_prompt and model.negative:
            fields["negative_prompt"] = job.negative_prompt
        return self._opened(await self._client.picture(http, fields))

    def _opened(self, content: bytes) -> Image.Image:
        """The picture, which is square and has the size that was asked for.

        Raises:
            RemoteError: it is no such picture.
        """
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                width, height = picture.size
                wanted = self._model.picture_px or width
                fits = (width, height) == (wanted, wanted) and width <= LARGEST_PX
                image = picture.convert("RGB") if fits else None
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            found = f"{len(content)} bytes that are no picture"
            raise no_picture(self._server, found) from None
        if image is None:
            asked = f"{wanted} x {wanted}" if self._model.picture_px else f"a square of at most {LARGEST_PX}"
            raise RemoteError(
                WRONG,
                server=self._server,
                fault=f"one of {width} x {height} pixels instead of {asked}",
                remedy="Set PALATE_PICTURE_PX to a side that the model draws.",
            )
        return image


def _is_blank(image: Image.Image) -> bool:
    """Whether all pixels have one colour, as in the black picture that a safety checker leaves."""
    return all(low == high for low, high in image.getextrema())  # type: ignore[misc]
