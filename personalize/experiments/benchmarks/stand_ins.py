"""Stand-ins for the networks of a crowd: machines that only take the time of drawing, and an embedder."""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from PIL import Image
from torch import Tensor

from personalize.progress import OnStep
from personalize.session.record import PictureRecord

STEPS = 8
"""Denoising steps of a batch."""

DIMENSION = 64

LOOK_S = 0.1
"""Seconds between two looks of a batch that stands in line."""


class TimedRenderer:
    """Takes the time of drawing, and gives a small picture that is the prompt's and the seed's own.

    With replicas it announces itself as the renderer on Ray does: one batch more than there are replicas may
    be sent. The one that is too many stands in line, with a sign of life now and then.

    Attributes:
        batch: most pictures in one batch.
        quick: no time is taken, as while effects are measured.
    """

    name = "timed-1"

    def __init__(self, batch_s: Callable[[int], float], batch: int, replicas: int = 0) -> None:
        """Draw at a speed.

        Args:
            batch_s: seconds of a batch, by its number of pictures.
            batch: most pictures in one batch.
            replicas: machines; 0: this process draws, one batch at a time.
        """
        self.batch, self.quick = batch, True
        self._batch_s, self._replicas = batch_s, replicas
        self._free = threading.Semaphore(max(1, replicas))

    @property
    def capacity(self) -> int:
        """Batches that are worth sending at once."""
        return self._replicas + 1

    def room(self, prompt: str) -> int:
        """Every prompt is short enough."""
        return 100

    def render(self, jobs: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[bytes]:
        """PNG bytes of every job, in order, after as long as a batch of so many takes."""
        tell = on_step or (lambda done, of: None)
        with self._machine(tell):
            for step in range(STEPS):
                if not self.quick:
                    time.sleep(self._batch_s(len(jobs)) / STEPS)
                tell(step + 1, STEPS)
        return [picture_of(f"{job.prompt}/{job.seed}") for job in jobs]

    def warm_up(self, prompt: str = "", on_step: OnStep | None = None) -> bytes:
        """A picture, at once."""
        return picture_of(f"{prompt}/0")

    def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def _machine(self, tell: OnStep) -> Iterator[None]:
        while not self._free.acquire(timeout=LOOK_S):
            tell(0, STEPS)
        try:
            yield
        finally:
            self._free.release()


class HashEmbedder:
    """Gives each picture and text a fixed direction of its own."""

    name = "hash-1"

    def __init__(self, dimension: int = DIMENSION) -> None:
        """See in a space of so many dimensions."""
        self.dimension = dimension

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Float[N, D], unit rows."""
        return torch.stack([_direction(text.encode(), self.dimension) for text in texts])

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Float[N, D], unit rows."""
        return torch.stack([_direction(picture.tobytes(), self.dimension) for picture in pictures])


def picture_of(text: str) -> bytes:
    """A small PNG that is the text's own."""
    digest = hashlib.sha256(text.encode()).digest()
    with io.BytesIO() as out:
        Image.frombytes("RGB", (2, 2), digest[:12]).save(out, "PNG")
        return out.getvalue()


def _direction(content: bytes, dimension: int) -> Tensor:
    seed = int.from_bytes(hashlib.sha256(content).digest()[:7], "big")
    row = torch.randn(dimension, generator=torch.Generator().manual_seed(seed))
    unit: Tensor = row / row.norm()
    return unit
