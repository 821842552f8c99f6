"""Which round comes next in a session, and which pictures may stand in it.

Most strategies choose by words, and the choice is made while the round before it is looked at.
`adaptive-seen` chooses when the answer arrives, among the pictures that exist: those that were drawn while
the person looked, and those of the shared pool of an example subject.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from personalize.preference.estimate import TasteEstimate
from personalize.preparation.prepare import Preparation
from personalize.rendering.pictures import Pictures
from personalize.rounds.next_round import next_round
from personalize.rounds.remembered import Remembered, log_of, told
from personalize.rounds.seen_pool import SeenPool, pool_of, prompts_to_draw, shared_prompts
from personalize.rounds.strategies import STRATEGIES
from personalize.session.record import STUDY, Answer, PictureRecord, Round, Session, checked_strategy
from personalize.session.store import Store
from personalize.settings import Settings

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The time of an answer that nobody gave yet."""


class Questions:
    """The choice of the next round. It keeps nothing but remembered results."""

    def __init__(
        self,
        preparation: Preparation,
        store: Store,
        pictures: Pictures | None,
        renderer: str,
        settings: Settings,
        taste: Callable[[Session], TasteEstimate],
        banked: Iterable[str] = (),
    ) -> None:
        """Join the parts; nothing is computed yet.

        Args:
            preparation: vocabulary, features, prior and design.
            store: knows which pictures exist.
            pictures: what the embedder sees in pictures; None if answers are about words alone, and no
                question is chosen by pictures.
            renderer: name of the renderer, which is part of a picture's record.
            settings: as for `next_round`, and `drawn_ahead` and `shared_pool`.
            taste: computes the estimate from the answers of a session.
            banked: subjects whose first rounds are few and drawn beforehand.
        """
        self._preparation, self._store, self._pictures = preparation, store, pictures
        self._renderer, self._settings, self._taste = renderer, settings, taste
        self.banked = frozenset(banked) if settings.bank else frozenset()
        self._by_words: Remembered[Round] = Remembered()
        self._promised: Remembered[Round] = Remembered()
        self._shared: Remembered[list[PictureRecord]] = Remembered()

    def next(self, session: Session, promised: str = "") -> Round:
        """The round after those of the session, given all answers; with its pictures if they exist.

        Args:
            session: the session; all its rounds are answered.
            promised: the `fingerprint` of the round of `likely` that the page shows already.
        """
        kept = self._promised.find((log_of(session), promised)) if promised else None
        if kept is not None:  # its pictures may have been deleted since the page got them
            wanted = set(self.records(kept))
            if wanted <= self._store.find_pictures(list(wanted)).keys():
                return kept
        return self._chosen(session, self._pool(session))

    def ahead(self, session: Session) -> Round:
        """The round by words after those of the session, whatever is answered to the newest of them."""
        known = max(0, len(session.rounds) - self._settings.lookahead_rounds)
        asked = tuple((round_.paths, round_.seeds, round_.strategy) for round_ in session.rounds)
        answers = tuple((round_.pictures, told(round_)) for round_ in session.rounds[:known])
        key = (session.seed, session.subject, session.strategy, session.options, asked, answers)
        inputs = session, self._preparation, self._settings, self._taste, self.banked
        return self._by_words.get(key, lambda: next_round(*inputs))

    def likely(self, session: Session) -> dict[int, Round]:
        """The next round for each pick without marks, with its pictures; -1 stands for "none of these".

        A pick is left out if the pictures of its round do not exist yet. `next` gives a round of this list
        back if it is promised, also if more pictures were drawn meanwhile.
        """
        if session.current is None:
            return {}
        likely: dict[int, Round] = {}
        pool = self._pool(session)
        for best in (*range(session.options), -1):
            answer = Answer("none" if best < 0 else "best", None if best < 0 else best, ANY_TIME)
            answered = replace(session.current, answer=answer)
            after = replace(session, rounds=(*session.rounds[:-1], answered))
            round_ = self._chosen(after, pool)
            if round_.rendered:
                likely[best] = round_
                self._promised.keep((log_of(after), round_.fingerprint), round_)
        return likely

    def records(self, round_: Round) -> list[PictureRecord]:
        """The records of a round's pictures."""
        return [self._record(*pair) for pair in zip(round_.prompts, round_.seeds, strict=True)]

    def further_records(self, session: Session) -> list[PictureRecord]:
        """The records of the pictures that are drawn for the pool while the open round is looked at."""
        if not self._chooses_seen(session):
            return []
        prompts = prompts_to_draw(session, self._preparation, self._settings)
        return self._candidate_records(session.subject, prompts)

    def pool_records(self, session: Session) -> dict[PictureRecord, tuple[int, ...]]:
        """Records and paths of the pictures that were drawn for the pool in answered rounds, and not shown.

        They follow from the log. Some may never have been drawn.
        """
        if not self._chooses_seen(session):
            return {}
        shown = {path for round_ in session.rounds for path in round_.paths}
        prompt = self._preparation.vocabulary.prompt
        found: dict[PictureRecord, tuple[int, ...]] = {}
        for number in range(1, len(session.answered) + 1):
            looked_at = replace(session, rounds=session.rounds[:number])
            for path, seed in prompts_to_draw(looked_at, self._preparation, self._settings):
                if path not in shown:
                    found[self._record(prompt(session.subject, path), seed)] = path
        return found

    def shared_records(self, subject: str) -> list[PictureRecord]:
        """The records of the first rounds of a subject, and of its shared pool; none if it is not banked."""
        return self._shared.get(subject, lambda: self._new_shared(subject)) if subject in self.banked else []

    def _new_shared(self, subject: str) -> list[PictureRecord]:
        first = [self._first_session(subject, nth) for nth in range(self._settings.bank)]
        records = [record for session in first for record in self.records(self.ahead(session))]
        if first and self._chooses_seen(first[0]):
            prompts = shared_prompts(subject, self._preparation, self._settings)
            records += self._candidate_records(subject, prompts)
        return records

    def _first_session(self, subject: str, seed: int) -> Session:
        """A session that nobody began, with the strategy of the settings."""
        return Session(
            token="",
            seed=seed,
            subject=subject,
            strategy=checked_strategy(self._settings.strategy),
            options=self._settings.options,
            vocabulary=self._preparation.vocabulary.fingerprint,
            renderer=self._renderer,
            embedder="",
            created=ANY_TIME,
        )

    def _chooses_seen(self, session: Session) -> bool:
        """Whether questions of the session may be chosen among pictures that were seen."""
        arms = self._settings.study_arms if session.strategy == STUDY else (session.strategy,)
        return self._pictures is not None and any(STRATEGIES[checked_strategy(arm)].seen for arm in arms)

    def _pool(self, session: Session) -> SeenPool | None:
        """The pictures among which the next question may be chosen; None for a strategy by words."""
        if self._pictures is None or not self._chooses_seen(session):
            return None
        drawn = self._store.pictures_of(session.token, self.shared_records(session.subject))
        pool = pool_of(session, self._preparation.vocabulary, drawn, self._pictures.features)
        answered = [picture for round_ in session.answered for picture in round_.pictures]
        self._pictures.prefetch([*answered, *pool.pictures])  # for the estimate too
        return pool

    def _chosen(self, session: Session, pool: SeenPool | None) -> Round:
        if pool is not None and len(pool) >= session.options:
            inputs = session, self._preparation, self._settings, self._taste, self.banked
            round_ = next_round(*inputs, pool)
        else:
            round_ = self.ahead(session)
        if round_.rendered:
            return round_
        records = self.records(round_)
        found = self._store.find_pictures(records) if pool is None else pool.drawn
        if not all(record in found for record in records):
            return round_
        return replace(round_, pictures=tuple(found[record] for record in records))

    def _candidate_records(
        self, subject: str, candidates: Sequence[tuple[tuple[int, ...], int]]
    ) -> list[PictureRecord]:
        prompt = self._preparation.vocabulary.prompt
        return [self._record(prompt(subject, path), seed) for path, seed in candidates]

    def _record(self, prompt: str, seed: int) -> PictureRecord:
        return PictureRecord(self._renderer, prompt, "", seed)
