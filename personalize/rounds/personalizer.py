"""One person's loop: start, propose, render, answer, undo, taste.

Everything is derived from the log in the store: the same session replays to the same questions, and the
estimate is never kept. All calls block and may come from any thread.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from weakref import WeakValueDictionary

from torch import Tensor

from personalize.errors import CancelledError, SessionError, StaleAnswerError
from personalize.mdp.prompt_mdp import BLANK
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preparation.prepare import Preparation
from personalize.progress import OnStep
from personalize.rendering.jobs import Purpose, RenderJob
from personalize.rendering.pictures import Pictures
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rendering.queue import RenderQueue
from personalize.rounds.explanation import Explanation, explain
from personalize.rounds.next_round import next_round
from personalize.rounds.seen_pool import SeenPool, ahead_seeds, pool_of, prompts_to_draw, shared_prompts
from personalize.rounds.strategies import STRATEGIES
from personalize.seeds import checked_seed
from personalize.session.feedback import comparisons_of
from personalize.session.record import STUDY, Answer, PictureRecord, Round, Session, checked_strategy
from personalize.session.store import Store, other_pictures
from personalize.session.subject import check_subject
from personalize.settings import Settings
from personalize.vocabulary.known_subjects import KnownSubjects

REMEMBERED = 512
"""Estimates kept in memory, of the newest answers; also the number of questions."""

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The time of an answer that nobody gave yet."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What one event reads of a session, once.

    Attributes:
        session: with its live rounds.
        estimate: the taste that its answers tell.
        why: what the open round asks; None without an open round, and in a study.
    """

    session: Session
    estimate: TasteEstimate
    why: Explanation | None


class Personalizer:
    """The loop over a preparation, a store, and the networks."""

    def __init__(
        self,
        preparation: Preparation,
        store: Store,
        renderer: Renderer,
        embedder: Embedder,
        settings: Settings,
        features_of: Callable[[Round], Tensor] | None = None,
        banked: Sequence[str] = (),
        known: KnownSubjects | None = None,
    ) -> None:
        """Join the parts; nothing is computed yet.

        Args:
            preparation: vocabulary, features, prior and design.
            store: keeps sessions and pictures.
            renderer: draws.
            embedder: sees.
            settings: the tunables.
            features_of: Float[K, d] of a round's options; what the embedder sees in them, unless given.
            banked: subjects whose first rounds are few and drawn beforehand (see `request_bank`).
            known: the only subjects that the renderer has learned; None if it draws any.
        """
        self.preparation, self.store, self.settings = preparation, store, settings.with_words()
        self.renderer, self.embedder, self.known = renderer, embedder, known
        self._from_pictures = features_of is None
        self._banked = frozenset(banked) if settings.bank else frozenset()
        self._pictures = Pictures(store, renderer, embedder, preparation.space, stall_s=settings.stall_s)
        self._features_of = features_of or (lambda round_: self._pictures.features(round_.pictures))
        self._remembering = threading.Lock()
        self._shared: dict[str, list[PictureRecord]] = {}
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._estimates: OrderedDict[object, TasteEstimate] = OrderedDict()
        self._questions: OrderedDict[object, Round] = OrderedDict()
        self._foreseen: OrderedDict[object, Round] = OrderedDict()

    def start(
        self,
        subject: str,
        *,
        seed: int | None = None,
        strategy: str | None = None,
        options: int | None = None,
        consent: bool = False,
    ) -> Session:
        """A new session about `subject`.

        Args:
            subject: what the pictures show.
            seed: everything random follows from it; None for one drawn by lot.
            strategy: how questions are chosen; None for the settings'.
            options: pictures a round; None for the settings'.
            consent: whether the person agreed to take part in a study, which a study's session needs.

        Raises:
            SessionError: the subject is empty, too long or not plain text, an unknown strategy, or no
                consent to a study.
        """
        subject = self.checked_subject(subject)
        chosen = checked_seed(seed if seed is not None or self.settings.seed < 0 else self.settings.seed)
        session = replace(
            self._blank(subject, chosen),
            strategy=checked_strategy(strategy or self.settings.strategy),
            options=options or self.settings.options,
        )
        if session.strategy == STUDY and not consent:
            raise SessionError(
                "Expected your consent to take part in the study, found none. Read what is asked and kept, "
                "and agree to it, or do not take part."
            )
        self.store.create(session)
        return session

    def _blank(self, subject: str, seed: int) -> Session:
        return Session(
            token=secrets.token_urlsafe(16),
            seed=seed,
            subject=subject,
            strategy=checked_strategy(self.settings.strategy),
            options=self.settings.options,
            vocabulary=self.preparation.vocabulary.fingerprint,
            renderer=self.renderer.name,
            embedder=self.embedder.name,
            created=datetime.now(UTC),
        )

    def session(self, token: str) -> Session:
        """The session with its live rounds.

        Raises:
            UnknownSessionError: there is none.
        """
        return self.store.load(token)

    def propose(self, token: str) -> Round:
        """The open round, chosen now when there is none. Its pictures may not exist yet.

        Raises:
            UnknownSessionError: there is no such session.
            SessionError: the session was made with another vocabulary.
        """
        with self._lock(token):
            session = self._known(token)
            if session.current is not None:
                return session.current
            return self.store.append_round(token, self._question(session))

    def open_round(self, token: str, session: Session | None = None, promised: str = "") -> Snapshot:
        """The session with its open round, chosen now when there is none; pictures that exist are shown.

        The store is called a few times, whatever the number of rounds: to load the session, to find the
        pictures of the new round and of the pool, and to keep the round.

        Args:
            token: of the session.
            session: as it is now, if the caller just read it.
            promised: the `fingerprint` of the round of `likely_rounds` that the page shows already.

        Raises:
            UnknownSessionError: there is no such session.
            SessionError: the session was made with another vocabulary.
        """
        with self._lock(token):
            session = self._checked(session or self.store.load(token))
            if session.current is None:
                round_ = self._question(session, promised)
                kept = self.store.append_round(token, round_)
                session = replace(session, rounds=(*session.rounds, kept))
        estimate, why = self._estimate(session), None
        if session.current is not None and session.strategy != STUDY:
            why = explain(self.preparation, estimate, session.current)
        return Snapshot(session, estimate, why)

    def snapshot(self, token: str) -> Snapshot:
        """The session and its taste, read once; without a new round.

        Raises:
            UnknownSessionError: there is no such session.
            SessionError: the session was made with another vocabulary.
        """
        session = self._known(token)
        return Snapshot(session, self._estimate(session), None)

    def request_round(self, token: str, round_: Round) -> RenderJob:
        """The job that draws the open round; its future is the round with its pictures.

        Where the round was drawn ahead, its job is made urgent. An undo while the pictures are drawn may put
        another round in the place of this one; then the future is that other round.
        """

        def finish(pictures: list[str]) -> Round:
            with self._lock(token):
                now = self.store.load(token).round(round_.number)
                if now.rendered or now.prompts != round_.prompts:
                    return now
                return self.store.set_pictures(token, round_.number, pictures)

        return self._pictures.request(token, Purpose.ROUND, self._records(round_), finish)

    def request_ahead(self, token: str, session: Session | None = None) -> RenderJob | None:
        """The job that draws the round after the open one while that is looked at; None when there is none.

        Its future is that round with its pictures. For most strategies it is the next round, whatever is
        answered. `adaptive-seen` draws further pictures after it, and chooses among all of them.
        """
        return self.request_pool(token, session)[0]

    def request_pool(
        self, token: str, session: Session | None = None
    ) -> tuple[RenderJob | None, RenderJob | None]:
        """The job of `request_ahead`, and the job that draws further pictures for the pool.

        The second job is None for other strategies than `adaptive-seen`. Its future is the pictures' hashes.
        """
        session = session or self._known(token)
        if session.current is None or not session.current.rendered or not self.settings.lookahead_rounds:
            return None, None
        ahead = self._next_round(session)

        def finish(pictures: list[str]) -> Round:
            return replace(ahead, pictures=tuple(pictures))

        records, further = self._records(ahead), []
        if self._chooses_seen(session):
            prompts = prompts_to_draw(session, self.preparation, self.settings)
            further = self._candidate_records(session.subject, prompts)
        known = self.store.find_pictures([*records, *further])
        job = self._pictures.request(token, Purpose.AHEAD, records, finish, known)
        return job, self._pictures.request(token, Purpose.POOL, further, known=known) if further else None

    def likely_rounds(self, token: str, session: Session | None = None) -> dict[int, Round]:
        """The next round for each pick without marks, with its pictures; -1 stands for "none of these".

        A pick is left out if the pictures of its round do not exist yet. `open_round` keeps a round of this
        list if it is promised, also if more pictures were drawn meanwhile.
        """
        session = session or self._known(token)
        if session.current is None:
            return {}
        likely: dict[int, Round] = {}
        pool = self._pool(session) if self._chooses_seen(session) else None
        for best in (*range(session.options), -1):
            answer = Answer("none" if best < 0 else "best", None if best < 0 else best, ANY_TIME)
            answered = replace(session.current, answer=answer)
            after = replace(session, rounds=(*session.rounds[:-1], answered))
            round_ = self._chosen(after, pool)
            if round_.rendered:
                likely[best] = round_
                with self._remembering:
                    self._foreseen[_log_of(after), round_.fingerprint] = round_
                    while len(self._foreseen) > REMEMBERED:
                        self._foreseen.popitem(last=False)
        shown = {picture for round_ in likely.values() for picture in round_.pictures}
        self.store.own(token, sorted(shown))  # the page loads them beforehand; some are of the shared pool
        return likely

    def forget_unshown(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Delete pictures that were drawn ahead for sessions which nobody answered for so long; how many."""
        return self.store.forget_unshown(datetime.now(UTC) - older_than, ahead_seeds)

    def render_ahead(self, token: str, on_step: OnStep | None = None) -> bool:
        """Draw what `request_ahead` asks for, and wait for it; whether it was drawn.

        Raises:
            RenderError: the renderer failed or stands still; the round will be drawn when its turn comes.
        """
        job = self.request_ahead(token)
        if job is None:
            return False
        try:
            job.result(on_step)
        except CancelledError:
            return False
        return True

    def waiting(self, token: str) -> int:
        """Sessions that the renderer serves before this one."""
        return self.queue.before(token)

    @property
    def queue(self) -> RenderQueue:
        """The render queue of all sessions."""
        return self._pictures.queue

    def request_bank(self) -> list[RenderJob]:
        """The jobs that draw pictures of the banked subjects: their first rounds, then their shared pool.

        They give way to everybody else. A session that begins with such a round finds its pictures.
        """
        shared = [self._shared_records(subject) for subject in sorted(self._banked)]
        at_once = self.settings.options
        return [
            self._pictures.request(None, Purpose.BANK, records[start : start + at_once])
            for start in range(0, max(map(len, shared), default=0), at_once)
            for records in shared
            if start < len(records)
        ]

    def _shared_records(self, subject: str) -> list[PictureRecord]:
        """The records of the first rounds of a subject, and of its shared pool; none if it is not banked."""
        if subject not in self._banked:
            return []
        with self._remembering:
            if subject in self._shared:
                return self._shared[subject]
        records = [
            record
            for nth in range(self.settings.bank)
            for record in self._records(self._next_round(self._blank(subject, nth)))
        ]
        if self._chooses_seen(self._blank(subject, 0)):
            prompts = shared_prompts(subject, self.preparation, self.settings)
            records += self._candidate_records(subject, prompts)
        with self._remembering:
            return self._shared.setdefault(subject, records)

    def _candidate_records(
        self, subject: str, candidates: Sequence[tuple[tuple[int, ...], int]]
    ) -> list[PictureRecord]:
        prompt = self.preparation.vocabulary.prompt
        return [self._record(prompt(subject, path), seed) for path, seed in candidates]

    def _chooses_seen(self, session: Session) -> bool:
        """Whether questions of the session may be chosen among pictures that were seen."""
        arms = self.settings.study_arms if session.strategy == STUDY else (session.strategy,)
        return self._from_pictures and any(STRATEGIES[checked_strategy(arm)].seen for arm in arms)

    def _pool(self, session: Session) -> SeenPool:
        """The pictures among which the next question may be chosen."""
        drawn = self.store.pictures_of(session.token, self._shared_records(session.subject))
        pool = pool_of(session, self.preparation.vocabulary, drawn, self._pictures.features)
        answered = [picture for round_ in session.answered for picture in round_.pictures]
        self._pictures.prefetch([*answered, *pool.pictures])  # for the estimate too
        return pool

    def _question(self, session: Session, promised: str = "") -> Round:
        """The round after those of the session, given all answers; with its pictures if they exist."""
        if promised:
            with self._remembering:
                foreseen = self._foreseen.get((_log_of(session), promised))
            if foreseen is not None:
                return foreseen
        return self._chosen(session, self._pool(session) if self._chooses_seen(session) else None)

    def _chosen(self, session: Session, pool: SeenPool | None) -> Round:
        if pool is not None and len(pool) >= session.options:
            inputs = session, self.preparation, self.settings, self._estimate, self._banked
            round_ = next_round(*inputs, pool)
        else:
            round_ = self._next_round(session)
        if round_.rendered:
            return round_
        records = self._records(round_)
        found = self.store.find_pictures(records) if pool is None else pool.drawn
        if not all(record in found for record in records):
            return round_
        return replace(round_, pictures=tuple(found[record] for record in records))

    def _next_round(self, session: Session) -> Round:
        """The round after those of the session. It was chosen before if it was drawn ahead."""
        known = max(0, len(session.rounds) - self.settings.lookahead_rounds)
        asked = tuple((round_.paths, round_.seeds, round_.strategy) for round_ in session.rounds)
        answers = tuple((round_.pictures, _told(round_)) for round_ in session.rounds[:known])
        key = (session.seed, session.subject, session.strategy, session.options, asked, answers)
        with self._remembering:
            if key in self._questions:
                self._questions.move_to_end(key)
                return self._questions[key]
        chosen = next_round(session, self.preparation, self.settings, self._estimate, self._banked)
        with self._remembering:
            self._questions[key] = chosen
            while len(self._questions) > REMEMBERED:
                self._questions.popitem(last=False)
        return chosen

    def _records(self, round_: Round) -> list[PictureRecord]:
        return [self._record(*pair) for pair in zip(round_.prompts, round_.seeds, strict=True)]

    def render(self, token: str, number: int, on_step: OnStep | None = None) -> Round:
        """The round with its pictures; drawn now unless the same record was drawn before.

        Raises:
            RenderError: the renderer failed; nothing that was answered is lost.
        """
        while not (round_ := self._known(token).round(number)).rendered:
            self.request_round(token, round_).result(on_step)
        return round_

    def answer(
        self,
        token: str,
        number: int,
        *,
        best: int | None = None,
        liked: Sequence[int] = (),
        disliked: Sequence[int] = (),
        none: bool = False,
        shown: str | None = None,
    ) -> Session:
        """Count an answer to the open round, exactly once.

        Args:
            token: of the session.
            number: of the round.
            best: the favourite, in screen order.
            liked: others that are marked as liked, in screen order.
            disliked: others that are marked as disliked, in screen order.
            none: whether none of them pleases.
            shown: the `fingerprint` of the round that the person looked at; None when it is surely this one.

        Raises:
            StaleAnswerError: the round does not wait for an answer, or other pictures were looked at.
            SessionError: no answer, two at once, an option that is not on the screen, or two marks on one.
        """
        session = self._known(token)
        answer = Answer.checked(session.options, best=best, none=none, liked=liked, disliked=disliked)
        if self._from_pictures and not session.round(number).rendered:
            raise other_pictures()
        with self._lock(token):
            return self.store.append_answer(token, number, answer, shown)

    def change_answer(
        self,
        token: str,
        number: int,
        *,
        best: int | None = None,
        none: bool = False,
        shown: str | None = None,
    ) -> Session:
        """Answer an earlier round otherwise; what was answered after it stays.

        Marks of pictures other than the new favourite stay too. "None of these" has no marks.

        Args:
            token: of the session.
            number: of a round that was answered.
            best: the favourite, in screen order.
            none: whether none of them pleases.
            shown: the `fingerprint` of the round that the person looked at; None when it is surely this one.

        Raises:
            StaleAnswerError: the round was not answered, or other pictures were looked at.
            SessionError: no answer, two at once, or an option that was not on the screen.
        """
        session = self._known(token)
        before = session.round(number).answer
        kept = before is not None and not none
        answer = Answer.checked(
            session.options,
            best=best,
            none=none,
            liked=before.liked if kept and before else (),
            disliked=[place for place in before.disliked if place != best] if kept and before else (),
        )
        with self._lock(token):
            if shown is not None and shown != self.store.load(token).round(number).fingerprint:
                raise StaleAnswerError(
                    "Expected a change to the pictures of that round, found one about others. "
                    "It was not counted; look at the rounds now on the screen."
                )
            self.store.change_answer(token, number, answer)
            return self.store.load(token)

    def undo(self, token: str) -> Session:
        """Take the last answer back; its round is open again.

        Raises:
            SessionError: nothing was answered yet.
        """
        with self._lock(token):
            self.store.undo(token)
            return self.store.load(token)

    def estimate(self, token: str) -> TasteEstimate:
        """The taste that the session's answers tell."""
        return self._estimate(self._known(token))

    def render_prompts(
        self,
        token: str,
        prompts: Sequence[str],
        seeds: int | Sequence[int],
        on_step: OnStep | None = None,
        purpose: Purpose = Purpose.PICTURES,
    ) -> list[str]:
        """Hashes of the pictures of prompts, of one seed or of one each; the session may see them.

        Raises:
            RenderError: the renderer failed.
        """
        each = [seeds] * len(prompts) if isinstance(seeds, int) else seeds
        self._known(token)
        self.queue.drop_ahead(token)
        records = [self._record(prompt, seed) for prompt, seed in zip(prompts, each, strict=True)]
        return self._pictures.render(token, records, on_step, purpose=purpose)

    def why(self, token: str) -> Explanation | None:
        """What the open round asks about, and how much its answer should settle.

        None without an open round, and in a study: it would tell the arms apart.
        """
        session = self._known(token)
        if session.current is None or session.strategy == STUDY:
            return None
        return explain(self.preparation, self._estimate(session), session.current)

    def features(self, pictures: Sequence[str]) -> Tensor:
        """Float[N, d]: what the embedder sees in pictures, by hash, in the space of tastes."""
        return self._pictures.features(pictures)

    def picture(self, token: str, picture: str) -> bytes:
        """The PNG of a picture that this session may see; one that was damaged on disk is drawn again.

        Raises:
            SessionError: the session may not see it.
        """
        if not self.store.owns(token, picture):
            raise SessionError(
                "Expected a picture of this session, found another. Open it from its own page."
            )
        return self._pictures.content(picture)

    def delete(self, token: str) -> int:
        """Forget the session; how many rounds, answers and pictures are gone.

        Pictures of the shared pool stay for others.
        """
        self.queue.cancel(token)
        with self._lock(token):
            session = self.store.load(token)
            return self.store.delete(token, self._shared_records(session.subject))

    def _estimate(self, session: Session) -> TasteEstimate:
        """The taste of a session's answers. It is a function of the log, so recent ones are remembered."""
        key = _log_of(replace(session, rounds=session.answered))
        with self._remembering:
            if key in self._estimates:
                self._estimates.move_to_end(key)
                return self._estimates[key]
        if self._from_pictures:
            self._pictures.prefetch([picture for round_ in session.answered for picture in round_.pictures])
        comparisons = comparisons_of(session, self._features_of)
        estimate = estimate_taste(comparisons, self.preparation.prior, lapse=self.settings.lapse)
        with self._remembering:
            self._estimates[key] = estimate
            while len(self._estimates) > REMEMBERED:
                self._estimates.popitem(last=False)
        return estimate

    def _record(self, prompt: str, seed: int) -> PictureRecord:
        return PictureRecord(self.renderer.name, prompt, "", seed)

    def checked_subject(self, subject: str) -> str:
        """The subject, as it is drawn.

        Raises:
            SessionError: empty, too long, not plain text, or no room for words of style behind it.
        """
        subject = check_subject(subject)
        vocabulary = self.preparation.vocabulary
        room = self.renderer.room(vocabulary.prompt(subject, self._longest_path))
        if room < 0:
            raise SessionError(
                "Expected a subject that leaves the model room for words of style, found one that is "
                "{pieces} word pieces too long. Shorten it.",
                pieces=-room,
            )
        return subject

    def is_known(self, subject: str) -> bool:
        """Whether the renderer has learned to draw this subject, as far as the app can tell."""
        return self.known is None or self.known.knows(subject, self.preparation.vocabulary.tokens)

    @cached_property
    def _longest_path(self) -> list[int]:
        """A prompt's words that leave the renderer least room: of as many slots as a prompt has words."""
        vocabulary = self.preparation.vocabulary
        room = {n: self.renderer.room(token) for n, token in enumerate(vocabulary.tokens)}
        path = [
            min(allowed.nonzero().flatten().tolist(), key=room.__getitem__) for allowed in vocabulary.allowed
        ]
        longest = sorted(range(len(path)), key=lambda slot: room[path[slot]])[: self.settings.max_tokens]
        return [token if slot in longest else BLANK for slot, token in enumerate(path)]

    def _known(self, token: str) -> Session:
        return self._checked(self.store.load(token))

    def _checked(self, session: Session) -> Session:
        """The session, made with the vocabulary and the models of this app."""
        if session.vocabulary != self.preparation.vocabulary.fingerprint:
            raise SessionError(
                "Expected a session made with the words this app knows now, found one made with others. "
                "Start a new session."
            )
        if (session.renderer, session.embedder) != (self.renderer.name, self.embedder.name):
            raise SessionError(
                "Expected a session made with the models this app runs now, found one made with others. "
                "Start a new session."
            )
        return session

    def _lock(self, token: str) -> threading.Lock:
        """The lock of a session, held for moments and never while something is drawn."""
        with self._remembering:
            return self._locks.setdefault(token, threading.Lock())


def _told(round_: Round) -> object:
    """What a round's answer says, without its time."""
    answer = round_.answer
    return None if answer is None else (answer.best, answer.liked, answer.disliked)


def _log_of(session: Session) -> object:
    """What a choice depends on: the session's parameters, its rounds and their answers."""
    rounds = tuple((round_.paths, round_.pictures, _told(round_)) for round_ in session.rounds)
    return session.seed, session.subject, session.strategy, session.options, rounds
