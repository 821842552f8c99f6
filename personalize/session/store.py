"""The Store protocol, and the errors of every store.

The log of a session is append-only. An answer is added once. An undo marks the answer and the later rounds,
and removes nothing. One set of tests checks the contract of the protocol for every store.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from torch import Tensor

from personalize.errors import SessionError, StaleAnswerError, StoreError, UnknownSessionError
from personalize.session.leases import Leases
from personalize.session.limits import Limits
from personalize.session.notes import Notes
from personalize.session.record import Answer, CardState, PictureRecord, Round, Session, Trial, WallCard


class Store(Protocol):
    """Sessions, their pictures, and the embeddings of the pictures. Safe to call from any thread."""

    @property
    def leases(self) -> Leases | None:
        """Who draws which picture; None where no other process can see the store."""

    @property
    def limits(self) -> Limits:
        """The buckets of requests, of all processes that see the store."""

    @property
    def notes(self) -> Notes:
        """Small values for a time, of all processes that see the store."""

    def check(self) -> None:
        """Test that a picture and an answer could be stored now, by a write that leaves nothing.

        Raises:
            StoreError: there is no permission or no space, or the database does not answer.
        """

    def create(self, session: Session) -> None:
        """Store a new session without rounds."""

    def load(self, token: str) -> Session:
        """The session with its live rounds.

        Raises:
            UnknownSessionError: there is no such session.
        """

    def append_round(self, token: str, round_: Round) -> Round:
        """Store a new round, or return the live round that is there already.

        That is the round with the same number, or the open one: another process may have asked it, or have
        taken its answer back.
        """

    def set_pictures(
        self, token: str, number: int, pictures: Sequence[str], prompts: Sequence[str] | None = None
    ) -> Round:
        """Set the pictures of a live round, and return the round.

        Args:
            token: of the session.
            number: of the round.
            pictures: their hashes.
            prompts: that were drawn. A live round of other prompts, or with pictures already, stays as it is:
                another process may have put it there. None sets the pictures in any case.

        Raises:
            SessionError: the round was withdrawn meanwhile.
        """

    def append_answer(self, token: str, number: int, answer: Answer, shown: str | None = None) -> Session:
        """Store the answer to the open round, and return the session with it.

        Args:
            token: of the session.
            number: of the round.
            answer: what was picked.
            shown: `fingerprint` of the round that the person looked at; None when it is surely this one.

        Raises:
            StaleAnswerError: the round is not the open one, or the person looked at other pictures.
        """

    def change_answer(self, token: str, number: int, answer: Answer) -> None:
        """Replace the answer of an answered round. Later rounds stay; the old answer stays in the log.

        Raises:
            StaleAnswerError: the round has no answer, or is not live.
        """

    def undo(self, token: str) -> None:
        """Mark the last live answer as undone, and withdraw the later rounds.

        Raises:
            SessionError: there is no answer.
        """

    def delete(self, token: str, keep: Sequence[PictureRecord] = ()) -> int:
        """Delete the session; the number of deleted rounds, answers, trials, pictures and cards.

        Args:
            token: of the session.
            keep: pictures that are for everybody and stay.
        """

    def save_pictures(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        """Store pictures that were rendered together, for the sessions that want them.

        Args:
            pictures: record, PNG bytes and tokens of each; the token None stands for everybody.

        Returns:
            The hash of each picture. It is None where no session that wants the picture exists any more:
            then the picture is not stored.
        """

    def save_picture(self, record: PictureRecord, content: bytes) -> str:
        """Store a picture and return its SHA-256 hash. For a known record, the first picture stays."""

    def find_picture(self, record: PictureRecord) -> str | None:
        """The hash of the stored picture of this record, or None."""

    def find_pictures(self, records: Sequence[PictureRecord]) -> dict[PictureRecord, str]:
        """The hashes of those records that have a stored picture, in one query."""

    def read_picture(self, picture: str) -> bytes:
        """The verified bytes of a PNG file.

        Raises:
            StoreError: the picture is missing or damaged.
        """

    def record_of(self, picture: str) -> PictureRecord:
        """The record that the picture was rendered from.

        Raises:
            StoreError: the picture is unknown.
        """

    def restore_picture(self, picture: str, content: bytes) -> None:
        """Replace a missing or damaged picture by one that was rendered again."""

    def pictures_of(self, token: str, others: Sequence[PictureRecord] = ()) -> dict[PictureRecord, str]:
        """The pictures that the session owns, and those of `others` that exist, by their records.

        Raises:
            UnknownSessionError: there is no such session.
        """

    def own(self, token: str, pictures: Sequence[str]) -> None:
        """Give a session access to pictures."""

    def owns(self, token: str, picture: str) -> bool:
        """Whether the session has access to the picture."""

    def forget_unshown(self, before: datetime, seeds_of: Callable[[int, int], Collection[int]]) -> int:
        """Delete pictures that were drawn ahead and never shown; how many are gone.

        Args:
            before: sessions that were begun or answered later are left alone.
            seeds_of: from a session's seed and its number of rounds to the seeds of what was drawn ahead.
        """

    def embeddings(self, embedder: str, pictures: Sequence[str]) -> dict[str, Tensor]:
        """Float[D]: the stored embedding of each picture that has one, in one query."""

    def keep_embeddings(self, embedder: str, embeddings: Mapping[str, Tensor]) -> None:
        """Store the embeddings Float[D] of those pictures that exist; one may be deleted while it is seen."""

    def trials(self, token: str) -> list[Trial]:
        """The trials of the session's blind test, in order."""

    def append_trial(self, token: str, trial: Trial) -> list[Trial]:
        """Add a trial unless its number exists, and return all trials of the session."""

    def answer_trial(self, token: str, number: int, chosen: Literal["plain", "personal"]) -> list[Trial]:
        """Store the answer to an open trial, and return all trials of the session.

        Raises:
            StaleAnswerError: there is no such trial, or it has an answer.
        """

    def put_card(self, token: str, content: bytes) -> WallCard:
        """Store a session's card for the wall in place of an earlier one; its state is "waiting"."""

    def take_card(self, token: str) -> None:
        """Remove the session's card from the wall, if there is one."""

    def card_of(self, token: str) -> WallCard | None:
        """The session's card, or None."""

    def card(self, number: int) -> WallCard | None:
        """The card with the given number, or None."""

    def cards(self, state: CardState, most: int) -> list[int]:
        """The numbers of at most `most` cards in a state, newest first."""

    def judge_card(self, number: int, state: CardState) -> None:
        """Set the staff's decision about a card.

        Raises:
            SessionError: the card does not exist any more.
        """

    def latest(self, vocabulary: str, embedder: str, most: int) -> list[Session]:
        """At most `most` sessions of a vocabulary and embedder, newest first, without their tokens."""

    def studied(self, vocabulary: str, embedder: str) -> list[tuple[Session, list[Trial]]]:
        """The sessions of studies with the trials of their blind tests, without their tokens."""


def hash_of(content: bytes) -> str:
    """The SHA-256 hash of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def unknown_session() -> UnknownSessionError:
    """The error for an unknown token. The token is a secret, so the message does not repeat it."""
    return UnknownSessionError(
        "Expected the link of a session that exists, found one that does not (deleted, or mistyped). "
        "Start a new session."
    )


def missing_picture(picture: str) -> StoreError:
    """The error for a picture that is not in the store."""
    return StoreError(
        "Expected the picture {picture}, found none in the store. Render its round again.",
        picture=picture[:12],
    )


def token_in_use() -> StoreError:
    """The error for a second session with the same token."""
    return StoreError("Expected a new token, found one in use. Start the session again.")


def stale_answer(number: int, live: Session) -> StaleAnswerError:
    """The error for an answer to a round that is not open."""
    waiting = "none" if live.current is None else f"round {live.current.number}"
    return StaleAnswerError(
        "Expected an answer to the open round ({waiting}), found one to round {number}. It was not "
        "counted; look at the pictures now on the screen.",
        waiting=waiting,
        number=number,
    )


def stale_trial(number: int) -> StaleAnswerError:
    """The error for an answer to a trial that is not open."""
    return StaleAnswerError(
        "Expected an answer to an open trial, found one to trial {number}, which is not. It was "
        "not counted; look at the trial now on the screen.",
        number=number,
    )


def no_card() -> SessionError:
    """The error for a card that was removed or replaced meanwhile."""
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
