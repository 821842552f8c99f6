"""A taste as one human-readable JSON file: what was picked, and what that says; written and read with care.

The answers are the taste: whoever reads the file with the same words and models gets the same estimate from
them. The opinions are there for people to read. A file comes from anywhere, so its size, its shape and every
string in it are checked before anything is done with it.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from personalize.errors import SessionError
from personalize.rendering.png import PNG, text_of

LARGEST_BYTES = 1 << 20
CHUNK = "palate-taste"
"""The text chunk of a taste card that holds the file."""

MOST_ROUNDS = 500
MOST_OPTIONS = 9

Word = Annotated[str, Field(max_length=200)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]
Option = Annotated[int, Field(ge=1, le=MOST_OPTIONS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Made(_Part):
    """Which words and models it was made with: pictures of others would not be the same."""

    vocabulary: Word
    renderer: Annotated[str, Field(max_length=400)]
    embedder: Annotated[str, Field(max_length=400)]


class Said(_Part):
    """An opinion, for people to read: utility and its standard error in nats."""

    word: Word
    slot: Word
    utility: float
    error: float


class Picked(_Part):
    """One round: the words of each picture after the subject, and what was answered, counted from 1.

    `best` is missing when none of them pleased.
    """

    pictures: Annotated[list[list[Word]], Field(min_length=2, max_length=MOST_OPTIONS)]
    seed: Seed
    best: Option | None = None
    worst: Option | None = None
    at: Annotated[AwareDatetime, Field(strict=False)]


class TasteFile(_Part):
    """The whole file."""

    format: Literal["palate-taste"]
    version: Literal[1]
    made: Annotated[AwareDatetime, Field(strict=False)]
    subject: Word
    sentence: Annotated[str, Field(max_length=1000)]
    models: Made
    opinions: Annotated[list[Said], Field(max_length=20_000)]
    rounds: Annotated[list[Picked], Field(min_length=1, max_length=MOST_ROUNDS)]

    def text(self) -> str:
        """As it is written to disk: indented, every letter as it is."""
        return self.model_dump_json(indent=1, exclude_none=True) + "\n"


def read_taste_file(content: bytes) -> TasteFile:
    """The file, or the one in a taste card (a PNG), checked.

    Raises:
        SessionError: too large, neither JSON nor a card, of another format or version, or not fitting.
    """
    if content.startswith(PNG):
        content = _of_card(content)
    if len(content) > LARGEST_BYTES:
        raise SessionError(
            "Expected a taste file of at most {most} MiB, found {found}. Choose a file that Palate saved.",
            most=LARGEST_BYTES >> 20,
            found=f"{len(content) / 2**20:.1f}",
        )
    try:
        return TasteFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:6])
        raise SessionError(
            "Expected a taste file that Palate saved, found a fault{where}: {what}. Choose another file.",
            where=" in " + where if where else "",
            what=first["msg"].lower(),
        ) from None


def _of_card(content: bytes) -> bytes:
    """The text in a card."""
    found = text_of(content, CHUNK)
    if found is None:
        raise SessionError(
            "Expected a taste card that Palate saved, found another picture. Choose the card as saved; "
            "messengers and photo apps take the taste out of it."
        )
    return found.encode()
