"""PNG files: their pixels, and the texts in them, which are read without unpacking the pixels.

Every picture that Palate makes names its prompt, seed and model in a text chunk. A taste card holds the
taste.
"""

import io
from dataclasses import dataclass

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from personalize.errors import SessionError, StoreError

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_PICTURE = 8 << 20
"""Bytes of a file that is read."""

RECORD = "palate"
"""The chunk that says how a picture was made."""


@dataclass(frozen=True)
class Recalled:
    """How a picture was made.

    Attributes:
        prompt: all of it, words of style too.
        seed: of its noise.
        model: name of the renderer.
    """

    prompt: str
    seed: int
    model: str


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    prompt: str = Field(max_length=2000)
    seed: int = Field(ge=0, lt=2**31)
    model: str = Field(max_length=400)


def open_picture(content: bytes) -> Image.Image:
    """The picture in PNG bytes, decoded.

    Raises:
        StoreError: the bytes are no picture.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise StoreError(
            "Expected a PNG picture, found {size} bytes that are none. Render it again.", size=len(content)
        ) from error


def text_of(content: bytes, chunk: str) -> str | None:
    """The text of that name before a PNG's pixels; None when there is none, or it is no PNG, or too large.

    Pillow refuses a text that unpacks to more than 1 MiB.
    """
    if not content.startswith(PNG) or len(content) > LARGEST_PICTURE:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            found = picture.info.get(chunk)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return str(found) if isinstance(found, str) else None


def without_texts(content: bytes) -> bytes:
    """The same pixels as a PNG that says nothing about how they were made."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        picture.load()
        bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    bare.save(out, "PNG")
    return out.getvalue()


def recalled(content: bytes) -> Recalled:
    """How a picture that Palate made was made.

    Raises:
        SessionError: another picture, or one whose texts were taken out or changed.
    """
    try:
        record = _Record.model_validate_json(text_of(content, RECORD) or "")
    except ValidationError:
        raise SessionError(
            "Expected a picture that Palate made, found one that does not say how. Choose the file as it was "
            "saved; messengers and photo apps take that out of it."
        ) from None
    return Recalled(record.prompt, record.seed, record.model)
