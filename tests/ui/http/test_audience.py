"""An audience's votes: one a device, changed until the end, most win, and the first of equals."""

import pytest

from personalize.errors import SessionError, StaleAnswerError
from personalize.session.notes import MemoryNotes
from personalize.ui.http.audience import MOST_BY_ADDRESS, Ballot, LiveVote, LiveVotes, vote_code


def a_ballot(*votes: tuple[str, int]) -> Ballot:
    ballot = Ballot(1, "shown", 4)
    for device, option in votes:
        ballot.vote(device, option)
    return ballot


def test_a_device_has_one_vote_and_may_change_it() -> None:
    ballot = a_ballot(("a", 0), ("a", 2), ("b", 2), ("a", 2))
    assert ballot.counts == (0, 0, 2, 0) and ballot.of("a") == 2 and ballot.of("c") is None
    assert ballot.close() == 2


def test_of_equals_the_one_that_had_its_votes_first_wins() -> None:
    assert a_ballot(("a", 3), ("b", 1), ("c", 1), ("d", 3)).close() == 1
    assert a_ballot(("a", 3), ("b", 1), ("c", 3), ("d", 1)).close() == 3
    assert a_ballot(("a", 0), ("b", 1), ("a", 1), ("a", 0)).close() == 1  # to and fro is not first any more
    assert a_ballot(("a", 0), ("b", 1), ("a", 0)).close() == 0  # the same again changes nothing


def test_nothing_is_counted_after_the_end() -> None:
    ballot = a_ballot(("a", 1))
    assert ballot.close() == ballot.close() == 1
    with pytest.raises(StaleAnswerError):
        ballot.vote("b", 2)
    assert ballot.counts == (0, 1, 0, 0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SessionError, match="at least one vote"):
        a_ballot().close()
    with pytest.raises(SessionError, match="1 to 4"):
        a_ballot(("a", 4))
    full = a_ballot(*((str(device), 0) for device in range(MOST_BY_ADDRESS)))
    full.vote("7", 1)
    with pytest.raises(SessionError, match="devices"):
        full.vote("one more", 1)
    full.vote("one more", 1, "192.0.2.7")  # one network takes nothing from another
    assert full.counts == (MOST_BY_ADDRESS - 1, 2, 0, 0)


def test_an_audience_votes_on_the_pictures_that_are_shown() -> None:
    live = LiveVote()
    first = live.open(1, "x", 4)
    first.vote("a", 1)
    assert live.open(1, "x", 4) is first
    assert live.open(1, "y", 4).counts == (0, 0, 0, 0)  # an undo put other pictures there
    assert live.open(2, "z", 4).number == 2


def test_a_vote_closes_by_itself_when_its_time_is_over() -> None:
    live = LiveVote()
    assert live.left_s() is None
    live.open(1, "x", 4)
    live.close_in(30)
    live.now_s = 12.5
    assert live.left_s() == 18
    live.now_s = 31.0
    assert live.left_s() == 0
    live.open(2, "y", 4)
    assert live.left_s() is None


def test_a_code_opens_no_session() -> None:
    code = vote_code("a secret token")
    assert code == vote_code("a secret token") and "secret" not in code


def test_processes_of_one_store_count_together() -> None:
    notes = MemoryNotes()
    here, there = LiveVotes(notes), LiveVotes(notes)
    assert there.find("code") is None
    here.change("code", lambda live: (live.open(3, "x", 4, ["p", "q"]), None)[1])

    def vote(votes: LiveVotes, device: str, option: int) -> Ballot | None:
        def cast(live: LiveVote) -> None:
            assert live.ballot is not None
            live.ballot.vote(device, option, "a network")

        return votes.change("code", cast).ballot

    vote(here, "a", 1)
    vote(there, "b", 1)
    vote(there, "a", 2)  # the same device at another process has one vote
    ballot = vote(here, "c", 2)
    assert ballot is not None and ballot.counts == (0, 1, 2, 0) and ballot.pictures == ("p", "q")
    assert ballot.devices == {"a network": 3} and ballot.close() == 2
    with pytest.raises(SessionError):
        vote(there, "d", 9)
    again = LiveVotes(notes).find("code")
    assert again is not None and again.ballot is not None and again.ballot.counts == (0, 1, 2, 0)
