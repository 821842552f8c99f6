"""The first screen."""

from personalize.ui.screens import start
from tests.ui.screens.examples import EN


def test_whoever_does_not_serve_at_home_says_where_things_are_kept() -> None:
    assert "on this machine" in start.consent(EN, True)
    assert "the machine that serves this page" in start.consent(EN, False)
