"""What was learned, as bars, and the way to the taste."""

from dataclasses import replace

from personalize.ui.screens import taste
from tests.ui.screens.examples import EN, a_taste


def test_bars_are_coloured_by_what_is_known() -> None:
    html = taste.learned(EN, a_taste())
    assert html.count('<li class="up liked">') == 1
    assert html.count('<li class="down disliked">') == 1
    assert html.count('<li class="up open">') == 1
    assert "\N{MINUS SIGN}1.0" in html


def test_the_taste_may_be_seen_when_ready_or_after_a_few_rounds() -> None:
    button = 'data-go="taste"'
    assert button not in taste.learned(EN, a_taste(answered=1))
    assert button in taste.learned(EN, a_taste(answered=1, ready=True))
    assert button in taste.learned(EN, a_taste(answered=taste.FEW_ROUNDS))
    assert "Nothing yet" in taste.learned(EN, replace(a_taste(answered=0), opinions=()))
