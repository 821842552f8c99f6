"""The taste card: a picture to look at, a taste to go on from, and nothing that opens a session."""

import io

import numpy as np
import pytest
import segno
from PIL import Image, PngImagePlugin

from personalize.errors import SessionError
from personalize.rendering.png import LARGEST_PICTURE
from personalize.taste.summary import Opinion
from personalize.taste.taste_file import CHUNK, LARGEST_BYTES, read_taste_file
from personalize.ui.screens.card import HEIGHT, WIDTH, taste_card
from personalize.ui.text.catalogue import catalogue
from tests.taste.test_taste_file import a_file

OPINIONS = [Opinion(f"word {n}", "medium", 2.0 - 0.5 * n, 0.4) for n in range(9)]


def png(colour: tuple[int, int, int], **texts: str) -> bytes:
    out, kept = io.BytesIO(), PngImagePlugin.PngInfo()
    for name, text in texts.items():
        kept.add_itxt(name, text, zip=True)
    Image.new("RGB", (128, 128), colour).save(out, "PNG", pnginfo=kept)
    return out.getvalue()


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def test_a_card_shows_the_pictures_and_the_words() -> None:
    colours = [(200, 30, 40), (30, 160, 60), (40, 60, 200), (240, 200, 30), (1, 2, 3)]
    card = pixels(taste_card(catalogue("en"), a_file(), OPINIONS, [png(colour) for colour in colours]))
    assert card.shape == (HEIGHT, WIDTH, 3)
    shown = {tuple(pixel) for pixel in card[430:440].reshape(-1, 3)}
    assert all(colour in shown for colour in colours[:4]) and colours[4] not in shown
    without = pixels(taste_card(catalogue("en"), a_file(), [], [png(colour) for colour in colours]))
    assert (card != without).any(axis=2).sum() > 10_000  # the bars


def test_a_card_is_the_taste_itself() -> None:
    card = taste_card(catalogue("en"), a_file(), OPINIONS, [])
    assert read_taste_file(card) == a_file()


def test_the_code_leads_to_the_address_and_is_only_there_with_one() -> None:
    plain = pixels(taste_card(catalogue("en"), a_file(), OPINIONS, []))
    coded = pixels(taste_card(catalogue("en"), a_file(), OPINIONS, [], "http://palate.example:7860/"))
    changed = (plain != coded).any(axis=2)
    rows, columns = np.nonzero(changed)
    square = coded[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].sum(axis=2) < 200
    modules = segno.make("http://palate.example:7860/", error="m", micro=False).matrix
    scale = square.shape[0] / (len(modules) + 8)  # with the quiet border that readers need
    assert scale == int(scale) >= 3 and square.shape[0] == square.shape[1]
    middles = square[int(scale) // 2 :: int(scale), int(scale) // 2 :: int(scale)][4:-4, 4:-4]
    assert (middles == np.array([[bool(dot) for dot in row] for row in modules])).all()


def test_a_hostile_taste_is_drawn_like_any_other() -> None:
    odd = a_file().model_copy(update={"subject": "x" * 200, "sentence": "<script> " * 80 + "y" * 900})
    odds = [Opinion("w" * 200, "medium", 1e300, 1e-300), Opinion("‮abc\x00", "m", float("-1e300"), 0.0)]
    assert pixels(taste_card(catalogue("en"), odd, odds, [])).shape == (HEIGHT, WIDTH, 3)


def test_what_is_no_card_is_refused_without_unpacking_it() -> None:
    bomb = png((1, 2, 3), **{CHUNK: "a" * (4 * LARGEST_BYTES)})
    assert len(bomb) < 30_000
    damaged = taste_card(catalogue("en"), a_file(), OPINIONS, [])[:80]
    for content in (png((1, 2, 3)), bomb, damaged, b"\x89PNG\r\n\x1a\n" + b"0" * LARGEST_PICTURE):
        with pytest.raises(SessionError, match="card"):
            read_taste_file(content)
    with pytest.raises(SessionError, match="fault"):
        read_taste_file(png((1, 2, 3), **{CHUNK: "{}"}))
