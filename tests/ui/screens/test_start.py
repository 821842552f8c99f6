"""The first screen."""

from typing import Any

import pytest

from personalize.settings import Settings
from personalize.ui.screens import start
from tests.ui.screens.examples import EN


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "on this machine"),
        ({"render_on": "ray"}, "on this machine"),
        ({"database_url": "sqlite:////data/palate.sqlite3"}, "on this machine"),
        ({"pictures": "/data/pictures"}, "on this machine"),
        ({"host": "0.0.0.0"}, "the machine that serves this page"),
        ({"address": "http://192.168.1.20:7860"}, "the machine that serves this page"),
        ({"render_on": "head:6379"}, "the operator of this page has chosen"),
        ({"render_on": "http://gpu:8000", "host": "0.0.0.0"}, "the operator of this page has chosen"),
        ({"pictures": "s3://bucket/pictures"}, "the operator of this page has chosen"),
        ({"database_url": "postgresql://database/palate"}, "the operator of this page has chosen"),
    ],
)
def test_the_page_says_where_the_data_are(changes: dict[str, Any], sentence: str) -> None:
    written = start.consent(EN, start.data_place(Settings(**changes)))
    assert sentence in written
    assert ("Nothing is sent anywhere else" in written) == ("operator" not in sentence)


def test_a_study_says_what_it_evaluates_and_what_a_deletion_leaves() -> None:
    written = start.consent(EN, "here", study=20)
    assert "the words you type" in written and "blind test" in written and "keep your answers" in written


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
