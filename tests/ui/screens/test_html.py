"""Every text of the screens is escaped."""

import pytest

from personalize.session.record import Answer
from personalize.taste.personal_pictures import Pair, PersonalSet
from personalize.taste.summary import Opinion
from personalize.ui.browser_state import BrowserState
from personalize.ui.screens import html, pictures, rounds, start, taste
from tests.ui.screens.examples import EN, NASTY, NOW, Tags, a_round, a_session, a_taste


@pytest.mark.parametrize(
    "shown",
    [
        rounds.round_view(EN, a_session(a_round(1)), a_round(1), 12),
        rounds.round_view(EN, a_session(a_round(1, Answer("best", 2, NOW)), a_round(2)), a_round(2), 12),
        taste.learned(EN, a_taste(), 12),
        taste.taste_view(EN, a_session(a_round(1, Answer("best", 2, NOW))), a_taste()),
        html.notice(EN, NASTY),
        start.chips(EN, (NASTY,)),
        html.masthead(BrowserState(NASTY, "rounds")),
        pictures.pairs(
            EN,
            "t0",
            PersonalSet(
                NASTY,
                1.0,
                7,
                (Pair("a" * 64, "b" * 64, NASTY, NASTY, (Opinion(NASTY, "medium", 1.0, 0.1),), 7),),
            ),
        ),
    ],
)
def test_no_text_becomes_a_tag(shown: str) -> None:
    tags = Tags(shown)
    assert all(not name.startswith("on") for _, attributes in tags.found for name in attributes)
    assert all(attributes.get("src") != "x" for _, attributes in tags.found)
    assert "<img src=x" not in shown


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("a fox", "palate-a-fox-plain-7.png"),
        ("../../etc/passwd", "palate-etc-passwd-plain-7.png"),
        ("Käfer & Co", "palate-kafer-co-plain-7.png"),
        ("狐", "palate-picture-plain-7.png"),
    ],
)
def test_file_names_are_plain(subject: str, name: str) -> None:
    assert html.file_name(subject, "plain", 7) == name
