"""The loop of a session, with the real design, estimate and stores, and stand-ins for the networks."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from personalize.errors import (
    CancelledError,
    RenderError,
    SessionError,
    StaleAnswerError,
    StalledError,
    UnknownSessionError,
)
from personalize.preparation.prepare import Preparation, prepare
from personalize.progress import OnStep
from personalize.rounds.personalizer import Personalizer
from personalize.seeds import LARGEST_SEED, checked_seed, derived_seed
from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.session.record import STRATEGY_NAMES, PictureRecord, Round
from personalize.session.store import Store
from personalize.settings import Settings
from personalize.taste.personal_pictures import personal_pictures
from personalize.taste.summary import summarise
from personalize.ui.text.sentences import in_english
from tests.fakes import FAKE_SLOTS, FakeEmbedder, FakeRenderer, Job, fake_vocabulary


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=tmp_path_factory.mktemp("data"), candidates=200, repeats=0)


@pytest.fixture(scope="module")
def preparation(settings: Settings) -> Preparation:
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    database = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    request.addfinalizer(database.close)
    return database


@pytest.fixture
def renderer() -> FakeRenderer:
    return FakeRenderer()


@pytest.fixture
def loop(preparation: Preparation, store: Store, renderer: FakeRenderer, settings: Settings) -> Personalizer:
    return Personalizer(preparation, store, renderer, FakeEmbedder(), settings)


def likes(round_: Round, *words: str) -> int:
    """The index of the option whose prompt contains most of `words`."""
    return max(range(round_.options), key=lambda k: sum(word in round_.prompts[k] for word in words))


def play(loop: Personalizer, token: str, rounds: int, *words: str) -> None:
    for _ in range(rounds):
        round_ = loop.propose(token)
        loop.render(token, round_.number)
        loop.answer(token, round_.number, best=likes(round_, *words))


def test_a_session_learns_what_was_picked_and_uses_it(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=3).token
    play(loop, token, 10, "night", "pencil drawing")
    taste = summarise(loop, token)
    assert {opinion.token for opinion in taste.opinions[:2]} == {"night", "pencil drawing"}
    assert taste.opinions[0].liked and taste.opinions[1].liked
    assert taste.answered == 10 and taste.accuracy > taste.chance
    assert "night" in in_english(taste)
    pairs = personal_pictures(loop, token, "a castle", seed=5).pairs
    assert all(pair.prompt.startswith("a castle") for pair in pairs)
    assert all("night" in pair.prompt or "pencil drawing" in pair.prompt for pair in pairs)
    assert all(pair.plain_prompt == "a castle" and pair.plain != pair.personal for pair in pairs)
    assert {opinion.token for opinion in pairs[0].tokens} >= {"night"}


def test_the_next_round_can_be_drawn_before_the_answer_and_is_the_one_shown(
    loop: Personalizer, renderer: FakeRenderer
) -> None:
    token = loop.start("a fox", seed=3, strategy="adaptive").token
    assert not loop.render_ahead(token)  # no round is open yet
    for pick in (0, 3, 1, 2):
        open_round = loop.render(token, loop.propose(token).number)
        assert loop.render_ahead(token)
        drawn = renderer.rendered
        loop.answer(token, open_round.number, best=pick)
        following = loop.propose(token)
        assert loop.render(token, following.number).rendered
        assert renderer.rendered == drawn
    assert len(set(loop.session(token).rounds[-1].prompts)) == 4


def test_without_looking_ahead_questions_follow_the_last_answer(
    preparation: Preparation, store: Store, settings: Settings
) -> None:
    def second(ahead: int, pick: int) -> tuple[str, ...]:
        chosen = replace(settings, lookahead_rounds=ahead)
        loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), chosen)
        token = loop.start("a fox", seed=5).token
        loop.answer(token, loop.render(token, loop.propose(token).number).number, best=pick)
        assert loop.render_ahead(token) is False
        return loop.propose(token).prompts

    assert len({second(0, pick) for pick in range(4)}) > 1
    assert len({second(1, pick) for pick in range(4)}) == 1


def test_questions_are_of_few_words(loop: Personalizer, settings: Settings) -> None:
    for strategy in STRATEGY_NAMES:
        token = loop.start("a fox", seed=3, strategy=strategy, consent=True).token
        play(loop, token, 4, "night")
        lengths = [sum(map(bool, path)) for round_ in loop.session(token).rounds for path in round_.paths]
        assert max(lengths) == min(loop.settings.max_tokens, loop.preparation.vocabulary.horizon)


def test_a_seed_in_the_settings_is_every_sessions(
    preparation: Preparation, store: Store, settings: Settings
) -> None:
    loops = [
        Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), replace(settings, seed=seed))
        for seed in (7, 7, -1)
    ]
    first, again, own = (loop.propose(loop.start("a fox").token) for loop in loops)
    assert first.prompts == again.prompts and first.seeds == again.seeds
    assert own.seeds != first.seeds
    assert loops[0].start("a fox", seed=9).seed == 9


def test_the_same_seed_and_answers_ask_the_same_questions(
    preparation: Preparation, settings: Settings
) -> None:
    asked = []
    for _ in range(2):
        loop = Personalizer(preparation, MemoryStore(), FakeRenderer(), FakeEmbedder(), settings)
        token = loop.start("a fox", seed=11).token
        play(loop, token, 4, "warm colors")
        asked.append(
            [(round_.prompts, round_.seeds, round_.pictures) for round_ in loop.session(token).rounds]
        )
    assert asked[0] == asked[1]


def test_other_seeds_ask_other_questions(loop: Personalizer) -> None:
    first, second = (loop.propose(loop.start("a fox", seed=seed).token) for seed in (1, 2))
    assert first.prompts != second.prompts


def test_a_round_has_distinct_prompts_and_one_seed(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=4).token
    for _ in range(5):
        round_ = loop.render(token, loop.propose(token).number)
        assert len(set(round_.prompts)) == round_.options == len(set(round_.pictures))
        assert len(set(round_.seeds)) == 1
        loop.answer(token, round_.number, best=0)


def test_proposing_again_changes_nothing(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    assert loop.propose(token) == loop.propose(token)


def test_an_answer_counts_once(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    number = loop.render(token, loop.propose(token).number).number
    loop.answer(token, number, best=1)
    with pytest.raises(StaleAnswerError):
        loop.answer(token, number, best=2)
    (round_,) = loop.session(token).answered
    assert round_.answer is not None and round_.answer.best == 1


def test_two_threads_answer_a_round_once(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    number = loop.render(token, loop.propose(token).number).number
    refused: list[StaleAnswerError] = []

    def answer(best: int) -> None:
        try:
            loop.answer(token, number, best=best)
        except StaleAnswerError as error:
            refused.append(error)

    threads = [threading.Thread(target=answer, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3 and len(loop.session(token).answered) == 1


def test_undo_brings_the_same_round_and_forgets_the_answer(
    loop: Personalizer, renderer: FakeRenderer
) -> None:
    token = loop.start("a fox", seed=8).token
    play(loop, token, 3, "night")
    before = loop.session(token).rounds
    theta = loop.estimate(token).theta
    drawn = renderer.rendered
    play(loop, token, 1, "pastel colors")
    loop.propose(token)
    loop.undo(token)
    assert loop.propose(token).number == 4
    assert loop.session(token).rounds[:3] == before
    torch.testing.assert_close(loop.estimate(token).theta, theta)
    assert renderer.rendered == drawn + 4  # the pictures of the fourth round only


def test_undo_reaches_the_beginning_and_then_says_so(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    play(loop, token, 3, "night")
    for _ in range(3):
        loop.undo(token)
    assert loop.session(token).answered == ()
    with pytest.raises(SessionError, match="take back"):
        loop.undo(token)


def test_an_undo_of_an_answer_that_is_not_the_last_takes_nothing_back(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    play(loop, token, 2, "night")
    for seen in (1, 3):  # the page was behind, or its pick had not arrived yet
        assert len(loop.undo(token, seen).answered) == 2
    assert len(loop.undo(token, 2).answered) == 1
    assert len(loop.undo(token, 2).answered) == 1  # pressed twice


def test_a_round_of_a_session_that_changed_meanwhile_is_the_one_that_waits(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    play(loop, token, 2, "night")
    read = loop.session(token)
    loop.undo(token)
    snapshot = loop.open_round(token, read)
    assert [round_.number for round_ in snapshot.session.rounds] == [1, 2]
    assert snapshot.session.current is not None and snapshot.session.current.number == 2


def test_none_of_these_teaches_no_preference(loop: Personalizer) -> None:
    token = loop.start("a fox").token
    first = loop.render(token, loop.propose(token).number)
    loop.answer(token, first.number, none=True)
    second = loop.propose(token)
    assert second.number == 2 and second.prompts != first.prompts
    assert summarise(loop, token).answered == 1
    assert loop.estimate(token).answers == 0


def test_pictures_are_drawn_once(loop: Personalizer, renderer: FakeRenderer) -> None:
    token = loop.start("a fox", seed=6).token
    number = loop.propose(token).number
    loop.render(token, number)
    loop.render(token, number)
    assert renderer.rendered == 4
    personal_pictures(loop, token, "a boat", seed=1)
    drawn = renderer.rendered
    personal_pictures(loop, token, "a boat", seed=1)
    assert renderer.rendered == drawn


def test_progress_of_personal_pictures_only_grows_to_the_end(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=6).token
    play(loop, token, 2, "night")
    seen: list[float] = []
    personal_pictures(loop, token, "a boat", seed=2, on_step=lambda done, of: seen.append(done / of))
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_strength_zero_is_the_plain_picture(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=6).token
    play(loop, token, 6, "night")
    for pair in personal_pictures(loop, token, "a boat", strength=0.0, seed=3).pairs:
        assert pair.prompt == pair.plain_prompt == "a boat" and pair.plain == pair.personal


def test_a_session_sees_its_own_pictures_only(loop: Personalizer) -> None:
    mine, theirs = (loop.start("a fox", seed=seed).token for seed in (1, 2))
    (picture, *_) = loop.render(mine, loop.propose(mine).number).pictures
    assert loop.picture(mine, picture).startswith(b"\x89PNG")
    with pytest.raises(SessionError, match="of this session"):
        loop.picture(theirs, picture)
    for other in ("0" * 64, "../" * 20, ""):
        with pytest.raises(SessionError):
            loop.picture(mine, other)


def test_a_damaged_picture_is_drawn_again(
    preparation: Preparation, settings: Settings, tmp_path: Path
) -> None:
    store = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox", seed=1).token
    (picture, *_) = loop.render(token, loop.propose(token).number).pictures
    whole = loop.picture(token, picture)
    (file,) = [path for path in (tmp_path / "pictures").rglob("*") if path.is_file() and picture in path.name]
    file.write_bytes(whole[:100])
    assert loop.picture(token, picture) == whole
    file.unlink()
    assert loop.picture(token, picture) == whole
    store.close()


def test_a_renderer_that_fails_loses_nothing(loop: Personalizer, renderer: FakeRenderer) -> None:
    token = loop.start("a fox", seed=1).token
    play(loop, token, 2, "night")
    number = loop.propose(token).number
    renderer.fail_next = RuntimeError("out of memory")
    with pytest.raises(RenderError, match="out of memory"):
        loop.render(token, number)
    assert len(loop.session(token).answered) == 2
    assert loop.render(token, number).rendered


def test_a_deleted_session_is_gone(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=1).token
    play(loop, token, 2, "night")
    assert loop.delete(token) >= 2 + 2 + 8
    with pytest.raises(UnknownSessionError):
        loop.session(token)


@pytest.mark.parametrize("subject", ["", "   ", "x" * 10_000, "a\x00fox", "<b>fox</b>", "fox\u202e"])
def test_a_bad_subject_is_refused_in_a_sentence(loop: Personalizer, subject: str) -> None:
    with pytest.raises(SessionError, match=r"^Expected .*, found .*\. .*\.$"):
        loop.start(subject)
    token = loop.start("a fox").token
    with pytest.raises(SessionError, match=r"^Expected .*, found .*\. .*\.$"):
        personal_pictures(loop, token, subject)


@pytest.mark.parametrize(
    "values", [{"count": 0}, {"count": 99}, {"strength": -0.1}, {"strength": 2.0}, {"seed": -1}]
)
def test_a_bad_number_is_refused(loop: Personalizer, values: dict[str, float]) -> None:
    token = loop.start("a fox").token
    with pytest.raises(SessionError, match="Expected"):
        personal_pictures(loop, token, "a boat", **values)  # type: ignore[arg-type]


def test_a_subject_that_leaves_no_room_is_refused(preparation: Preparation, settings: Settings) -> None:
    class Narrow(FakeRenderer):
        def room(self, prompt: str) -> int:
            return 40 - len(prompt)

        def render(self, jobs: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[bytes]:  # type: ignore[override]
            raise AssertionError("nothing may be drawn")

    loop = Personalizer(preparation, MemoryStore(), Narrow(), FakeEmbedder(), settings)
    with pytest.raises(SessionError, match="leaves the model room"):
        loop.start("a very long subject")


def test_room_is_needed_for_as_many_words_as_a_prompt_has(
    preparation: Preparation, settings: Settings
) -> None:
    class Small(FakeRenderer):
        def room(self, prompt: str) -> int:
            return 45 - len(prompt)

    longest = sorted(max(map(len, words)) for words in FAKE_SLOTS.values())
    assert len("a fox") + sum(longest[1:]) + 4 <= 45 < len("a fox") + sum(longest) + 6

    def subject_with(words: int) -> str:
        few = replace(settings, max_tokens=words)
        return Personalizer(preparation, MemoryStore(), Small(), FakeEmbedder(), few).checked_subject("a fox")

    assert subject_with(2) == "a fox"
    with pytest.raises(SessionError, match="room for words of style"):
        subject_with(3)


def test_a_session_of_other_words_is_refused(preparation: Preparation, settings: Settings) -> None:
    store = MemoryStore()
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox").token
    words = replace(preparation.vocabulary, subjects=("a shoe",))
    other = Personalizer(
        replace(preparation, vocabulary=words), store, FakeRenderer(), FakeEmbedder(), settings
    )
    with pytest.raises(SessionError, match="words"):
        other.propose(token)


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_every_strategy_asks(loop: Personalizer, strategy: str) -> None:
    token = loop.start("a fox", strategy=strategy, consent=True).token
    play(loop, token, 4, "night")
    assert len(loop.session(token).answered) == 4


def test_seeds_are_checked_and_derived_the_same_everywhere() -> None:
    assert derived_seed(1, 2) == derived_seed(1, 2) != derived_seed(12)
    assert checked_seed(LARGEST_SEED) == LARGEST_SEED
    with pytest.raises(SessionError):
        checked_seed(LARGEST_SEED + 1)


def test_a_round_that_was_replaced_while_it_was_drawn_gets_its_own_pictures(
    preparation: Preparation, settings: Settings
) -> None:
    """Round 2 is replaced by an undo and another answer while its pictures are rendered."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow(FakeRenderer):
        slow = False

        def render(self, jobs: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[bytes]:  # type: ignore[override]
            if self.slow:
                self.slow = False
                begun.set()
                assert go_on.wait(30)
            return super().render(jobs, on_step)

    store, renderer = MemoryStore(), Slow()
    now = replace(settings, lookahead_rounds=0)
    loop = Personalizer(preparation, store, renderer, FakeEmbedder(), now)
    token = loop.start("a fox", seed=1).token
    first = loop.render(token, loop.propose(token).number)
    loop.answer(token, 1, best=0)
    old = loop.propose(token)
    renderer.slow = True
    drawing = threading.Thread(target=loop.render, args=(token, 2))
    drawing.start()
    assert begun.wait(30)
    loop.undo(token)
    loop.answer(token, 1, best=first.options - 1)
    new = loop.propose(token)
    assert new.prompts != old.prompts
    go_on.set()
    drawing.join(30)
    shown = loop.session(token).round(2)
    assert [store.record_of(picture).prompt for picture in shown.pictures] == list(new.prompts)


def test_an_answer_about_other_pictures_is_refused(
    preparation: Preparation, store: Store, settings: Settings
) -> None:
    now = replace(settings, lookahead_rounds=0)
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), now)
    token = loop.start("a fox", seed=1).token
    seen = loop.render(token, loop.propose(token).number)
    loop.answer(token, 1, best=0, shown=seen.fingerprint)
    old = loop.render(token, loop.propose(token).number)
    loop.undo(token)
    loop.answer(token, 1, best=3)
    new = loop.render(token, loop.propose(token).number)
    assert new.number == old.number and new.fingerprint != old.fingerprint
    with pytest.raises(StaleAnswerError, match="others"):
        loop.answer(token, 2, best=0, shown=old.fingerprint)
    assert len(loop.session(token).answered) == 1
    loop.answer(token, 2, best=0, shown=new.fingerprint)


def test_a_round_without_pictures_cannot_be_answered(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=1).token
    number = loop.propose(token).number
    with pytest.raises(StaleAnswerError):
        loop.answer(token, number, best=0)
    loop.render(token, number)
    loop.answer(token, number, best=0)


def test_nothing_of_a_deleted_session_stays(
    preparation: Preparation, settings: Settings, tmp_path: Path
) -> None:
    store = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox", seed=1).token
    play(loop, token, 4, "night")
    personal_pictures(loop, token, "a boat", seed=1)
    files = [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()]
    assert files
    loop.delete(token)
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []
    store.close()


def test_a_session_of_other_models_is_refused(preparation: Preparation, settings: Settings) -> None:
    store = MemoryStore()
    loop = Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), settings)
    token = loop.start("a fox").token
    newer = Personalizer(preparation, store, FakeRenderer(name="newer"), FakeEmbedder(), settings)
    with pytest.raises(SessionError, match="models"):
        newer.propose(token)


def test_static_questions_need_the_design_they_come_from(loop: Personalizer) -> None:
    token = loop.start("a fox", strategy="static-rounded", options=3).token
    with pytest.raises(SessionError, match="--options"):
        loop.propose(token)


def test_a_changed_pick_is_as_if_it_had_been_picked_so(loop: Personalizer) -> None:
    token, other = loop.start("a fox", seed=7).token, loop.start("a fox", seed=7).token
    for session, picks in ((token, (0, 1, 3)), (other, (2,))):
        for number, best in enumerate(picks, 1):
            loop.render(session, loop.propose(session).number)
            loop.answer(session, number, best=best)
    changed = loop.change_answer(token, 1, best=2, shown=loop.session(token).round(1).fingerprint)
    assert [r.answer.best for r in changed.answered if r.answer] == [2, 1, 3]
    with pytest.raises(StaleAnswerError, match="not counted"):
        loop.change_answer(token, 1, best=0, shown="0" * 16)
    with pytest.raises(SessionError):
        loop.change_answer(token, 1, best=9)
    for _ in range(2):
        loop.undo(token)
    torch.testing.assert_close(loop.estimate(token).theta, loop.estimate(other).theta)


def test_drawing_ahead_gives_way_to_what_is_asked_for(loop: Personalizer, renderer: FakeRenderer) -> None:
    token = loop.start("a fox", seed=6).token
    play(loop, token, 1, "night")
    loop.render(token, loop.propose(token).number)
    begun, stopped = threading.Event(), threading.Event()
    draw, went = renderer.render, list[bool]()

    def slowly(jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        if not went:
            went.append(True)
            begun.set()
            try:
                while on_step is not None and not stopped.wait(0.01):
                    on_step(0, 4)
            finally:
                stopped.set()
        return draw(jobs, on_step)

    renderer.render = slowly  # type: ignore[method-assign]
    drawn: list[bool] = []
    thread = threading.Thread(target=lambda: drawn.append(loop.render_ahead(token)))
    thread.start()
    assert begun.wait(10)
    made = personal_pictures(loop, token, "a boat", seed=2)  # waits forever unless rendering ahead gives way
    thread.join(10)
    assert drawn == [False] and stopped.is_set() and made.pairs
    assert loop.waiting(token) == 0


def test_whoever_waits_for_a_round_drawn_ahead_is_told_that_the_renderer_stands_still(
    preparation: Preparation, renderer: FakeRenderer, settings: Settings
) -> None:
    begun, hung, now = threading.Event(), threading.Event(), [0.0]
    loop = Personalizer(preparation, MemoryStore(), renderer, FakeEmbedder(), replace(settings, stall_s=5.0))
    loop.queue.clock = lambda: now[0]
    token = loop.start("a fox", seed=6).token
    loop.render(token, loop.propose(token).number)
    draw = renderer.render

    def hangs(jobs: Sequence[Job], on_step: Callable[[int, int], None] | None = None) -> list[bytes]:
        begun.set()
        assert hung.wait(20)
        return draw(jobs, on_step)

    def later() -> None:
        assert begun.wait(20)
        now[0] = 6.0

    renderer.render = hangs  # type: ignore[method-assign]
    threading.Thread(target=later, daemon=True).start()
    with pytest.raises(StalledError):
        loop.render_ahead(token)
    hung.set()
    shares: list[int] = []
    assert loop.render_ahead(token, lambda done, total: shares.append(done)) and shares[-1] == 1000


def test_drawing_stops_when_a_step_says_so_and_nothing_half_done_is_kept(
    loop: Personalizer, renderer: FakeRenderer
) -> None:
    token = loop.start("a fox", seed=6).token
    play(loop, token, 1, "night")

    def stop(done: int, total: int) -> None:
        if done:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        personal_pictures(loop, token, "a boat", seed=2, on_step=stop)
    assert personal_pictures(loop, token, "a boat", seed=2).pairs


def test_of_no_strength_the_first_picture_is_that_of_the_seed(loop: Personalizer) -> None:
    token = loop.start("a fox", seed=6).token
    play(loop, token, 2, "night")
    made = personal_pictures(loop, token, "a boat", strength=0.0, seed=42)
    assert [pair.seed for pair in made.pairs] == [42, 43, 44, 45]
    assert all(pair.prompt == pair.plain_prompt == "a boat" for pair in made.pairs)
    assert made.pairs[0].personal == made.pairs[0].plain == loop.render_prompts(token, ["a boat"], 42)[0]


def test_a_bank_makes_the_first_round_of_its_subjects_instant(
    preparation: Preparation, renderer: FakeRenderer, store: Store, settings: Settings
) -> None:
    banked = ("a fox", "an owl")
    by_words = replace(settings, strategy="adaptive")
    loop = Personalizer(preparation, store, renderer, FakeEmbedder(), by_words, banked=banked)
    assert all(len(job.future.result()) == 4 for job in loop.request_bank())
    drawn = renderer.rendered
    assert len(loop.request_bank()) == 4 and renderer.rendered == drawn  # rendered once
    begun = set()
    for seed in range(4):
        for subject in ("a fox", "an owl"):
            token = loop.start(subject, seed=seed).token
            begun.add(loop.render(token, loop.propose(token).number).prompts)
    assert renderer.rendered == drawn and 2 <= len(begun) <= 4
    token = loop.start("a fox", seed=1).token
    first = loop.render(token, loop.propose(token).number)
    loop.answer(token, 1, best=0)
    loop.render(token, loop.propose(token).number)
    assert renderer.rendered > drawn  # the second round is not shared
    loop.delete(token)
    other = loop.start("a fox", seed=3).token
    assert loop.render(other, loop.propose(other).number).pictures == first.pictures
    token = loop.start("a boat", seed=1).token
    before = renderer.rendered
    loop.render(token, loop.propose(token).number)
    assert renderer.rendered == before + 4
