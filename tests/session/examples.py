"""Small sessions, rounds and pictures for the stores."""

from datetime import UTC, datetime
from pathlib import Path

from personalize.session.database_store import DatabaseStore
from personalize.session.record import Answer, PictureRecord, Round, Session
from personalize.session.store import Store, hash_of


def session(token: str = "token", **changes: object) -> Session:
    values: dict[str, object] = {
        "token": token,
        "seed": 2**64 - 1,
        "subject": "a fox with a café, 狐",
        "strategy": "adaptive",
        "options": 3,
        "vocabulary": "0123456789abcdef",
        "renderer": "renderer",
        "embedder": "embedder",
        "created": datetime(2026, 11, 24, 8, 30, 0, 123456, tzinfo=UTC),
    }
    return Session(**(values | changes))  # type: ignore[arg-type]


def round_(number: int, pictures: tuple[str, ...] = (), salt: int = 0) -> Round:
    paths = tuple((option, number, salt) for option in range(3))
    return Round(
        number=number,
        subject="a fox",
        paths=paths,
        prompts=tuple(f"a fox, {path}, 夜" for path in paths),
        seeds=(number, number, number),
        pictures=pictures,
        strategy="adaptive",
    )


A, B, C, D = (hash_of(letter) for letter in (b"a", b"b", b"c", b"d"))
"""Names of pictures that are not in any store."""


def pick(best: int = 0, worst: int | None = None) -> Answer:
    return Answer.checked(3, best=best, none=False, disliked=() if worst is None else (worst,))


def none_of_these() -> Answer:
    return Answer.checked(3, best=None, none=True)


def record(number: int) -> PictureRecord:
    return PictureRecord("renderer", f"a fox, {number}", "blurry", seed=-number)


def content(number: int) -> bytes:
    """Bytes that are not a PNG file; a store does not parse pictures."""
    return f"picture {number}".encode() * 100


def saved(store: Store, number: int) -> str:
    picture = store.save_picture(record(number), content(number))
    assert picture == hash_of(content(number))
    return picture


def open_and_fill(folder: str, index: int) -> None:
    """Open the SQLite store of a folder, start a session and save twenty pictures: what one program does."""
    store = DatabaseStore(f"sqlite:///{folder}/palate.sqlite3", Path(folder) / "pictures")
    store.create(session(f"token {index}"))
    for number in range(20):
        saved(store, number)
    store.close()
