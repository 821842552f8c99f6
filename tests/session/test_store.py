"""The contract of the Store protocol, for every store."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from personalize.errors import SessionError, StaleAnswerError, StoreError, UnknownSessionError
from personalize.session.record import Trial, WallCard
from personalize.session.store import Store, hash_of
from tests.session.examples import A, B, C, D, content, none_of_these, pick, record, round_, saved, session


def test_a_session_comes_back_as_it_was_created(store: Store) -> None:
    store.create(session())
    assert store.load("token") == session()


def test_rounds_given_at_creation_are_not_kept(store: Store) -> None:
    store.create(session(rounds=(round_(1),)))
    assert store.load("token").rounds == ()


def test_a_token_is_created_once(store: Store) -> None:
    store.create(session())
    with pytest.raises(StoreError, match="new token"):
        store.create(session(subject="a castle"))
    assert store.load("token").subject == session().subject


@pytest.mark.parametrize("token", ["", "other", "token ", "TOKEN", "' OR 1=1 --", "\x00", "\ud800"])
def test_another_token_opens_nothing_and_is_not_repeated(store: Store, token: str) -> None:
    store.create(session())
    calls = (
        lambda: store.load(token),
        lambda: store.append_round(token, round_(1)),
        lambda: store.set_pictures(token, 1, [A]),
        lambda: store.append_answer(token, 1, pick()),
        lambda: store.undo(token),
        lambda: store.delete(token),
        lambda: store.own(token, [A]),
        lambda: store.owns(token, A),
    )
    for call in calls:
        with pytest.raises(UnknownSessionError, match="Start a new session") as caught:
            call()
        assert not token.strip() or f"'{token}'" not in str(caught.value)


def test_a_round_comes_back_as_it_was_appended(store: Store) -> None:
    store.create(session())
    assert store.append_round("token", round_(1, (A, B, C))) == round_(1, (A, B, C))
    assert store.load("token").rounds == (round_(1, (A, B, C)),)


def test_a_second_round_of_a_number_gives_back_the_first(store: Store) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    assert store.append_round("token", round_(1, salt=9)) == round_(1)


def test_a_round_after_one_that_waits_gives_back_the_one_that_waits(store: Store) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    store.append_answer("token", 1, pick())
    store.undo("token")  # by another process, after this one read the answer
    assert store.append_round("token", round_(2)) == round_(1)
    assert store.load("token").rounds == (round_(1),)


def test_an_answer_within_a_new_round_is_not_believed(store: Store) -> None:
    store.create(session())
    assert store.append_round("token", replace(round_(1), answer=pick())).answer is None


def test_pictures_are_added_to_a_round(store: Store) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    assert store.set_pictures("token", 1, [A, B, B]) == round_(1, (A, B, B))
    assert store.owns("token", B) and not store.owns("token", C)
    with pytest.raises(SessionError, match="round 2"):
        store.set_pictures("token", 2, [A])


def test_pictures_of_other_prompts_are_not_shown(store: Store) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    drawn = round_(1).prompts
    store.append_answer("token", 1, pick())
    store.undo("token")
    assert store.set_pictures("token", 1, [A, B, C], round_(1, salt=9).prompts) == round_(1)
    assert store.set_pictures("token", 1, [A, B, C], drawn) == round_(1, (A, B, C))
    assert store.set_pictures("token", 1, [B, B, B], drawn) == round_(1, (A, B, C))  # the first ones stay


@pytest.mark.parametrize("answer", [pick(2), pick(0, worst=1), none_of_these()])
def test_an_answer_comes_back_as_it_was_given(store: Store, answer: object) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    store.append_answer("token", 1, answer)  # type: ignore[arg-type]
    assert store.load("token").round(1).answer == answer
    assert store.load("token").current is None


@pytest.mark.parametrize("number", [0, 1, 3, -1])
def test_only_the_open_round_takes_an_answer(store: Store, number: int) -> None:
    store.create(session())
    store.append_round("token", round_(1))
    store.append_answer("token", 1, pick(1))
    store.append_round("token", round_(2))
    before = store.load("token")
    with pytest.raises(StaleAnswerError, match="round 2"):
        store.append_answer("token", number, pick(0))
    assert store.load("token") == before


def test_undo_reopens_the_last_answered_round_with_its_pictures(store: Store) -> None:
    store.create(session())
    for number in (1, 2):
        store.append_round("token", round_(number, (A if number == 1 else B,) * 3))
        store.append_answer("token", number, pick(number))
    store.append_round("token", round_(3))
    store.undo("token")
    live = store.load("token")
    assert [r.number for r in live.rounds] == [1, 2]
    assert live.current == round_(2, (B, B, B))
    store.append_answer("token", 2, none_of_these())
    assert store.append_round("token", round_(3, salt=7)) == round_(3, salt=7)
    assert store.load("token").answered[1].answer is not None


def test_undo_goes_back_to_the_beginning_and_no_further(store: Store) -> None:
    store.create(session())
    for number in (1, 2):
        store.append_round("token", round_(number))
        store.append_answer("token", number, pick())
    store.undo("token")
    store.undo("token")
    assert store.load("token").rounds == (round_(1),)
    with pytest.raises(SessionError, match="Pick a picture first"):
        store.undo("token")


def test_sessions_do_not_mix(store: Store) -> None:
    store.create(session("one"))
    store.create(session("two"))
    store.append_round("one", round_(1, (A, A, A)))
    store.append_answer("one", 1, pick())
    assert store.load("two").rounds == ()
    assert not store.owns("two", A)
    store.append_round("two", round_(1, salt=1))
    store.undo("one")
    assert store.load("two").rounds == (round_(1, salt=1),)
    store.delete("one")
    assert store.load("two").rounds == (round_(1, salt=1),)


def test_a_picture_is_found_by_its_record_and_read_by_its_hash(store: Store) -> None:
    assert store.find_picture(record(1)) is None
    picture = saved(store, 1)
    assert store.find_picture(record(1)) == picture
    assert store.read_picture(picture) == content(1)
    assert store.record_of(picture) == record(1)


def test_the_first_picture_of_a_record_is_kept(store: Store) -> None:
    picture = saved(store, 1)
    assert store.save_picture(record(1), content(2)) == picture
    assert store.read_picture(picture) == content(1)


def test_a_second_drawing_of_a_picture_leaves_no_file(store: Store, tmp_path: Path) -> None:
    store.create(session())
    picture = saved(store, 1)
    assert store.save_pictures([(record(1), content(2), ["token"])]) == [picture]
    assert store.owns("token", picture) and store.read_picture(picture) == content(1)
    assert not list((tmp_path / "pictures").rglob(f"{hash_of(content(2))}*"))
    with pytest.raises(StoreError, match="found none in the store"):
        store.read_picture(hash_of(content(2)))


def test_one_picture_may_have_two_records(store: Store) -> None:
    assert store.save_picture(record(1), content(5)) == store.save_picture(record(2), content(5))
    assert store.find_picture(record(1)) == store.find_picture(record(2))


@pytest.mark.parametrize("picture", ["", "0" * 64, "../../etc/passwd", "/etc/passwd", "\x00", "Z" * 64])
def test_an_unknown_picture_is_refused(store: Store, picture: str) -> None:
    store.create(session())
    assert not store.owns("token", picture)
    for call in (store.read_picture, store.record_of):
        with pytest.raises(StoreError, match="found none in the store"):
            call(picture)


def test_a_picture_rendered_again_takes_the_place_of_the_old(store: Store) -> None:
    picture = saved(store, 1)
    for again in (content(1), content(2)):  # another machine may round in another way
        store.restore_picture(picture, again)
        assert store.read_picture(picture) == again
    assert store.record_of(picture) == record(1)


def test_a_session_sees_the_pictures_it_was_given(store: Store) -> None:
    store.create(session())
    store.own("token", [A, B, A])
    store.own("token", [B, C])
    assert [store.owns("token", picture) for picture in (A, B, C, D)] == [True, True, True, False]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_an_embedding_comes_back_bit_by_bit(store: Store, dtype: torch.dtype) -> None:
    one, other = saved(store, 1), saved(store, 2)
    assert store.embeddings("eye", [one]) == {}
    embedding = torch.linspace(-1, 1, 48, dtype=dtype)[::2]
    store.keep_embeddings("eye", {one: embedding})
    found = store.embeddings("eye", [one]).get(one)
    assert found is not None and found.dtype == dtype and torch.equal(found, embedding)
    assert store.embeddings("other eye", [one]) == {} and store.embeddings("eye", [other]) == {}
    store.keep_embeddings("eye", {one: -embedding})
    found = store.embeddings("eye", [one]).get(one)
    assert found is not None and torch.equal(found, -embedding)


def test_an_embedding_of_a_picture_that_was_deleted_meanwhile_is_not_kept(store: Store) -> None:
    store.create(session())
    mine, stays = saved(store, 1), saved(store, 2)
    store.own("token", [mine])
    store.delete("token")
    store.keep_embeddings("eye", {mine: torch.ones(3), stays: torch.ones(3)})
    assert set(store.embeddings("eye", [mine, stays])) == {stays}


def test_deleting_forgets_what_no_other_session_sees(store: Store) -> None:
    mine, shared = saved(store, 1), saved(store, 2)
    for token in ("one", "two"):
        store.create(session(token))
        store.append_round(token, round_(1, (shared,) * 3))
        store.append_answer(token, 1, pick())
    store.own("one", [mine])
    for picture in (mine, shared):
        store.keep_embeddings("eye", {picture: torch.ones(3)})
    store.undo("one")
    store.append_answer("one", 1, pick())
    assert store.delete("one") == 1 + 2 + 1  # a round, its answers including the undone one, and a picture
    with pytest.raises(UnknownSessionError):
        store.load("one")
    with pytest.raises(StoreError):
        store.read_picture(mine)
    assert store.find_picture(record(1)) is None and store.embeddings("eye", [mine]).get(mine) is None
    assert store.read_picture(shared) == content(2)
    assert (
        store.find_picture(record(2)) == shared and store.embeddings("eye", [shared]).get(shared) is not None
    )
    assert store.load("two").answered


def test_a_deleted_token_and_picture_can_be_made_again(store: Store) -> None:
    for _ in range(2):
        store.create(session())
        store.own("token", [saved(store, 1)])
        assert store.read_picture(saved(store, 1)) == content(1)
        assert store.delete("token") == 1


def test_the_latest_sessions_are_live_of_one_kind_and_without_tokens(store: Store) -> None:
    for number in range(4):
        store.create(session(f"token {number}", created=session().created + timedelta(minutes=number)))
    store.create(session("other words", vocabulary="f" * 16))
    store.create(session("other eyes", embedder="another"))
    store.append_round("token 2", round_(1, (A, B, C)))
    store.append_answer("token 2", 1, pick())
    store.delete("token 3")
    latest = store.latest(session().vocabulary, "embedder", 2)
    assert [found.token for found in latest] == ["", ""]
    assert [found.created.minute for found in latest] == [32, 31]
    assert len(latest[0].answered) == 1 and latest[1].rounds == ()
    assert store.latest("unknown", "embedder", 2) == []


def test_trials_are_kept_answered_once_and_gone_with_their_session(store: Store) -> None:
    store.create(session())
    one = Trial(1, "a café, 狐", "plain", "personal", A, B, True)
    assert store.trials("token") == []
    assert store.append_trial("token", one) == [one]
    assert store.append_trial("token", replace(one, subject="another")) == [one]
    two = replace(one, number=2, personal_first=False)
    assert store.append_trial("token", two) == [one, two]
    assert store.answer_trial("token", 2, "plain") == [one, replace(two, chosen="plain")]
    for number in (2, 3):
        with pytest.raises(StaleAnswerError, match="not counted"):
            store.answer_trial("token", number, "personal")
    assert store.trials("token") == [one, replace(two, chosen="plain")]
    store.create(session("other"))
    assert store.trials("other") == []
    assert store.delete("token") == 2
    for call in (
        store.trials,
        lambda t: store.append_trial(t, one),
        lambda t: store.answer_trial(t, 1, "plain"),
    ):
        with pytest.raises(UnknownSessionError):
            call("token")


def test_a_card_for_the_wall_waits_is_judged_and_gone_with_its_session(store: Store) -> None:
    for token in ("one", "two"):
        store.create(session(token))
    assert store.card_of("one") is None and store.cards("waiting", 9) == []
    first, other = store.put_card("one", b"first"), store.put_card("two", b"other")
    assert store.card_of("one") == first == WallCard(first.number, b"first", "waiting")
    assert store.card(first.number) == first and store.card(99) is None
    assert store.cards("waiting", 9) == [other.number, first.number]
    assert store.cards("waiting", 1) == [other.number]
    store.judge_card(first.number, "shown")
    store.judge_card(other.number, "refused")
    assert store.cards("shown", 9) == [first.number] and store.cards("refused", 9) == [other.number]
    assert store.card(first.number) == replace(first, state="shown")
    assert store.card_of("two") == replace(other, state="refused")
    again = store.put_card("one", b"again")  # cards without a decision are not shown
    assert again.number not in (first.number, other.number) and store.card_of("one") == again
    assert store.cards("shown", 9) == [] and store.cards("waiting", 9) == [again.number]
    with pytest.raises(SessionError, match="taken down"):
        store.judge_card(first.number, "shown")
    store.take_card("two")
    store.take_card("two")
    assert store.card_of("two") is None
    assert store.delete("one") == 1 and store.cards("waiting", 9) == []
    for call in (store.card_of, store.take_card, lambda t: store.put_card(t, b"")):
        with pytest.raises(UnknownSessionError):
            call("one")


def test_a_check_leaves_nothing(store: Store, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    store.check()
    assert sorted(tmp_path.rglob("*")) == before


def test_an_answer_can_be_changed_and_the_rounds_after_it_stay(store: Store) -> None:
    def said() -> list[int | None]:
        return [None if r.answer is None else r.answer.best for r in store.load("token").rounds]

    store.create(session())
    for number in (1, 2):
        store.append_round("token", round_(number, (A, B, C)))
        store.append_answer("token", number, pick(number))
    store.append_round("token", round_(3, (A, B, C)))
    store.change_answer("token", 1, pick(0))
    assert said() == [0, 2, None]
    kept = store.load("token")
    for number in (3, 4):
        with pytest.raises(StaleAnswerError):
            store.change_answer("token", number, pick())
    assert store.load("token") == kept
    store.change_answer("token", 1, none_of_these())
    assert store.load("token").rounds[0].answer == store.load("token").answered[0].answer
    store.change_answer("token", 1, pick(2))
    store.undo("token")
    assert said() == [2, None]
    with pytest.raises(UnknownSessionError):
        store.change_answer("other", 1, pick())
