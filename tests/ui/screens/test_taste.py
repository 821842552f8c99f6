"""What was learned, as bars, and the way to the taste."""

from dataclasses import replace

from personalize.taste.summary import Opinion
from personalize.ui.screens import start, taste
from tests.ui.screens.examples import EN, a_taste


def test_bars_are_coloured_by_what_is_known() -> None:
    html = taste.learned(EN, a_taste(), 12)
    assert html.count('<li class="up liked">') == 1
    assert html.count('<li class="down disliked">') == 1
    assert html.count('<li class="up open">') == 1
    assert "\N{MINUS SIGN}1.0" in html


def test_the_taste_may_be_seen_when_ready_or_after_a_few_rounds() -> None:
    button = 'data-go="taste"'
    assert button not in taste.learned(EN, a_taste(answered=1), 12)
    assert button in taste.learned(EN, a_taste(answered=1, ready=True), 12)
    assert button in taste.learned(EN, a_taste(answered=taste.FEW_ROUNDS), 12)
    assert "Nothing yet" in taste.learned(EN, replace(a_taste(answered=0), opinions=()), 12)


def test_the_panel_says_how_many_picks_are_left_and_why_more_than_were_promised() -> None:
    assert "about 12 times" in start.hero(EN, (4,), 12)
    within = taste.learned(EN, a_taste(answered=4, to_go=8), 12)
    assert "About 8 more picks to go." in within and "leave more open" not in within
    assert "About 1 more pick to go." in taste.learned(EN, a_taste(answered=4, to_go=1), 12)
    for answered, to_go in ((4, 9), (12, 1), (20, 3)):
        longer = taste.learned(EN, a_taste(answered=answered, to_go=to_go), 12)
        assert f"About {to_go} more pick" in longer and "leave more open than most" in longer
    assert "more" not in taste.learned(EN, a_taste(answered=4, ready=True), 12)


def test_the_panel_shows_what_is_liked_and_what_is_avoided() -> None:
    def shown(*utilities: float) -> list[float]:
        return [o.utility for o in taste.both_ends([Opinion("w", "s", u, 0.1) for u in utilities], 4)]

    assert shown(5, 4, 3, 2, -0.1, -0.2, -0.3) == [5, 4, -0.2, -0.3]
    assert shown(5, 4, 3, 2, -0.1) == [5, 4, 3, -0.1]
    assert shown(1, -2, -3, -4, -5) == [1, -3, -4, -5]
    assert shown(-1, -2) == [-1, -2] and shown(3, 2) == [3, 2] and shown() == []
