"""Whatever is asked of the render queue in whatever order: a simple model draws the same pictures next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from personalize.errors import CancelledError
from personalize.progress import OnStep
from personalize.rendering.jobs import ABANDONED_S, AHEAD_S, DRAWN_AHEAD, Purpose, RenderJob
from personalize.rendering.order import PATIENCE
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord

BATCH = 3
SESSIONS = st.sampled_from(["a", "b", "c"])
PURPOSES = st.sampled_from(list(Purpose))


@dataclass(eq=False)
class Wanted:
    """A job as the model knows it."""

    session: str
    purpose: Purpose
    names: list[str]
    age: int
    job: RenderJob
    passed: int = 0
    left_s: float | None = None
    drawn: set[str] = field(default_factory=set)

    asked_s: float = 0.0
    guess: bool = False

    def given_up(self, now: float) -> bool:
        if self.left_s is not None:
            return now - self.left_s > ABANDONED_S
        return self.guess and now - self.asked_s > AHEAD_S

    @property
    def missing(self) -> list[str]:
        return [name for name in self.names if name not in self.drawn]


class QueueMachine(RuleBasedStateMachine):
    """The queue beside a list of what is wanted; both draw one batch at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.age, self.turn, self.since_late = 0.0, 0, 0, 0
        self.drawn: list[list[str]] = []
        self.during: tuple[str, Purpose] | None = None
        self.served: dict[str, int] = {}
        self.wanted: list[Wanted] = []
        self.queue = RenderQueue(self.draw, self.keep, batch=BATCH, capacity=0, clock=lambda: self.now)

    def draw(self, records: Sequence[PictureRecord], on_step: OnStep) -> list[bytes]:
        names = [record.prompt for record in records]
        on_step(1, 2)
        if self.during is not None:
            (session, purpose), self.during = self.during, None
            self.ask(session, purpose, 2)
            on_step(2, 2)
        self.drawn.append(names)
        return [name.encode() for name in names]

    def keep(self, drawn: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]) -> list[str | None]:
        return [record.prompt for record, _, _ in drawn]

    @rule(session=SESSIONS, purpose=PURPOSES, count=st.integers(1, 5))
    def ask(self, session: str, purpose: Purpose, count: int) -> None:
        self.age += 1
        names = [f"{session}{self.age}-{n}" for n in range(count)]
        if purpose in DRAWN_AHEAD:
            self.forget([w for w in self.wanted if w.session == session and w.purpose is purpose])
        job = self.queue.submit(session, purpose, [PictureRecord("m", name, "", 0) for name in names])
        one = Wanted(session, purpose, names, self.age, job, asked_s=self.now)
        one.guess = purpose in DRAWN_AHEAD
        self.wanted.append(one)

    @rule(data=st.data(), purpose=PURPOSES)
    def ask_again(self, data: st.DataObject, purpose: Purpose) -> None:
        if self.wanted:
            one = data.draw(st.sampled_from(self.wanted))
            again = self.queue.submit(one.session, purpose, list(one.job.records))
            assert again is one.job
            if purpose < one.purpose:
                one.purpose, one.left_s, one.guess = purpose, None, purpose in DRAWN_AHEAD

    @rule(session=SESSIONS)
    def drop_ahead(self, session: str) -> None:
        self.queue.drop_ahead(session)
        self.forget([w for w in self.wanted if w.session == session and not w.purpose.waited_for])

    @rule(session=SESSIONS)
    def cancel(self, session: str) -> None:
        mine = [w for w in self.wanted if w.session == session]
        assert self.queue.cancel(session) == len(mine)
        self.forget(mine)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """The last follower of a job goes away."""
        waited = [w for w in self.wanted if w.purpose.waited_for]
        if waited:
            one = data.draw(st.sampled_from(waited))
            with one.job.followed():
                pass
            one.purpose, one.left_s = Purpose.AHEAD, self.now

    @rule(seconds=st.sampled_from([1.0, ABANDONED_S, 2 * ABANDONED_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(during=st.one_of(st.none(), st.tuples(SESSIONS, PURPOSES)))
    def draw_next(self, during: tuple[str, Purpose] | None) -> None:
        self.forget([w for w in self.wanted if w.given_up(self.now)])
        expected = self.next_batch()
        before = len(self.drawn)
        self.during = during if expected else None
        leaders = [w for w in self.wanted if set(expected) & set(w.missing)]
        speculative = not any(w.purpose.waited_for for w in leaders)
        assert self.queue.draw_next() == bool(expected)
        if not expected:
            return
        gone = not any(w in self.wanted for w in leaders)  # a newer guess took its place on the way
        waits = during is not None and during[1].waited_for
        if gone or (speculative and waits):
            assert len(self.drawn) == before
            return
        assert self.drawn[before:] == [expected]
        for one in self.wanted:
            one.drawn |= set(expected)
        self.wanted = [w for w in self.wanted if w.missing]

    def next_batch(self) -> list[str]:
        """What the laws say is drawn next; the model's own counts of turns move on."""

        def key(one: Wanted) -> tuple[int, int, int]:
            return int(one.purpose), self.served.get(one.session, 0), one.age

        late = [w for w in self.wanted if w.purpose.waited_for and w.passed >= PATIENCE]
        late = late if self.since_late >= PATIENCE else []
        first = min(late, key=lambda w: (-w.passed, *key(w)), default=None)
        ordered = sorted(self.wanted, key=lambda w: (w is not first, *key(w)))
        batch: list[str] = []
        leaders: list[Wanted] = []
        for one in ordered:
            if leaders and one.purpose.waited_for != leaders[0].purpose.waited_for:
                break
            if len(batch) < BATCH:
                batch += one.missing[: BATCH - len(batch)]
                leaders.append(one)
        self.turn += 1
        if leaders:
            self.since_late = 0 if first is not None else self.since_late + 1
        for one in leaders:
            one.passed, self.served[one.session] = 0, self.turn
        for one in ordered:
            if one not in leaders and any(leader.purpose < one.purpose for leader in leaders):
                one.passed += 1
        return batch

    def forget(self, gone: list[Wanted]) -> None:
        self.wanted = [w for w in self.wanted if w not in gone]

    @invariant()
    def futures_tell_what_was_drawn(self) -> None:
        for one in self.wanted:
            assert not one.job.future.done() or one.left_s is not None or not one.missing
        alive = {id(w.job) for w in self.wanted}
        assert {id(job) for job in self.queue.unfinished if not job.future.done()} >= {
            id(job) for job in self.queue.unfinished if id(job) in alive
        }

    def teardown(self) -> None:
        """Everything that is still wanted is drawn in the end, and everything else was cancelled."""
        jobs = [w.job for w in self.wanted if not w.given_up(self.now)]
        for _ in range(500):
            if not self.queue.draw_next():
                break
        for job in jobs:
            assert job.future.result(0) == [record.prompt for record in job.records]
        names = [name for batch in self.drawn for name in batch]
        assert len(names) == len(set(names))  # nothing is drawn twice
        self.queue.close()


QueueMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestQueueMachine = QueueMachine.TestCase


def test_a_cancelled_job_says_so() -> None:
    queue = RenderQueue(lambda records, step: [], lambda drawn: [], capacity=0)
    job = queue.submit("a", Purpose.ROUND, [PictureRecord("m", "p", "", 0)])
    queue.cancel("a")
    assert isinstance(job.future.exception(0), CancelledError) and not queue.draw_next()
