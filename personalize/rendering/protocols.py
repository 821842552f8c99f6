"""What a session needs of the networks: a renderer that draws prompts, an embedder that sees pictures.

Structural protocols: `models` meets them without knowing of them, and tests meet them with stand-ins.
"""

from collections.abc import Sequence
from typing import Protocol

from PIL import Image
from torch import Tensor

from personalize.progress import OnStep
from personalize.session.record import PictureRecord


class Renderer(Protocol):
    """Draws. `name` says all that a picture depends on besides prompt and seed."""

    @property
    def name(self) -> str:
        """Model, version and settings."""

    def room(self, prompt: str) -> int:
        """How much longer the prompt may be; negative when its end would not be read."""

    def render(self, jobs: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[bytes]:
        """PNG bytes of every job, in order."""

    def warm_up(self, prompt: str = "", on_step: OnStep | None = None) -> bytes:
        """PNG bytes of a first picture, so that a renderer that cannot draw fails at the start."""

    def close(self) -> None:
        """Free what the renderer holds; it renders no more."""


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
