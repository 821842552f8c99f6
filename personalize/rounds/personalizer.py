"""One person's loop: start, propose, render, answer, undo, taste.

Everything is derived from the log in the store: the same session replays to the same questions, and the
estimate is never kept. All calls block and may come from any thread.

The module is long because it is the one door to a session. A third of it is docstrings, and its parts are the
modules beside it.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from torch import Tensor

from personalize.errors import CancelledError, SessionError, StaleAnswerError
from personalize.preference.estimate import TasteEstimate, estimate_taste
from personalize.preparation.prepare import Preparation
from personalize.progress import OnStep
from personalize.rendering.jobs import Purpose, RenderJob
from personalize.rendering.pictures import Pictures
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rendering.queue import RenderQueue
from personalize.rounds.explanation import Explanation, explain
from personalize.rounds.questions import Questions
from personalize.rounds.remembered import Remembered, log_of
from personalize.rounds.seen_pool import ahead_seeds
from personalize.rounds.subject_room import SubjectRoom
from personalize.seeds import checked_seed
from personalize.session.feedback import comparisons_of
from personalize.session.record import STUDY, Answer, PictureRecord, Round, Session, checked_strategy
from personalize.session.store import Store, other_pictures
from personalize.settings import Settings
from personalize.vocabulary.known_subjects import KnownSubjects


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


@dataclass(frozen=True)
class UnshownPicture:
    """A picture that was drawn for the pool of a session.

    Attributes:
        picture: its hash.
        record: its prompt and seed.
        path: H token indices of its prompt.
    """

    picture: str
    record: PictureRecord
    path: tuple[int, ...]


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
        self._room = SubjectRoom(preparation.vocabulary, renderer, self.settings.max_tokens)
        self._pictures = Pictures(store, renderer, embedder, preparation.space, stall_s=settings.stall_s)
        self._features_of = features_of or (lambda round_: self._pictures.features(round_.pictures))
        self._questions = Questions(
            preparation,
            store,
            self._pictures if self._from_pictures else None,
            renderer.name,
            self.settings,
            self._estimate,
            banked,
        )
        self._remembering = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._estimates: Remembered[TasteEstimate] = Remembered()

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
        session = Session(
            token=secrets.token_urlsafe(16),
            seed=chosen,
            subject=subject,
            strategy=checked_strategy(strategy or self.settings.strategy),
            options=options or self.settings.options,
            vocabulary=self.preparation.vocabulary.fingerprint,
            renderer=self.renderer.name,
            embedder=self.embedder.name,
            created=datetime.now(UTC),
        )
        if session.strategy == STUDY and not consent:
            raise SessionError(
                "Expected your consent to take part in the study, found none. Read what is asked and kept, "
                "and agree to it, or do not take part."
            )
        self.store.create(session)
        return session

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
            return self.store.append_round(token, self._questions.next(session))

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
                round_ = self._questions.next(session, promised)
                kept = self.store.append_round(token, round_)
                if kept.number == round_.number:
                    session = replace(session, rounds=(*session.rounds, kept))
                else:  # the answer before was taken back after the session was read
                    session = self._known(token)
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
        another round in the place of this one; then the future is that other round, or a SessionError.
        """

        def finish(pictures: list[str]) -> Round:
            with self._lock(token):
                return self.store.set_pictures(token, round_.number, pictures, round_.prompts)

        return self._pictures.request(token, Purpose.ROUND, self._questions.records(round_), finish)

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
        ahead = self._questions.ahead(session)

        def finish(pictures: list[str]) -> Round:
            return replace(ahead, pictures=tuple(pictures))

        records, further = self._questions.records(ahead), self._questions.further_records(session)
        known = self.store.find_pictures([*records, *further])
        job = self._pictures.request(token, Purpose.AHEAD, records, finish, known)
        return job, self._pictures.request(token, Purpose.POOL, further, known=known) if further else None

    def likely_rounds(self, token: str, session: Session | None = None) -> dict[int, Round]:
        """The next round for each pick without marks, with its pictures; -1 stands for "none of these".

        A pick is left out if the pictures of its round do not exist yet. `open_round` keeps a round of this
        list if it is promised, also if more pictures were drawn meanwhile.
        """
        likely = self._questions.likely(session or self._known(token))
        shown = {picture for round_ in likely.values() for picture in round_.pictures}
        self.store.own(token, sorted(shown))  # the page loads them beforehand; some are of the shared pool
        return likely

    def unshown_pictures(self, token: str) -> list[UnshownPicture]:
        """Pictures that were drawn for the pool of a session in answered rounds, and not shown."""
        paths = self._questions.pool_records(self._known(token))
        drawn = self.store.find_pictures(list(paths))
        return [
            UnshownPicture(drawn[record], record, path) for record, path in paths.items() if record in drawn
        ]

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
        shared = [self._questions.shared_records(subject) for subject in sorted(self._questions.banked)]
        at_once = self.settings.options
        return [
            self._pictures.request(None, Purpose.BANK, records[start : start + at_once])
            for start in range(0, max(map(len, shared), default=0), at_once)
            for records in shared
            if start < len(records)
        ]

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

    def undo(self, token: str, answered: int | None = None) -> Session:
        """Take the last answer back; its round is open again.

        Args:
            token: of the session.
            answered: number of answers that the person sees. Nothing is taken back if there are more or fewer
                now. None takes the last one back in any case.

        Raises:
            SessionError: nothing was answered yet.
        """
        with self._lock(token):
            if answered is not None and len((now := self.store.load(token)).answered) != answered:
                return now
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
        records = [
            PictureRecord(self.renderer.name, prompt, "", seed)
            for prompt, seed in zip(prompts, each, strict=True)
        ]
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
        return self.content(picture)

    def content(self, picture: str) -> bytes:
        """The PNG of a picture by hash, for whom the caller let see it; a damaged one is drawn again.

        Raises:
            StoreError: it does not exist any more, or it is damaged and another model drew it.
            RenderError: the renderer failed.
        """
        return self._pictures.content(picture)

    def delete(self, token: str) -> int:
        """Forget the session; how many rounds, answers and pictures are gone.

        Pictures of the shared pool stay for others.
        """
        self.queue.cancel(token)
        with self._lock(token):
            session = self.store.load(token)
            return self.store.delete(token, self._questions.shared_records(session.subject))

    def _estimate(self, session: Session) -> TasteEstimate:
        """The taste of a session's answers. It is a function of the log, so recent ones are remembered."""
        return self._estimates.get(
            log_of(replace(session, rounds=session.answered)), lambda: self._new_estimate(session)
        )

    def _new_estimate(self, session: Session) -> TasteEstimate:
        if self._from_pictures:
            self._pictures.prefetch([picture for round_ in session.answered for picture in round_.pictures])
        comparisons = comparisons_of(session, self._features_of)
        return estimate_taste(comparisons, self.preparation.prior, lapse=self.settings.lapse)

    def checked_subject(self, subject: str) -> str:
        """The subject, as it is drawn.

        Raises:
            SessionError: empty, too long, not plain text, or no room for words of style behind it.
        """
        return self._room.checked(subject)

    def is_known(self, subject: str) -> bool:
        """Whether the renderer has learned to draw this subject, as far as the app can tell."""
        return self.known is None or self.known.knows(subject, self.preparation.vocabulary.tokens)

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
