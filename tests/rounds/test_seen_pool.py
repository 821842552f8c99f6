"""The pool of pictures that were drawn and seen, among which `adaptive-seen` chooses the next question."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch
from torch import Tensor

from personalize.errors import SessionError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.rounds.tidying import Tidying
from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.session.record import Round
from personalize.session.store import Store
from personalize.settings import Settings
from personalize.taste.personal_pictures import Pair, personal_pictures
from personalize.taste.transfer import adopt, check_file, taste_file
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

SETTINGS = Settings(candidates=200, pool=64, strategy="adaptive-seen")


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Preparation:
    settings = replace(SETTINGS, data=tmp_path_factory.mktemp("data"))
    return prepare(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    yield opened
    opened.close()


def loop_of(
    preparation: Preparation, store: Store, settings: Settings = SETTINGS, *banked: str
) -> Personalizer:
    return Personalizer(preparation, store, FakeRenderer(), FakeEmbedder(), settings, banked=banked)


def looked_at(loop: Personalizer, token: str) -> Round:
    """The open round, after everything that is drawn while a person looks at it is drawn."""
    round_ = loop.render(token, loop.propose(token).number)
    for job in loop.request_pool(token):
        if job is not None:
            job.future.result(20)
    return round_


def drawn_of(loop: Personalizer) -> int:
    renderer = loop.renderer
    assert isinstance(renderer, FakeRenderer)
    return renderer.rendered


def test_the_next_question_is_among_what_was_drawn_and_nothing_is_shown_twice(
    preparation: Preparation, store: Store
) -> None:
    loop = loop_of(preparation, store)
    token = loop.start("a fox", seed=3).token
    shown: list[tuple[int, ...]] = []
    for number in range(1, 6):
        round_ = looked_at(loop, token)
        before = drawn_of(loop)
        pool = set(store.pictures_of(token).values())
        shown += round_.paths
        loop.answer(token, number, best=number % 4)
        following = loop.open_round(token).session.current
        assert following is not None and following.rendered and drawn_of(loop) == before
        assert set(following.pictures) <= pool
    assert len(shown) == len(set(shown))


def test_the_question_depends_on_the_last_answer(preparation: Preparation) -> None:
    def second(best: int) -> tuple[str, ...]:
        loop = loop_of(preparation, MemoryStore(), replace(SETTINGS, drawn_ahead=24))
        token = loop.start("a fox", seed=5).token
        looked_at(loop, token)
        loop.answer(token, 1, best=best)
        return loop.propose(token).prompts

    assert len({second(best) for best in range(4)}) > 1
    assert second(2) == second(2)


def test_with_nothing_drawn_the_question_is_chosen_by_words(preparation: Preparation, store: Store) -> None:
    by_words = loop_of(preparation, MemoryStore(), replace(SETTINGS, strategy="adaptive"))
    loop = loop_of(preparation, store)
    tokens = [each.start("a fox", seed=3).token for each in (by_words, loop)]
    for number in range(1, 4):
        prompts = []
        for each, token in zip((by_words, loop), tokens, strict=True):
            round_ = each.render(token, each.propose(token).number)
            prompts.append((round_.prompts, round_.seeds))
            each.answer(token, number, best=1)
        assert prompts[0] == prompts[1]


def test_a_choice_is_kept_and_replayed_although_the_pool_grows(
    preparation: Preparation, store: Store
) -> None:
    loop = loop_of(preparation, store)
    token = loop.start("a fox", seed=3).token
    looked_at(loop, token)
    loop.answer(token, 1, best=0)
    chosen = loop.propose(token)
    looked_at(loop, token)
    again = loop_of(preparation, store)
    assert again.propose(token) == chosen == again.session(token).current


def test_pictures_of_other_subjects_and_of_other_people_are_not_in_the_pool(
    preparation: Preparation, store: Store
) -> None:
    loop = loop_of(preparation, store)
    other = loop.start("a fox", seed=9).token
    looked_at(loop, other)
    token = loop.start("a fox", seed=3).token
    looked_at(loop, token)
    loop.render_prompts(token, ["an owl", "an owl, night"], 1)
    loop.answer(token, 1, best=0)
    following = loop.propose(token)
    assert all(prompt.startswith("a fox") for prompt in following.prompts)
    assert not set(following.pictures) & set(store.pictures_of(other).values()) - set(
        store.pictures_of(token).values()
    )


def test_an_example_subject_begins_with_a_choice_among_its_shared_pool(
    preparation: Preparation, store: Store
) -> None:
    settings = replace(SETTINGS, shared_pool=32)
    loop = loop_of(preparation, store, settings, "a fox", "an owl")
    for job in loop.request_bank():
        job.future.result(20)
    drawn = drawn_of(loop)
    begun, pictures = set(), set[str]()
    for seed in range(4):
        token = loop.start("a fox", seed=seed).token
        first = loop.open_round(token).session.current
        assert first is not None and first.rendered
        begun.add(first.prompts)
        pictures = set(first.pictures)
        loop.answer(token, 1, best=0)
        second = loop.open_round(token).session.current
        assert second is not None and second.rendered and not set(second.paths) & set(first.paths)
    assert drawn_of(loop) == drawn and len(begun) > 1
    loop.delete(token)
    again = loop.start("a fox", seed=3).token  # the pool is everybody's, and stays
    opened = loop.open_round(again).session.current
    assert opened is not None and set(opened.pictures) == pictures and drawn_of(loop) == drawn
    stranger = loop.start("a guitar", seed=1).token
    assert not loop.propose(stranger).rendered


def test_no_pool_is_drawn_for_other_strategies_or_where_it_would_be_no_choice(
    preparation: Preparation, store: Store
) -> None:
    for settings in (
        replace(SETTINGS, strategy="adaptive"),
        replace(SETTINGS, strategy="random"),
        replace(SETTINGS, drawn_ahead=7),
    ):
        loop = loop_of(preparation, store, settings)
        token = loop.start("a fox", seed=3).token
        loop.render(token, loop.propose(token).number)
        ahead, pool = loop.request_pool(token)
        assert ahead is not None and pool is None
        ahead.future.result(20)


def test_a_taste_file_carries_the_seeds_of_mixed_rounds(preparation: Preparation, store: Store) -> None:
    loop = loop_of(preparation, store, replace(SETTINGS, drawn_ahead=40))
    token = loop.start("a fox", seed=3).token
    for number in range(1, 5):
        looked_at(loop, token)
        loop.answer(token, number, best=0)
    rounds = loop.session(token).answered
    assert any(len(set(round_.seeds)) > 1 for round_ in rounds)
    content = taste_file(loop, token, "Foxes.").text().encode()
    adopted = adopt(loop, check_file(loop, content)).answered
    assert [(one.prompts, one.seeds, one.pictures) for one in adopted] == [
        (one.prompts, one.seeds, one.pictures) for one in rounds
    ]
    damaged = content.replace(b'"seeds": [', b'"seeds": [\n 5,', 1)
    with pytest.raises(SessionError, match="different pictures and an answer"):
        check_file(loop, damaged)


def test_deleting_a_session_deletes_what_was_drawn_ahead(preparation: Preparation, store: Store) -> None:
    loop = loop_of(preparation, store)
    token = loop.start("a fox", seed=3).token
    looked_at(loop, token)
    pictures = list(store.pictures_of(token).values())
    assert len(pictures) >= SETTINGS.drawn_ahead
    loop.delete(token)
    for picture in pictures:
        with pytest.raises(Exception, match="found none"):
            store.read_picture(picture)


def test_what_was_never_shown_is_forgotten_after_a_day_and_the_rest_is_kept(
    preparation: Preparation, store: Store
) -> None:
    loop = loop_of(preparation, store)
    token = loop.start("a fox", seed=3).token
    first = looked_at(loop, token)
    loop.answer(token, 1, best=0)
    second = looked_at(loop, token)
    (personal,) = loop.render_prompts(token, ["a fox, night"], 77)
    owned = set(store.pictures_of(token).values())
    assert loop.forget_unshown() == 0 and set(store.pictures_of(token).values()) == owned
    time.sleep(0.01)
    gone = loop.forget_unshown(timedelta(0))
    kept = set(store.pictures_of(token).values())
    assert kept == {*first.pictures, *second.pictures, personal} and gone == len(owned - kept) > 0
    for picture in kept:
        assert loop.picture(token, picture)
    loop.answer(token, 2, best=1)  # the session goes on
    assert looked_at(loop, token).rendered


def test_a_promised_round_whose_pictures_are_gone_is_chosen_anew(
    preparation: Preparation, store: Store
) -> None:
    loop = loop_of(preparation, store)
    token = loop.start("a fox", seed=3).token
    looked_at(loop, token)
    likely = loop.likely_rounds(token)
    assert 0 in likely
    time.sleep(0.01)
    assert loop.forget_unshown(timedelta(0))  # the page stayed open for more than a day
    loop.answer(token, 1, best=0)
    opened = loop.open_round(token, promised=likely[0].fingerprint).session.current
    assert opened is not None
    for picture in loop.render(token, opened.number).pictures:
        assert loop.picture(token, picture)
    loop.answer(token, 2, best=0)
    assert loop_of(preparation, store).estimate(token).theta.isfinite().all()  # after a restart


def test_a_personal_picture_may_come_from_the_pool(
    preparation: Preparation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain_paths(loop: Personalizer, estimate: object, *, count: int, **_: object) -> Tensor:
        return torch.zeros(count, preparation.vocabulary.horizon, dtype=torch.int64)

    # Words that foresee nothing: what is drawn for a pair is no better than the plain picture.
    monkeypatch.setattr("personalize.taste.personal_pictures.recommend", plain_paths)
    settings = replace(SETTINGS, best_of=1, best_of_s=0.0)
    loop, without = loop_of(preparation, store, settings), replace(settings, drawn_ahead=0)
    token = loop.start("a fox", seed=3).token
    for number in range(1, 9):
        prompts = looked_at(loop, token).prompts
        liked = [n for n, prompt in enumerate(prompts) if "night" in prompt or "pencil" in prompt]
        loop.answer(token, number, best=liked[0] if liked else None, none=not liked)
    estimate = loop.estimate(token)

    def worth(pairs: Sequence[Pair]) -> list[float]:
        plain = loop.render_prompts(token, ["a fox"] * 4, [5, 6, 7, 8])
        effects = loop.features([pair.personal for pair in pairs]) - loop.features(plain).mean(dim=0)
        error = estimate.standard_error(effects)
        return list((estimate.utility(effects) - settings.caution * error).tolist())

    only_drawn = personal_pictures(loop_of(preparation, store, without), token, "a fox", seed=5)
    pool = {one.picture: one for one in loop.unshown_pictures(token)}
    shown = {path for round_ in loop.session(token).rounds for path in round_.paths}
    assert pool and shown.isdisjoint(one.path for one in pool.values())
    both = personal_pictures(loop, token, "a fox", seed=5)
    taken = [pair for pair in both.pairs if pair.personal in pool]
    assert taken and sum(worth(both.pairs)) > sum(worth(only_drawn.pairs))
    for pair in taken:
        assert (
            pair.seed == pool[pair.personal].record.seed and pair.prompt == pool[pair.personal].record.prompt
        )
        assert [pair.plain] == loop.render_prompts(token, ["a fox"], pair.seed)
        assert [o.token for o in pair.tokens] == [
            preparation.vocabulary.tokens[n] for n in pool[pair.personal].path if n
        ]
        assert not any(opinion.disliked for opinion in pair.tokens)
    assert len({pair.prompt for pair in taken}) == len(taken)
    assert personal_pictures(loop, token, "a fox", seed=5) == both

    excluded = taken[0].tokens[0].token
    for other in (
        personal_pictures(loop, token, "a boat", seed=5),
        personal_pictures(loop, token, "a fox", seed=5, strength=0.5),
    ):
        assert pool.keys().isdisjoint(pair.personal for pair in other.pairs)
    cut = personal_pictures(loop, token, "a fox", seed=5, without=[excluded])
    assert not any(excluded in pair.prompt for pair in cut.pairs)
    time.sleep(0.01)
    loop.forget_unshown(timedelta(0))
    assert {p for pair in both.pairs for p in (pair.plain, pair.personal)} <= set(
        store.pictures_of(token).values()
    )


def test_tidying_looks_at_once_and_again_until_it_is_closed(preparation: Preparation) -> None:
    loop = loop_of(preparation, MemoryStore())
    looks: list[datetime] = []

    def look() -> int:
        looks.append(datetime.now(UTC))
        return 0

    loop.forget_unshown = look  # type: ignore[method-assign, assignment]
    tidying = Tidying(loop, pause_s=0.01)
    tidying.start()
    deadline = time.monotonic() + 10
    while len(looks) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    tidying.close()
    assert len(looks) >= 3
