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
    drawing = rounds.round_view(EN, a_session(current), current, 12, progress=RenderProgress(0.25, 3.2))
    assert 'data-busy="1"' in drawing
    assert drawing.count("skeleton") == 4
    assert "about 3 s" in drawing
    assert "width:25%" in drawing
    failed = rounds.round_view(EN, a_session(current), current, 12, failed=True)
    assert 'data-act="resume"' in failed


def test_equal_rounds_are_written_differently_so_that_marks_go_away() -> None:
    current = a_round(1)
    session = a_session(current)
    assert rounds.round_view(EN, session, current, 12) != rounds.round_view(EN, session, current, 12)


def test_past_picks_are_shown_and_none_has_its_sign() -> None:
    session = a_session(a_round(1, Answer("best", 2, NOW)), a_round(2, Answer("none", None, NOW)), a_round(3))
    html = rounds.round_view(EN, session, session.current, 12)
    assert html.count('class="nothing"') == 1
    assert session.rounds[0].pictures[2] in html
