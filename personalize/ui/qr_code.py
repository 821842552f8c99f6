"""QR codes in the colours of the page."""

import io

import segno
from PIL import Image

from personalize.errors import SessionError

DARK, LIGHT = "#17201b", "#fbfcfa"
"""The page's ink, and the paper of its cards."""


def qr_svg(link: str, dot_px: int) -> bytes:
    """The QR code of a link as an SVG, with `dot_px` pixels for each dot."""
    drawn = io.BytesIO()
    _code(link).save(drawn, kind="svg", dark=DARK, light=LIGHT, scale=dot_px)
    return drawn.getvalue()


def qr_picture(link: str, side_px: int) -> Image.Image:
    """The QR code of a link as a picture of about `side_px` pixels; each dot has whole pixels, at least 3."""
    code, drawn = _code(link), io.BytesIO()
    dot_px = max(3, side_px // code.symbol_size()[0])
    code.save(drawn, kind="png", scale=dot_px, dark=DARK, light=LIGHT)
    return Image.open(drawn).convert("RGB")


def _code(link: str) -> segno.QRCode:
    """The code of a link.

    Raises:
        SessionError: the link is too long.
    """
    try:
        return segno.make(link, error="m", micro=False)
    except segno.DataOverflowError:
        raise SessionError(
            "Expected a link that fits into a QR code, found one of {length} letters. Shorten the address.",
            length=len(link),
        ) from None
