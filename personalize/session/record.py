"""What happened in a session, as immutable facts.

A session is the log of its rounds; the estimate of a taste is derived from it and never kept, so replay is
truth. The store keeps rounds that were withdrawn by an undo as marked rows; the values here show the live
ones only, in order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from personalize.errors import SessionError

Strategy = Literal["adaptive", "static-rounded", "static-iid", "random", "bald", "thompson", "eubo", "study"]
STRATEGY_NAMES: tuple[Strategy, ...] = get_args(Strategy)
"""Names by which sessions are stored. `personalize.rounds.strategies` chooses the questions of each."""

STUDY: Strategy = "study"
"""A study compares several strategies within one session, so it is no strategy of its own."""


@dataclass(frozen=True)
class Answer:
    """What the person said about one round.

    Attributes:
        kind: "best" when one picture was picked, "none" when none of them pleased.
        best: the picked option in screen order, 0..K-1; None exactly when `kind` is "none".
        worst: the least liked option, if it was asked for.
        at: when, with time zone.
    """

    kind: Literal["best", "none"]
    best: int | None
    worst: int | None
    at: datetime

    @classmethod
    def checked(cls, options: int, *, best: int | None, worst: int | None, none: bool) -> "Answer":
        """The answer about `options` pictures, dated now.

        Raises:
            SessionError: no pick or two kinds of answer at once, or an option that is not on the screen.
        """
        if none == (best is not None):
            raise SessionError(
                "Expected either one favourite or 'none of these', found "
                f"{'both' if none else 'neither'}. Pick one picture, or say none."
            )
        for name, index in (("favourite", best), ("least liked", worst)):
            if index is not None and not 0 <= index < options:
                raise SessionError(
                    f"Expected the {name} picture to be one of 1 to {options}, found {index + 1}. "
                    "Pick one of the pictures on the screen."
                )
        if worst is not None and (none or worst == best):
            raise SessionError(
                "Expected the least liked picture beside another favourite, found "
                f"{'no favourite' if none else 'the same picture for both'}. Pick two different pictures."
            )
        return cls("none" if none else "best", best, worst, datetime.now(UTC))


@dataclass(frozen=True)
class Round:
    """One question: K pictures of one subject, and the answer once there is one.

    Attributes:
        number: 1 for the first round of the session.
        subject: what the pictures show.
        paths: K paths of H token indices, in screen order.
        prompts: K prompts, in screen order.
        seeds: K seeds; all equal, so that the pictures differ by their tokens only.
        pictures: K SHA-256 hashes of the PNG files, or () when not rendered yet.
        strategy: how the question was chosen.
        answer: None while the round is open.
    """

    number: int
    subject: str
    paths: tuple[tuple[int, ...], ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    pictures: tuple[str, ...]
    strategy: Strategy
    answer: Answer | None = None

    @property
    def options(self) -> int:
        """K, the number of pictures on the screen."""
        return len(self.paths)

    @property
    def rendered(self) -> bool:
        """Whether its pictures exist."""
        return len(self.pictures) == len(self.paths)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the pictures in screen order: what an answer says it is about."""
        return hashlib.sha256("/".join(self.pictures).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Session:
    """One person's session: how it was started, and its live rounds in order.

    Attributes:
        token: the secret that opens the session; 128 random bits.
        seed: everything random in the session follows from it.
        subject: what the person wants pictures of.
        strategy: how questions are chosen.
        options: K, pictures a round.
        vocabulary: fingerprint of the vocabulary the paths index.
        renderer: name of the renderer that draws.
        embedder: name of the embedder that sees.
        created: when, with time zone.
        rounds: live rounds; numbers 1, 2, ...; at most the last is unanswered.
    """

    token: str
    seed: int
    subject: str
    strategy: Strategy
    options: int
    vocabulary: str
    renderer: str
    embedder: str
    created: datetime
    rounds: tuple[Round, ...] = ()

    @property
    def answered(self) -> tuple[Round, ...]:
        """The rounds that have an answer, in order."""
        return tuple(round_ for round_ in self.rounds if round_.answer is not None)

    @property
    def current(self) -> Round | None:
        """The round that waits for an answer, or None when the next one was not proposed yet."""
        return next((round_ for round_ in self.rounds if round_.answer is None), None)

    def round(self, number: int) -> Round:
        """The live round of that number.

        Raises:
            SessionError: there is none.
        """
        for round_ in self.rounds:
            if round_.number == number:
                return round_
        raise SessionError(
            f"Expected a round from 1 to {len(self.rounds)}, found round {number}. "
            "Reload to see the current one."
        )


@dataclass(frozen=True)
class Trial:
    """One trial of the blind proof: a subject with and without the taste, and which was chosen.

    Attributes:
        number: 1 for the first of the session.
        subject: what both show.
        plain_prompt, prompt: what was drawn, of one seed.
        plain, personal: hashes of the pictures.
        personal_first: whether the personal one stands first.
        chosen: None while the trial is open.
    """

    number: int
    subject: str
    plain_prompt: str
    prompt: str
    plain: str
    personal: str
    personal_first: bool
    chosen: Literal["plain", "personal"] | None = None

    @property
    def pictures(self) -> tuple[str, str]:
        """In the order in which they are shown."""
        return (self.personal, self.plain) if self.personal_first else (self.plain, self.personal)


CardState = Literal["waiting", "shown", "refused"]
"""What staff said of a card for the wall: nothing yet, yes, or no."""


@dataclass(frozen=True)
class WallCard:
    """A taste card that somebody put up for the wall of a booth; it says nothing of its session.

    Attributes:
        number: of the card; a card put up in place of another has a new one.
        content: a PNG.
        state: whether it is seen.
    """

    number: int
    content: bytes
    state: CardState = "waiting"


@dataclass(frozen=True)
class PictureRecord:
    """All that is needed to render a picture again."""

    renderer: str
    prompt: str
    negative_prompt: str
    seed: int


def checked_strategy(strategy: str) -> Strategy:
    """The strategy of that name.

    Raises:
        SessionError: it is not one of STRATEGY_NAMES.
    """
    for known in STRATEGY_NAMES:
        if strategy == known:
            return known
    raise SessionError(
        f"Expected a strategy out of {_listed(STRATEGY_NAMES)}, found '{strategy}'. Choose one of them."
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
