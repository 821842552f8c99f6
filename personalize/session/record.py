"""Sessions, rounds, answers, trials and cards as immutable values.

A session is the log of its rounds. The estimate of a taste is computed from the log and never stored, so a
replay of the log always gives the same estimate. An undo withdraws rounds: the store keeps them as marked
rows, and the values here contain only the live rounds, in order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from personalize.errors import SessionError

Strategy = Literal[
    "adaptive-seen",
    "adaptive",
    "static-rounded",
    "static-iid",
    "random",
    "bald",
    "thompson",
    "eubo",
    "study",
]
STRATEGY_NAMES: tuple[Strategy, ...] = get_args(Strategy)
"""Names of strategies in stored sessions. `personalize.rounds.strategies` chooses the questions of each."""

STUDY: Strategy = "study"
"""A study compares several strategies within one session, so it is no strategy of its own."""


@dataclass(frozen=True)
class Answer:
    """A person's answer to one round.

    Attributes:
        kind: "best" for a pick, "none" for "none of these", "damaged" for an answer that cannot be read. A
            damaged answer is left out everywhere, but its round counts as answered.
        best: the favourite in screen order, 0..K-1; None exactly if `kind` is not "best".
        liked: other options that the person marked as liked, in ascending order.
        disliked: options that the person marked as disliked, in ascending order.
        at: time of the answer, with time zone.
    """

    kind: Literal["best", "none", "damaged"]
    best: int | None
    at: datetime
    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()

    @property
    def worst(self) -> int | None:
        """The least liked option: the only disliked one; None with no or several disliked options."""
        return self.disliked[0] if len(self.disliked) == 1 else None

    def __post_init__(self) -> None:
        """Refuse options that are no whole numbers; a fraction in the log would spoil the session."""
        _check_whole(self.best, self.liked, self.disliked)

    @classmethod
    def checked(
        cls,
        options: int,
        *,
        best: int | None,
        none: bool,
        liked: Sequence[int] = (),
        disliked: Sequence[int] = (),
    ) -> "Answer":
        """The answer to a round of `options` pictures, with the present time.

        A favourite that is marked as liked too has no mark of its own.

        Raises:
            SessionError: there is no answer, there are two kinds of answer, an option is not on the screen,
                or one option is liked and disliked.
        """
        if none == (best is not None):
            raise SessionError(
                "Expected either one favourite or 'none of these', found {found}. Pick one picture, or say "
                "none.",
                found="both" if none else "neither",
            )
        _check_whole(best, liked, disliked)
        up, down = set(liked), set(disliked)
        for name, places in (
            ("favourite", () if best is None else (best,)),
            ("liked", sorted(up)),
            ("disliked", sorted(down)),
        ):
            for index in places:
                if not 0 <= index < options:
                    raise SessionError(
                        "Expected the {name} picture to be one of 1 to {options}, found {found}. Pick one of "
                        "the pictures on the screen.",
                        name=name,
                        options=options,
                        found=index + 1,
                    )
        if (up or down) and (none or best in down or up & down):
            found = (
                "no favourite" if none else "the favourite disliked" if best in down else "both marks on one"
            )
            raise SessionError(
                "Expected marks beside a favourite, one on a picture, found {found}. Pick a picture that you "
                "like, and mark the others.",
                found=found,
            )
        marks = tuple(sorted(up - {best})), tuple(sorted(down))
        return cls("none" if none else "best", best, datetime.now(UTC), *marks)


@dataclass(frozen=True)
class Round:
    """One question: K pictures of one subject, and its answer, if any.

    Attributes:
        number: number of the round in its session, from 1.
        subject: the subject of the pictures.
        paths: K paths of H token indices, in screen order.
        prompts: K prompts, in screen order.
        seeds: K seeds of the pictures. They are equal where the question was chosen by words, so that the
            pictures differ only by their tokens.
        pictures: K SHA-256 hashes of the PNG files, or () before they are rendered.
        strategy: strategy that chose the question.
        answer: the answer, or None while the round is open.
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
        """Whether the pictures of the round exist."""
        return len(self.pictures) == len(self.paths)

    @property
    def left_out(self) -> bool:
        """Whether the answer of the round is damaged."""
        return self.answer is not None and self.answer.kind == "damaged"

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that identify the pictures in screen order; an answer names them."""
        return hashlib.sha256("/".join(self.pictures).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Session:
    """One person's session: its parameters, and its live rounds in order.

    Attributes:
        token: the secret that opens the session, with 128 random bits.
        seed: source of all randomness in the session.
        subject: the subject of the session's pictures.
        strategy: strategy for the choice of questions.
        options: K, the number of pictures in a round.
        vocabulary: fingerprint of the vocabulary that the paths index.
        renderer: name of the renderer of the pictures.
        embedder: name of the embedder of the pictures.
        created: time of the start, with time zone.
        rounds: live rounds with the numbers 1, 2, ...; at most the last round is unanswered.
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
        """The rounds that have an answer, in order. The answer of some of them may be damaged."""
        return tuple(round_ for round_ in self.rounds if round_.answer is not None)

    @property
    def counted(self) -> tuple[Round, ...]:
        """The rounds with an answer that can be read, in order."""
        return tuple(round_ for round_ in self.answered if not round_.left_out)

    @property
    def left_out(self) -> tuple[int, ...]:
        """The numbers of the rounds with a damaged answer."""
        return tuple(round_.number for round_ in self.answered if round_.left_out)

    @property
    def current(self) -> Round | None:
        """The open round, or None before the next round is proposed."""
        return next((round_ for round_ in self.rounds if round_.answer is None), None)

    def round(self, number: int) -> Round:
        """The live round with the given number.

        Raises:
            SessionError: there is no such round.
        """
        for round_ in self.rounds:
            if round_.number == number:
                return round_
        raise SessionError(
            "Expected a round from 1 to {last}, found round {found}. Reload to see the current one.",
            last=len(self.rounds),
            found=number,
        )


@dataclass(frozen=True)
class Trial:
    """One trial of the blind test: a subject with and without the taste, and the person's choice.

    Attributes:
        number: number of the trial in its session, from 1.
        subject: the subject of both pictures.
        plain_prompt, prompt: the prompts without and with the taste; both pictures have one seed.
        plain, personal: SHA-256 hashes of the two pictures.
        personal_first: whether the personal picture is shown first.
        chosen: the chosen picture, or None while the trial is open.
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
        """The hashes of both pictures in the order on the screen."""
        return (self.personal, self.plain) if self.personal_first else (self.plain, self.personal)


CardState = Literal["waiting", "shown", "refused"]
"""State of a card for the wall: not reviewed by staff, approved, or refused."""


@dataclass(frozen=True)
class WallCard:
    """A taste card that a person submitted for the wall of a booth; it does not identify its session.

    Attributes:
        number: number of the card; a replacement gets a new number.
        content: the bytes of a PNG file.
        state: the decision of the staff.
    """

    number: int
    content: bytes
    state: CardState = "waiting"


@dataclass(frozen=True)
class PictureRecord:
    """All parameters that are needed to render a picture again."""

    renderer: str
    prompt: str
    negative_prompt: str
    seed: int


def _check_whole(best: int | None, liked: Sequence[int], disliked: Sequence[int]) -> None:
    """Refuse an answer whose pictures are no whole numbers."""
    for index in (*(() if best is None else (best,)), *liked, *disliked):
        if type(index) is not int:
            raise SessionError(
                "Expected the number of a picture in an answer, found {found}. Send a whole number.",
                found=repr(index)[:40],
            )


def checked_strategy(strategy: str) -> Strategy:
    """The strategy with the given name.

    Raises:
        SessionError: the name is not one of STRATEGY_NAMES.
    """
    for known in STRATEGY_NAMES:
        if strategy == known:
            return known
    raise SessionError(
        "Expected a strategy out of {known}, found '{found}'. Choose one of them.",
        known=_listed(STRATEGY_NAMES),
        found=strategy,
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
