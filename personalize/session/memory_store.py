"""A store in memory, for experiments and tests; `store.Store` states its contract."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from torch import Tensor

from personalize.session.leases import Leases
from personalize.session.limits import MemoryLimits
from personalize.session.notes import MemoryNotes
from personalize.session.record import Answer, CardState, PictureRecord, Round, Session, Trial, WallCard
from personalize.session.store import (
    hash_of,
    missing_picture,
    no_card,
    nothing_to_undo,
    other_pictures,
    stale_answer,
    stale_trial,
    token_in_use,
    unknown_session,
)


@dataclass
class _SessionLog:
    """The whole log of one session: rounds and answers in order of arrival, with the marks of undos."""

    session: Session
    rounds: list[Round] = field(default_factory=list)
    withdrawn: dict[int, datetime] = field(default_factory=dict)
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    undone: dict[int, datetime] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    trials: list[Trial] = field(default_factory=list)
    card: WallCard | None = None

    def live(self) -> Session:
        answers = {index: a for i, (index, a) in enumerate(self.answers) if i not in self.undone}
        rounds = tuple(
            replace(round_, answer=answers.get(index))
            for index, round_ in enumerate(self.rounds)
            if index not in self.withdrawn
        )
        return replace(self.session, rounds=rounds)

    def index_of(self, number: int) -> int | None:
        for index, round_ in enumerate(self.rounds):
            if round_.number == number and index not in self.withdrawn:
                return index
        return None


class MemoryStore:
    """A Store that exists only as long as the process.

    Attributes:
        leases: None, since no other process can see the store.
        limits, notes: of this process.
    """

    leases: Leases | None = None

    def __init__(self) -> None:
        """Create an empty store."""
        self.limits, self.notes = MemoryLimits(), MemoryNotes()
        self._lock = threading.RLock()
        self._sessions: dict[str, _SessionLog] = {}
        self._contents: dict[str, bytes] = {}
        self._records: dict[PictureRecord, str] = {}
        self._embeddings: dict[tuple[str, str], Tensor] = {}
        self._cards = 0

    def check(self) -> None:
        """See Store."""

    def create(self, session: Session) -> None:
        """See Store."""
        with self._lock:
            if session.token in self._sessions:
                raise token_in_use()
            self._sessions[session.token] = _SessionLog(replace(session, rounds=()))

    def load(self, token: str) -> Session:
        """See Store."""
        with self._lock:
            return self._log(token).live()

    def append_round(self, token: str, round_: Round) -> Round:
        """See Store."""
        with self._lock:
            log = self._log(token)
            live = log.live()
            if live.current is not None:
                return live.current
            if log.index_of(round_.number) is None:
                log.rounds.append(replace(round_, answer=None))
                log.pictures.update(round_.pictures)
            return log.live().round(round_.number)

    def set_pictures(
        self, token: str, number: int, pictures: Sequence[str], prompts: Sequence[str] | None = None
    ) -> Round:
        """See Store."""
        with self._lock:
            log = self._log(token)
            index = log.index_of(number)
            live = None if index is None else log.rounds[index]
            fits = live is not None and (
                prompts is None or (live.prompts == tuple(prompts) and not live.pictures)
            )
            if index is not None and fits:
                log.rounds[index] = replace(log.rounds[index], pictures=tuple(pictures))
                log.pictures.update(pictures)
            return log.live().round(number)

    def append_answer(self, token: str, number: int, answer: Answer, shown: str | None = None) -> Session:
        """See Store."""
        with self._lock:
            log = self._log(token)
            live = log.live()
            index = log.index_of(number)
            if index is None or live.current is None or live.current.number != number:
                raise stale_answer(number, live)
            if shown is not None and shown != live.current.fingerprint:
                raise other_pictures()
            log.answers.append((index, answer))
            return log.live()

    def change_answer(self, token: str, number: int, answer: Answer) -> None:
        """See Store."""
        with self._lock:
            log = self._log(token)
            index = log.index_of(number)
            for position, (answered, _) in enumerate(log.answers):
                if answered == index and position not in log.undone:
                    log.undone[position] = datetime.now(UTC)
                    log.answers.append((answered, answer))
                    return
            raise stale_answer(number, log.live())

    def undo(self, token: str) -> None:
        """See Store."""
        with self._lock:
            log = self._log(token)
            live = log.live()
            if not live.answered:
                raise nothing_to_undo()
            last, now = live.answered[-1].number, datetime.now(UTC)
            reopened = log.index_of(last)
            for index, round_ in enumerate(log.rounds):
                if index not in log.withdrawn and round_.number > last:
                    log.withdrawn[index] = now
            for position, (index, _) in enumerate(log.answers):
                if index == reopened and position not in log.undone:
                    log.undone[position] = now

    def delete(self, token: str, keep: Sequence[PictureRecord] = ()) -> int:
        """See Store."""
        with self._lock:
            log = self._log(token)
            del self._sessions[token]
            still_seen = {p for other in self._sessions.values() for p in other.pictures}
            unshared = log.pictures - still_seen - set(self.find_pictures(keep).values())
            for picture in unshared:
                self._contents.pop(picture, None)
            self._records = {r: p for r, p in self._records.items() if p not in unshared}
            self._embeddings = {k: e for k, e in self._embeddings.items() if k[1] not in unshared}
            rows = len(log.rounds) + len(log.answers) + len(log.trials)
            return rows + len(unshared) + bool(log.card)

    def save_pictures(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        """See Store."""
        with self._lock:
            saved: list[str | None] = []
            for record, content, tokens in pictures:
                owners = [token for token in tokens if token is not None and token in self._sessions]
                if not owners and None not in tokens:
                    saved.append(None)
                    continue
                picture = self.save_picture(record, content)
                for token in owners:
                    self._sessions[token].pictures.add(picture)
                saved.append(picture)
            return saved

    def save_picture(self, record: PictureRecord, content: bytes) -> str:
        """See Store."""
        with self._lock:
            picture = self._records.setdefault(record, hash_of(content))
            self._contents.setdefault(picture, content)
            return picture

    def find_picture(self, record: PictureRecord) -> str | None:
        """See Store."""
        with self._lock:
            return self._records.get(record)

    def find_pictures(self, records: Sequence[PictureRecord]) -> dict[PictureRecord, str]:
        """See Store."""
        with self._lock:
            return {record: self._records[record] for record in records if record in self._records}

    def read_picture(self, picture: str) -> bytes:
        """See Store."""
        with self._lock:
            try:
                return self._contents[picture]
            except KeyError:
                raise missing_picture(picture) from None

    def record_of(self, picture: str) -> PictureRecord:
        """See Store."""
        with self._lock:
            for record, known in self._records.items():
                if known == picture:
                    return record
            raise missing_picture(picture)

    def restore_picture(self, picture: str, content: bytes) -> None:
        """See Store."""
        with self._lock:
            self._contents[picture] = content

    def pictures_of(self, token: str, others: Sequence[PictureRecord] = ()) -> dict[PictureRecord, str]:
        """See Store."""
        with self._lock:
            owned = self._log(token).pictures
            mine = {record: picture for record, picture in self._records.items() if picture in owned}
            return mine | self.find_pictures(others)

    def own(self, token: str, pictures: Sequence[str]) -> None:
        """See Store."""
        with self._lock:
            self._log(token).pictures.update(pictures)

    def owns(self, token: str, picture: str) -> bool:
        """See Store."""
        with self._lock:
            return picture in self._log(token).pictures

    def forget_unshown(self, before: datetime, seeds_of: Callable[[int, int], Collection[int]]) -> int:
        """See Store."""
        with self._lock:
            gone = 0
            for log in self._sessions.values():
                if max([log.session.created, *(answer.at for _, answer in log.answers)]) >= before:
                    continue
                shown = {picture for round_ in log.rounds for picture in round_.pictures}
                shown |= {picture for trial in log.trials for picture in (trial.plain, trial.personal)}
                own = [(record, p) for record, p in self._records.items() if p in log.pictures]
                seeds = set(seeds_of(log.session.seed, len(log.rounds)))
                seeds -= {record.seed for record, _ in own if record.prompt == log.session.subject}
                ahead = {picture for record, picture in own if record.seed in seeds} - shown
                log.pictures -= ahead
                for picture in ahead - {p for other in self._sessions.values() for p in other.pictures}:
                    gone += self._contents.pop(picture, None) is not None
                    self._records = {r: p for r, p in self._records.items() if p != picture}
                    self._embeddings = {k: e for k, e in self._embeddings.items() if k[1] != picture}
            return gone

    def embeddings(self, embedder: str, pictures: Sequence[str]) -> dict[str, Tensor]:
        """See Store."""
        with self._lock:
            known = ((picture, self._embeddings.get((embedder, picture))) for picture in pictures)
            return {picture: embedding for picture, embedding in known if embedding is not None}

    def keep_embeddings(self, embedder: str, embeddings: Mapping[str, Tensor]) -> None:
        """See Store."""
        with self._lock:
            known = {picture: one for picture, one in embeddings.items() if picture in self._contents}
            self._embeddings |= {(embedder, picture): one for picture, one in known.items()}

    def trials(self, token: str) -> list[Trial]:
        """See Store."""
        with self._lock:
            return list(self._log(token).trials)

    def append_trial(self, token: str, trial: Trial) -> list[Trial]:
        """See Store."""
        with self._lock:
            trials = self._log(token).trials
            if all(known.number != trial.number for known in trials):
                trials.append(trial)
            return list(trials)

    def answer_trial(self, token: str, number: int, chosen: Literal["plain", "personal"]) -> list[Trial]:
        """See Store."""
        with self._lock:
            trials = self._log(token).trials
            for index, trial in enumerate(trials):
                if trial.number == number and trial.chosen is None:
                    trials[index] = replace(trial, chosen=chosen)
                    return list(trials)
            raise stale_trial(number)

    def put_card(self, token: str, content: bytes) -> WallCard:
        """See Store."""
        with self._lock:
            log = self._log(token)
            self._cards += 1
            log.card = WallCard(self._cards, content)
            return log.card

    def take_card(self, token: str) -> None:
        """See Store."""
        with self._lock:
            self._log(token).card = None

    def card_of(self, token: str) -> WallCard | None:
        """See Store."""
        with self._lock:
            return self._log(token).card

    def card(self, number: int) -> WallCard | None:
        """See Store."""
        with self._lock:
            cards = (log.card for log in self._sessions.values() if log.card is not None)
            return next((card for card in cards if card.number == number), None)

    def cards(self, state: CardState, most: int) -> list[int]:
        """See Store."""
        with self._lock:
            cards = (log.card for log in self._sessions.values() if log.card is not None)
            return sorted((card.number for card in cards if card.state == state), reverse=True)[:most]

    def judge_card(self, number: int, state: CardState) -> None:
        """See Store."""
        with self._lock:
            for log in self._sessions.values():
                if log.card is not None and log.card.number == number:
                    log.card = replace(log.card, state=state)
                    return
            raise no_card()

    def latest(self, vocabulary: str, embedder: str, most: int) -> list[Session]:
        """See Store."""
        with self._lock:
            live = [replace(log.live(), token="") for log in self._sessions.values()]
        fitting = [s for s in live if (s.vocabulary, s.embedder) == (vocabulary, embedder)]
        return sorted(fitting, key=lambda session: session.created, reverse=True)[:most]

    def studied(self, vocabulary: str, embedder: str) -> list[tuple[Session, list[Trial]]]:
        """See Store."""
        with self._lock:
            live = [(replace(log.live(), token=""), list(log.trials)) for log in self._sessions.values()]
        wanted = ("study", vocabulary, embedder)
        return [(s, trials) for s, trials in live if (s.strategy, s.vocabulary, s.embedder) == wanted]

    def _log(self, token: str) -> _SessionLog:
        try:
            return self._sessions[token]
        except KeyError:
            raise unknown_session() from None
