"""Deterministic stand-ins for the networks: a renderer and an embedder without weights.

Every part of a prompt (the subject and each token) has its own smooth colour pattern. A picture is the sum of
the patterns of its prompt and a little noise from its seed. The embedder projects these patterns linearly. So
a token has the same effect in every picture, as in the real models. Tests learn a taste in milliseconds.
"""

import hashlib
import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Protocol

import numpy
import torch
from PIL import Image
from torch import Tensor

from personalize.vocabulary.vocabulary import Vocabulary

CELLS = 8
"""Number of coloured cells on each side of a pattern."""


def _generator(text: str) -> numpy.random.Generator:
    return numpy.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def pattern(part: str) -> numpy.ndarray:
    """Float[CELLS, CELLS, 3]: smooth pattern of a part of a prompt, with mean 0 and variance 1."""
    coarse = _generator("pattern " + part).normal(size=(3, 3, 3))
    size, bilinear = (CELLS, CELLS), Image.Resampling.BILINEAR
    channels = [Image.fromarray(coarse[:, :, c].astype("float32")).resize(size, bilinear) for c in range(3)]
    fine = numpy.stack([numpy.asarray(channel) for channel in channels], axis=-1)
    return numpy.asarray((fine - fine.mean()) / fine.std())


def cells_of(prompt: str, seed: int | None = None) -> numpy.ndarray:
    """Float[CELLS, CELLS, 3] in 0..1: the picture of a prompt before enlargement; no noise without a seed."""
    parts = [part.strip() for part in prompt.split(",") if part.strip()]
    total = numpy.zeros((CELLS, CELLS, 3))
    for part in parts:
        total += 0.09 * pattern(part)
    if seed is not None:
        total += 0.01 * _generator(f"seed {seed}").normal(size=total.shape)
    return numpy.clip(0.5 + total, 0.0, 1.0)


class Job(Protocol):
    """The attributes of a job that the renderer reads."""

    @property
    def prompt(self) -> str:
        """The whole prompt."""

    @property
    def seed(self) -> int:
        """Seed of the noise."""


@dataclass
class FakeRenderer:
    """Renders square PNG pictures of `picture_px` pixels; the same record gives the same bytes.

    `rendered` counts the pictures. The next call raises `fail_next` if it is set.
    """

    name: str = "fake-renderer"
    picture_px: int = 64
    rendered: int = 0
    fail_next: Exception | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def room(self, prompt: str) -> int:
        """Number of characters left of 1,000."""
        return 1000 - len(prompt)

    def render(self, jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        """PNG bytes of each job in order; calls `on_step(done, total)` after each picture."""
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        pictures = []
        for index, job in enumerate(jobs):
            cells = cells_of(job.prompt, job.seed)
            small = Image.fromarray(numpy.round(255 * cells).astype("uint8"))
            large = small.resize((self.picture_px, self.picture_px), Image.Resampling.BICUBIC)
            stream = io.BytesIO()
            large.save(stream, format="PNG")
            pictures.append(stream.getvalue())
            with self._lock:
                self.rendered += 1
            if on_step is not None:
                on_step(index + 1, len(jobs))
        return pictures

    def warm_up(self, prompt: str = "", on_step: Callable[[int, int], None] | None = None) -> bytes:
        """PNG bytes of one picture."""
        return self.render([SimpleNamespace(prompt=prompt, seed=0)], on_step)[0]

    def close(self) -> None:
        """Do nothing; there are no resources."""


@dataclass
class FakeEmbedder:
    """Embeds the cells of a picture with a fixed random projection; a text embeds like its picture.

    `looked` counts the embedded pictures.
    """

    name: str = "fake-embedder"
    dimension: int = 48
    looked: int = 0

    def _project(self, cells: numpy.ndarray) -> Tensor:
        flat = torch.as_tensor(cells.reshape(len(cells), -1), dtype=torch.float64)
        matrix = _generator("projection").normal(size=(flat.shape[1], self.dimension))
        embeddings = flat @ torch.as_tensor(matrix, dtype=torch.float64)
        return torch.nn.functional.normalize(embeddings, dim=1)

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Float[N, dimension], unit rows."""
        return self._project(numpy.stack([cells_of(text) for text in texts]))

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Float[N, dimension], unit rows."""
        self.looked += len(pictures)
        size, box = (CELLS, CELLS), Image.Resampling.BOX
        small = [picture.convert("RGB").resize(size, box) for picture in pictures]
        return self._project(numpy.stack([numpy.asarray(picture, dtype=float) / 255 for picture in small]))


FAKE_SLOTS = {
    "medium": ("watercolor painting", "pencil drawing", "pixel art", "oil painting"),
    "palette": ("pastel colors", "warm colors", "black and white"),
    "light": ("golden light", "night", "soft light"),
}
FAKE_SUBJECTS = ("a fox", "a castle", "a boat", "a mushroom", "an owl", "a guitar")


def fake_vocabulary() -> Vocabulary:
    """A vocabulary of three slots, ten tokens, the blank and six subjects."""
    tokens = ("", *(token for slot in FAKE_SLOTS.values() for token in slot))
    allowed = torch.zeros(len(FAKE_SLOTS), len(tokens), dtype=torch.bool)
    allowed[:, 0] = True
    for row, slot in enumerate(FAKE_SLOTS.values()):
        for token in slot:
            allowed[row, tokens.index(token)] = True
    return Vocabulary("fake", tokens, tuple(FAKE_SLOTS), allowed, FAKE_SUBJECTS)
