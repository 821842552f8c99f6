"""The question of a round, and the picks before it."""

from personalize.rendering.jobs import RenderProgress
from personalize.session.record import Answer
from personalize.ui.screens import rounds
from tests.ui.screens.examples import EN, NOW, Tags, a_round, a_session


def test_the_cards_stand_in_the_order_of_the_round() -> None:
    current = a_round(1)
    html = rounds.round_view(EN, a_session(current), current, 12)
    sources = [attributes.get("src") for tag, attributes in Tags(html).found if tag == "img"]
    assert sources == [f"picture/t0/{picture}.png" for picture in current.pictures]
    assert 'data-busy="0"' in html
    assert "Round 1 of 12" in html


def test_skeletons_while_drawing_and_a_way_out_of_a_failure() -> None:
    current = a_round(1, drawn=False)
    drawing = rounds.round_view(EN, a_session(current), current, 12)
    assert 'data-busy="1"' in drawing
    assert drawing.count("skeleton") == drawing.count("grown") == 4
    failed = rounds.round_view(EN, a_session(current), current, 12, failed=True)
    assert 'data-act="resume"' in failed


def test_progress_is_said_beside_the_question_and_is_short() -> None:
    """A page that waits gets it twice a second."""
    said = rounds.progress_view(EN, a_round(5, drawn=False), RenderProgress(0.25, 3.2))
    assert 'data-of="5"' in said and 'data-share="25"' in said and "about 3 s" in said
    assert len(said) < 200


def test_equal_rounds_are_written_differently_so_that_marks_go_away() -> None:
    current = a_round(1)
    session = a_session(current)
    assert rounds.round_view(EN, session, current, 12) != rounds.round_view(EN, session, current, 12)


def test_past_picks_are_shown_and_none_has_its_sign() -> None:
    session = a_session(a_round(1, Answer("best", 2, NOW)), a_round(2, Answer("none", None, NOW)), a_round(3))
    html = rounds.round_view(EN, session, session.current, 12)
    assert html.count('class="nothing"') == 1
    assert session.rounds[0].pictures[2] in html


def answered(count: int) -> str:
    """The page of the round after so many answers."""
    rounds_ = [a_round(number, Answer("best", number % 4, NOW)) for number in range(1, count + 1)]
    session = a_session(*rounds_, a_round(count + 1))
    return rounds.round_view(EN, session, session.current, 12)


def test_a_reply_does_not_grow_with_the_rounds() -> None:
    after, long_after = answered(2 * rounds.STRIP), answered(4 * rounds.STRIP)
    assert abs(len(long_after) - len(after)) < 10  # the serial may have another figure
    newest = rounds.past_rounds(a_session(a_round(4 * rounds.STRIP, Answer("best", 0, NOW))))[0]
    assert str(newest["url"]) in long_after


def test_the_earlier_picks_are_buttons_and_the_picked_one_is_pressed() -> None:
    session = a_session(a_round(1, Answer("best", 2, NOW)), a_round(2, Answer("none", None, NOW)), a_round(3))
    html = rounds.earlier_picks(EN, session)
    pressed = [
        (attributes["data-change"], attributes["data-index"])
        for tag, attributes in Tags(html).found
        if tag == "button" and attributes.get("aria-pressed") == "true"
    ]
    assert pressed == [("1", "2"), ("2", "-1")]
    assert html.count("data-change") == 10 and session.rounds[0].fingerprint in html
