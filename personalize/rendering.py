"""What a session needs of the networks: a renderer that draws prompts, an embedder that sees pictures.

Structural protocols: `models` meets them without knowing of them, and tests meet them with stand-ins.
"""

import io
from collections.abc import Callable, Sequence
from typing import Protocol

from PIL import Image
from torch import Tensor

from personalize.errors import StoreError
from personalize.session.record import PictureRecord

OnStep = Callable[[int, int], None]
"""Called with the steps done and the steps there are."""


class Renderer(Protocol):
    """Draws. `name` says all that a picture depends on besides prompt and seed."""

    @property
    def name(self) -> str:
        """Model, version and settings."""

    def room(self, prompt: str) -> int:
        """How much longer the prompt may be; negative when its end would not be read."""

    def render(self, jobs: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[bytes]:
        """PNG bytes of every job, in order."""


class Embedder(Protocol):
    """Sees. Texts and pictures as unit rows of one space."""

    @property
    def name(self) -> str:
        """Model and version."""

    @property
    def dimension(self) -> int:
        """D."""

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Float[N, D], unit rows."""

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Float[N, D], unit rows."""


class Portion:
    """An `on_step` that reports a part of a longer work as that part of the whole, in thousandths."""

    WHOLE = 1000

    def __init__(self, on_step: OnStep | None, start: float, stop: float) -> None:
        """Report from `start` to `stop` of the whole, 0..1."""
        self._on_step, self._start, self._stop = on_step, start, stop

    def __call__(self, done: int, steps: int) -> None:
        """So many of this part's steps are done."""
        if self._on_step is not None:
            share = self._start + (self._stop - self._start) * done / max(1, steps)
            self._on_step(round(self.WHOLE * share), self.WHOLE)

    def still(self) -> None:
        """Nothing more is done; for `on_step` to raise if it wants to stop."""
        self(0, 1)


def open_picture(content: bytes) -> Image.Image:
    """The picture in PNG bytes, decoded.

    Raises:
        StoreError: they are no picture.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise StoreError(
            f"Expected a PNG picture, found {len(content)} bytes that are none. Render it again."
        ) from error
