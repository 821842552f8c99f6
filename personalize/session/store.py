"""What keeps sessions: the Store protocol, and the errors that every store tells.

The log is append-only. An answer is added once; an undo marks it and the rounds after it, and removes
nothing. Everything the protocol promises is held by one set of tests for every store.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from torch import Tensor

from personalize.errors import SessionError, StaleAnswerError, StoreError, UnknownSessionError
from personalize.session.record import Answer, CardState, PictureRecord, Round, Session, Trial, WallCard


class Store(Protocol):
    """Sessions, their pictures, and what the embedder saw in the pictures. Safe to call from any thread."""

    def create(self, session: Session) -> None:
        """Keep a new session that has no rounds."""

    def load(self, token: str) -> Session:
        """The session with its live rounds; UnknownSessionError when there is none."""

    def append_round(self, token: str, round_: Round) -> Round:
        """Keep a new round; when a live round of that number exists already, that one is returned."""

    def set_pictures(self, token: str, number: int, pictures: Sequence[str]) -> Round:
        """Say which pictures a live round shows."""

    def append_answer(self, token: str, number: int, answer: Answer, shown: str | None = None) -> Session:
        """Keep the answer to the open round; the session with it.

        Args:
            token: of the session.
            number: of the round.
            answer: what was picked.
            shown: `fingerprint` of the round that the person looked at; None when it is surely this one.

        Raises:
            StaleAnswerError: that round is not the open one, or other pictures were looked at.
        """

    def change_answer(self, token: str, number: int, answer: Answer) -> None:
        """Answer an answered round otherwise; the rounds after it stay, and the old answer stays in the log.

        Raises:
            StaleAnswerError: the round was not answered, or is not live.
        """

    def undo(self, token: str) -> None:
        """Mark the last live answer and withdraw the rounds after it; SessionError when there is none."""

    def delete(self, token: str) -> int:
        """Forget the session; how many rounds, answers and pictures are gone with it."""

    def save_pictures(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        """Keep pictures that were drawn together, for the sessions that want them.

        Args:
            pictures: record, PNG bytes and tokens of each; the token None stands for everybody.

        Returns:
            The hash of each picture, or None where no session that wants it exists any more. Such a picture
            is not kept.
        """

    def save_picture(self, record: PictureRecord, content: bytes) -> str:
        """Keep a picture; its SHA-256 hash. Saving the same record again keeps the first."""

    def find_picture(self, record: PictureRecord) -> str | None:
        """The hash of the picture rendered from this record before, or None."""

    def find_pictures(self, records: Sequence[PictureRecord]) -> dict[PictureRecord, str]:
        """The hashes of the pictures that were rendered from these records before, in one query."""

    def read_picture(self, picture: str) -> bytes:
        """The PNG bytes, verified; StoreError when they are missing or damaged."""

    def record_of(self, picture: str) -> PictureRecord:
        """What the picture was rendered from; StoreError when unknown."""

    def restore_picture(self, picture: str, content: bytes) -> None:
        """Put a picture that was rendered again in the place of a missing or damaged one."""

    def own(self, token: str, pictures: Sequence[str]) -> None:
        """Let a session see these pictures."""

    def owns(self, token: str, picture: str) -> bool:
        """Whether the session may see the picture."""

    def embeddings(self, embedder: str, pictures: Sequence[str]) -> dict[str, Tensor]:
        """Float[D] of each picture that `keep_embeddings` kept one of, in one query."""

    def keep_embeddings(self, embedder: str, embeddings: Mapping[str, Tensor]) -> None:
        """Keep an embedder's embeddings of pictures."""

    def trials(self, token: str) -> list[Trial]:
        """The trials of the session's blind proof, in order."""

    def append_trial(self, token: str, trial: Trial) -> list[Trial]:
        """Add a trial, unless one of its number is there; all of them, as they are then."""

    def answer_trial(self, token: str, number: int, chosen: Literal["plain", "personal"]) -> list[Trial]:
        """Count the answer to a trial once; all of them.

        Raises:
            StaleAnswerError: there is no such trial, or it was answered before.
        """

    def put_card(self, token: str, content: bytes) -> WallCard:
        """Put a session's card up for the wall, in place of an earlier one; it waits for staff."""

    def take_card(self, token: str) -> None:
        """Take the session's card down, if there is one."""

    def card_of(self, token: str) -> WallCard | None:
        """The card that the session put up."""

    def card(self, number: int) -> WallCard | None:
        """The card of that number, or None."""

    def cards(self, state: CardState, most: int) -> list[int]:
        """The numbers of at most so many cards in that state, newest first."""

    def judge_card(self, number: int, state: CardState) -> None:
        """What staff say of a card; SessionError when it is not there any more."""

    def latest(self, vocabulary: str, embedder: str, most: int) -> list[Session]:
        """At most so many live sessions of a vocabulary and embedder, newest first, tokens left out."""

    def studied(self, vocabulary: str, embedder: str) -> list[tuple[Session, list[Trial]]]:
        """The live sessions of studies with the trials of their blind proofs, tokens left out."""


def hash_of(content: bytes) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def unknown_session() -> UnknownSessionError:
    """The error for a token that opens nothing; the token itself is a secret and is not repeated."""
    return UnknownSessionError(
        "Expected the link of a session that exists, found one that does not (deleted, or mistyped). "
        "Start a new session."
    )


def missing_picture(picture: str) -> StoreError:
    """The error for a picture nobody kept."""
    return StoreError(
        f"Expected the picture {picture[:12]}, found none in the store. Render its round again."
    )


def token_in_use() -> StoreError:
    """The error for creating a session twice."""
    return StoreError("Expected a new token, found one in use. Start the session again.")


def stale_answer(number: int, live: Session) -> StaleAnswerError:
    """The error for an answer to a round that does not wait for one."""
    waiting = "none" if live.current is None else f"round {live.current.number}"
    return StaleAnswerError(
        f"Expected an answer to the open round ({waiting}), found one to round {number}. "
        "It was not counted; look at the pictures now on the screen."
    )


def stale_trial(number: int) -> StaleAnswerError:
    """The error for an answer to a trial that does not wait for one."""
    return StaleAnswerError(
        f"Expected an answer to an open trial, found one to trial {number}, which is not. "
        "It was not counted; look at the trial now on the screen."
    )


def no_card() -> SessionError:
    """The error for a card that was taken down or replaced meanwhile."""
    return SessionError("Expected a card that is up, found it taken down. Look at those that are there now.")


def other_pictures() -> StaleAnswerError:
    """The error for an answer about pictures that the round does not show."""
    return StaleAnswerError(
        "Expected an answer about the pictures of the round, found one about others. "
        "It was not counted; look at the pictures now on the screen."
    )


def nothing_to_undo() -> SessionError:
    """The error for an undo before the first answer."""
    return SessionError("Expected an answer to take back, found none yet. Pick a picture first.")
