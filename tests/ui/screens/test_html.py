"""HTML from values: escaped, and telling the truth."""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from personalize.session.record import Answer, Round, Session
from personalize.taste.personal_pictures import Pair, PersonalSet
from personalize.taste.summary import Opinion, Taste
from personalize.ui.background import Progress
from personalize.ui.browser_state import Place
from personalize.ui.screens import html as views
from personalize.ui.screens import pictures as studio_views
from personalize.ui.text.catalogue import words_of

NASTY = "<img src=x onerror=alert(1)> \" ' & \\x3c ${1} {{2}} `"
EN = words_of("en")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Tags(HTMLParser):
    """Every tag and attribute of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def a_round(number: int, answer: Answer | None = None, drawn: bool = True) -> Round:
    pictures = tuple(f"{number}{k}" * 32 for k in range(4)) if drawn else ()
    prompts = tuple(f"{NASTY}, {k}" for k in range(4))
    return Round(number, NASTY, ((0,),) * 4, prompts, (1,) * 4, pictures, "adaptive", answer)


def a_session(*rounds: Round) -> Session:
    return Session("t0", 1, NASTY, "adaptive", 4, "v", "r", "e", NOW, rounds)


def a_taste(answered: int = 4, ready: bool = False) -> Taste:
    opinions = (
        Opinion("watercolor", "medium", 1.5, 0.5),
        Opinion(NASTY, "medium", 0.2, 0.5),
        Opinion("night", "light", -1.0, 0.5),
    )
    return Taste(answered, opinions, 0.41, 0.25, 0.5, ready)


@pytest.mark.parametrize(
    "html",
    [
        views.round_view(EN, a_session(a_round(1)), a_round(1), 12),
        views.round_view(EN, a_session(a_round(1, Answer("best", 2, None, NOW)), a_round(2)), a_round(2), 12),
        views.learned(EN, a_taste()),
        views.taste_view(EN, a_session(a_round(1, Answer("best", 2, None, NOW))), a_taste()),
        views.notice(EN, NASTY),
        views.chips(EN, (NASTY,)),
        views.masthead(Place(NASTY, "rounds")),
        studio_views.pairs(
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
def test_no_text_becomes_a_tag(html: str) -> None:
    tags = Tags(html)
    assert all(not name.startswith("on") for _, attributes in tags.found for name in attributes)
    assert all(attributes.get("src") != "x" for _, attributes in tags.found)
    assert "<img src=x" not in html


def test_the_cards_stand_in_the_order_of_the_round() -> None:
    current = a_round(1)
    html = views.round_view(EN, a_session(current), current, 12)
    sources = [attributes.get("src") for tag, attributes in Tags(html).found if tag == "img"]
    assert sources == [f"picture/t0/{picture}.png" for picture in current.pictures]
    assert 'data-busy="0"' in html
    assert "Round 1 of 12" in html


def test_skeletons_while_drawing_and_a_way_out_of_a_failure() -> None:
    current = a_round(1, drawn=False)
    drawing = views.round_view(EN, a_session(current), current, 12, progress=Progress(1, 4, 3.2))
    assert 'data-busy="1"' in drawing
    assert drawing.count("skeleton") == 4
    assert "about 3 s" in drawing
    assert "width:25%" in drawing
    failed = views.round_view(EN, a_session(current), current, 12, failed=True)
    assert 'data-act="resume"' in failed


def test_equal_rounds_are_written_differently_so_that_marks_go_away() -> None:
    current = a_round(1)
    session = a_session(current)
    assert views.round_view(EN, session, current, 12) != views.round_view(EN, session, current, 12)


def test_past_picks_are_shown_and_none_has_its_sign() -> None:
    session = a_session(
        a_round(1, Answer("best", 2, None, NOW)), a_round(2, Answer("none", None, None, NOW)), a_round(3)
    )
    html = views.round_view(EN, session, session.current, 12)
    assert html.count('class="nothing"') == 1
    assert session.rounds[0].pictures[2] in html


def test_bars_are_coloured_by_what_is_known() -> None:
    html = views.learned(EN, a_taste())
    assert html.count('<li class="up liked">') == 1
    assert html.count('<li class="down disliked">') == 1
    assert html.count('<li class="up open">') == 1
    assert "\N{MINUS SIGN}1.0" in html


def test_the_taste_may_be_seen_when_ready_or_after_a_few_rounds() -> None:
    button = 'data-go="taste"'
    assert button not in views.learned(EN, a_taste(answered=1))
    assert button in views.learned(EN, a_taste(answered=1, ready=True))
    assert button in views.learned(EN, a_taste(answered=views.FEW_ROUNDS))
    assert "Nothing yet" in views.learned(EN, replace(a_taste(answered=0), opinions=()))


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
    assert views.file_name(subject, "plain", 7) == name


def test_whoever_does_not_serve_at_home_says_where_things_are_kept() -> None:
    assert "on this machine" in views.consent(EN, True)
    assert "the machine that serves this page" in views.consent(EN, False)
