"""The taste cards of the first screen: one a language, small, and served to the page."""

import re

import pytest
from PIL import Image

from personalize.ui.components import STATIC
from personalize.ui.http.pictures import static_files
from personalize.ui.screens import html, start
from personalize.ui.text.catalogue import LANGUAGES, catalogue

MOST_BYTES = 150_000


def shown(written: str) -> list[str]:
    return re.findall(r'src="look/([^"]+)"', written)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_of_the_page_and_of_the_booth_is_served(language: str) -> None:
    words, files = catalogue(language), static_files(STATIC)
    cards = shown(start.wall(words))
    assert len(cards) == len(set(cards)) == start.CARDS
    assert shown(html.booth(words, 60, "", start.CARDS)) == cards
    assert all(name in files and f"/{language}-" in name for name in cards)


def test_the_cards_are_small_and_keep_no_taste_file() -> None:
    files = sorted((STATIC / "cards").iterdir())
    assert len(files) == start.CARDS * len(LANGUAGES)
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    for file in files:
        with Image.open(file) as card:
            assert card.size == (360, 450) and not card.info.get("exif") and not card.info.get("xmp")
