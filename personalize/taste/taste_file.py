"""Defines the taste file: the answers and opinions of a session as readable JSON.

The answers determine the taste: with the same vocabulary and models they give the same estimate. The opinions
are for human readers. A file may come from an unknown source, so its size, its structure and every string are
checked before use.
"""

import codecs
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from personalize.errors import SessionError
from personalize.rendering.png import PNG, text_of

LARGEST_BYTES = 1 << 20
"""Largest size of a taste file, in bytes."""

CHUNK = "palate-taste"
"""Keyword of the PNG text chunk that contains the taste file in a taste card."""

MOST_ROUNDS = 500
MOST_OPTIONS = 9
FIRST_YEAR, LAST_YEAR = 1970, 2199

Word = Annotated[str, Field(max_length=200)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]


def _of_our_time(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}, found {at.year}")
    return at


Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_of_our_time)]
Option = Annotated[int, Field(ge=1, le=MOST_OPTIONS)]
Marks = Annotated[tuple[Option, ...], Field(max_length=MOST_OPTIONS, strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Made(_Part):
    """Fingerprint of the vocabulary and names of the models. Others would give different pictures."""

    vocabulary: Word
    renderer: Annotated[str, Field(max_length=400)]
    embedder: Annotated[str, Field(max_length=400)]


class Said(_Part):
    """An opinion for human readers: the utility of a word and its standard error, in nats."""

    word: Word
    slot: Word
    utility: FiniteFloat
    error: FiniteFloat


class Picked(_Part):
    """One answered round: the words of each picture after the subject, and the numbers of the picks.

    Numbers start at 1. `best` is missing if the answer was "none of these". `liked` and `disliked` are
    missing without marks. Where one picture alone is disliked, it is `worst`, as in earlier versions.
    `seeds` is missing where all pictures have the seed `seed`.
    """

    pictures: Annotated[list[list[Word]], Field(min_length=2, max_length=MOST_OPTIONS)]
    seed: Seed
    seeds: Annotated[tuple[Seed, ...], Field(max_length=MOST_OPTIONS, strict=False)] | None = None
    best: Option | None = None
    worst: Option | None = None
    liked: Marks | None = None
    disliked: Marks | None = None
    at: Moment


class TasteFile(_Part):
    """The content of a taste file."""

    format: Literal["palate-taste"]
    version: Literal[1]
    made: Moment
    subject: Word
    sentence: Annotated[str, Field(max_length=1000)]
    models: Made
    opinions: Annotated[list[Said], Field(max_length=20_000)]
    rounds: Annotated[list[Picked], Field(min_length=1, max_length=MOST_ROUNDS)]

    def text(self) -> str:
        """The file as indented JSON, without escapes for letters outside ASCII."""
        return self.model_dump_json(indent=1, exclude_none=True) + "\n"


def read_taste_file(content: bytes) -> TasteFile:
    """The checked content of a taste file, or of the taste file inside a taste card (a PNG file).

    Args:
        content: the bytes of the JSON or PNG file.

    Raises:
        SessionError: the file is too large, is neither JSON nor a taste card, has another format or version,
            or contains an invalid value.
    """
    if content.startswith(PNG):
        content = _text_in_card(content)
    if len(content) > LARGEST_BYTES:
        raise SessionError(
            "Expected a taste file of at most {most} MiB, found {found}. Choose a file that Palate saved.",
            most=LARGEST_BYTES >> 20,
            found=f"{len(content) / 2**20:.1f}",
        )
    try:
        return TasteFile.model_validate_json(_as_utf8(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:6])
        raise SessionError(
            "Expected a taste file that Palate saved, found a fault{where}: {what}. Choose another file.",
            where=" in " + where if where else "",
            what=first["msg"].lower(),
        ) from None


def _as_utf8(content: bytes) -> bytes:
    """The content in UTF-8 without the mark that some editors put at the start of a text (BOM)."""
    if content.startswith(codecs.BOM_UTF8):
        return content.removeprefix(codecs.BOM_UTF8)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").encode()
    return content


def _text_in_card(content: bytes) -> bytes:
    """The taste file inside a taste card."""
    found = text_of(content, CHUNK)
    if found is None:
        raise SessionError(
            "Expected a taste card that Palate saved, found another picture. Choose the card as saved; "
            "messengers and photo apps take the taste out of it."
        )
    return found.encode()
