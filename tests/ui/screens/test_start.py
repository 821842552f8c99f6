"""The first screen."""

from typing import Any

import pytest

from personalize.settings import Settings
from personalize.ui.screens import start
from tests.ui.screens.examples import EN


def test_whoever_does_not_serve_at_home_says_where_things_are_kept() -> None:
    assert "on this machine" in start.consent(EN, True)
    assert "the machine that serves this page" in start.consent(EN, False)


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({}, (4, 6)),
        ({"options": 2}, (2, 6)),
        ({"options": 6}, (6,)),
        ({"options": 9}, (9,)),
        ({"kiosk": 60}, (4,)),
        ({"strategy": "study"}, (4,)),
        ({"strategy": "static-rounded"}, (4,)),
        ({"strategy": "random"}, (4, 6)),
    ],
)
def test_six_pictures_are_offered_where_rounds_can_have_them(
    changes: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    settings = Settings(**changes)
    assert start.sizes(settings) == sizes
    assert [start.chosen_size(settings, size) for size in (6, 3, None)] == [
        sizes[-1] if 6 in sizes else sizes[0],
        settings.options,
        settings.options,
    ]


def test_the_first_screen_promises_the_numbers_that_can_be_chosen() -> None:
    assert "of 4 pictures" in start.hero(EN, (4,), 12)
    assert "of 4 or 6 pictures" in start.hero(EN, (4, 6), 12)
    assert start.hero(EN, (4,), 12).count("pictures, about") == 1
