"""The taste card: a picture of a taste that also contains the taste file.

The taste file is a text chunk of the PNG, so Palate reads a card like a taste file. The card does not contain
the session's link: whoever gets it can continue from a copy, and cannot change the session.
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from personalize.rounds.personalizer import Personalizer
from personalize.taste.recommend import favourites
from personalize.taste.summary import Opinion, summarise
from personalize.taste.taste_file import CHUNK, TasteFile
from personalize.taste.transfer import taste_file
from personalize.ui.qr_code import qr_picture
from personalize.ui.screens.bars import reach_of, rows
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

WIDTH, HEIGHT, EDGE = 1080, 1350, 72
"""Pixels: the upright format of picture feeds."""

PICTURES, GAP = 4, 16
LIKED, AVOIDED = 5, 2
"""Most liked and least liked words on the card."""

WALL, INK, SOFT, LINE = "#eef2ec", "#17201b", "#53615a", "#d5ddd4"
FIG, TEAL, HAZE = "#8a2a60", "#2c6e6c", "#b9c4bc"
CODE_PX = 180
"""Approximate side of the QR code."""

COLOURS = {"liked": FIG, "disliked": TEAL, "open": HAZE}
FONTS = Path(__file__).parents[1] / "static" / "fonts"


def taste_card(
    words: Catalogue,
    file: TasteFile,
    opinions: Sequence[Opinion],
    pictures: Sequence[bytes],
    address: str = "",
) -> bytes:
    """The card as a PNG.

    Args:
        words: texts in the language of the card.
        file: the taste file that the card contains.
        opinions: on all words, most liked first.
        pictures: PNG files; the first PICTURES of them are shown.
        address: URL of a page where others can begin, shown as a QR code; "" for none.
    """
    card = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    pen = ImageDraw.Draw(card)
    title = _fitting(words("card_title"), "gloock", 76, WIDTH - 2 * EDGE)
    pen.text((EDGE, 64), words("card_title"), INK, title)
    sentence = sentences.highlights(words, opinions, len(file.rounds))
    below = 172
    for line in _lines(sentence, _font("instrument-sans", 30), WIDTH - 2 * EDGE)[:3]:
        pen.text((EDGE, below), line, SOFT, _font("instrument-sans", 30))
        below += 42
    top = 316
    side = (WIDTH - 2 * EDGE - (PICTURES - 1) * GAP) // PICTURES
    for place, content in enumerate(pictures[:PICTURES]):
        picture = (
            Image.open(io.BytesIO(content)).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        )
        card.paste(picture, (EDGE + place * (side + GAP), top), _rounded(side))
    _bars(words, pen, _shown(opinions), top + side + 56)
    _foot(words, card, pen, file, address)
    kept = PngImagePlugin.PngInfo()
    kept.add_itxt(CHUNK, file.text(), zip=True)
    out = io.BytesIO()
    card.save(out, "PNG", pnginfo=kept)
    return out.getvalue()


def session_file(personalizer: Personalizer, token: str) -> TasteFile:
    """The taste file of a session, with its summary in English.

    Raises:
        SessionError: nothing was answered yet, or there is no such session.
    """
    return taste_file(personalizer, token, sentences.in_english(summarise(personalizer, token)))


def session_card(personalizer: Personalizer, token: str, words: Catalogue, address: str = "") -> bytes:
    """The card of a session, with the pictures that the person is expected to like best.

    Raises:
        SessionError: nothing was answered yet, or there is no such session.
    """
    file, opinions = session_file(personalizer, token), summarise(personalizer, token).opinions
    pictures = [personalizer.picture(token, name) for name in favourites(personalizer, token, PICTURES)]
    return taste_card(words, file, opinions, pictures, address)


def _shown(opinions: Sequence[Opinion]) -> list[Opinion]:
    return [*opinions[:LIKED], *opinions[LIKED:][-AVOIDED:]]


def _bars(words: Catalogue, pen: ImageDraw.ImageDraw, opinions: Sequence[Opinion], top: int) -> None:
    left, right, height = 430, WIDTH - EDGE - 90, 68
    for number, bar in enumerate(rows(opinions, reach_of(opinions))):
        middle = top + number * height + height // 2

        def at(percent: object) -> float:
            return left + (right - left) * float(str(percent)) / 100

        colour = COLOURS[str(bar["mood"])]
        word = words.token(str(bar["token"]))
        font = _fitting(word, "instrument-sans", 34, left - EDGE - 16)
        pen.text((EDGE, middle), word, INK, font, anchor="lm")
        pen.line((left, middle, right, middle), LINE, 2)
        pen.line((at(50), middle - 22, at(50), middle + 22), LINE, 2)
        begin, end = at(bar["left"]), at(float(str(bar["left"])) + float(str(bar["width"])))
        pen.rounded_rectangle((begin, middle - 13, max(end, begin + 4), middle + 13), 6, colour)
        low, high = at(bar["low"]), at(float(str(bar["low"])) + float(str(bar["span"])))
        pen.line((low, middle, high, middle), INK, 3)
        pen.text((WIDTH - EDGE, middle), str(bar["written"]), SOFT, _font("instrument-sans", 24), anchor="rm")


def _foot(
    words: Catalogue, card: Image.Image, pen: ImageDraw.ImageDraw, file: TasteFile, address: str
) -> None:
    picks, bottom = len(file.rounds), HEIGHT - EDGE
    key = "card_about" if _is_latin(file.subject) else "card_plain"
    about = words.count(key, picks, subject=file.subject, made=words.date(file.made))
    small = words("card_small")
    thin = _fitting(small, "instrument-sans", 20, WIDTH - 2 * EDGE - 200)
    font = _font("instrument-sans", 26)
    pen.text((EDGE, bottom - 92), _lines(about, font, WIDTH - 2 * EDGE - 200)[0], INK, font, anchor="ls")
    pen.text((EDGE, bottom - 54), small, SOFT, thin, anchor="ls")
    pen.text((EDGE, bottom), words("card_made"), FIG, _font("gloock", 28), anchor="ls")
    if address:
        code = qr_picture(address, CODE_PX)
        card.paste(code, (WIDTH - EDGE - code.width, bottom - code.height))


def _is_latin(text: str) -> bool:
    """Whether the fonts have all letters of the text."""
    return text.isprintable() and all(ord(letter) < 0x100 for letter in text)


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The text in lines of at most `width` pixels; a longer word is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        while font.getlength(word) > width:
            word = word[:-2]
        lines.append(word)
    return [line for line in lines if line]


def _fitting(text: str, name: str, size: int, width: float) -> ImageFont.FreeTypeFont:
    """The font in the largest size, at most `size`, in which the text is at most `width` pixels wide."""
    while _font(name, size).getlength(text) > width and size > 12:
        size -= 2
    return _font(name, size)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{name}.woff2", size)


@cache
def _rounded(side: int) -> Image.Image:
    mask = Image.new("L", (4 * side, 4 * side), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), 4 * 18, 255)
    return mask.resize((side, side), Image.Resampling.LANCZOS)
