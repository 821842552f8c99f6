"""The record in a picture: written by `models`, and read by `personalize`, which share no code."""

from PIL import Image

from models.png import RECORD, png_bytes
from personalize.rendering import png


def test_both_packages_name_the_chunk_alike_and_read_what_was_written() -> None:
    record = {
        "model": "mini-0123", "prompt": "a fox, watercolor", "negative_prompt": "", "seed": 7, "steps": 8,
        "guidance": 3.0, "picture_px": 16,
    }  # fmt: skip
    content = png_bytes(
        Image.new("RGB", (16, 16)), record, scheduler="DDIMScheduler", model="mini", fingerprint="0123"
    )
    assert RECORD == png.RECORD
    assert png.recalled(content) == png.Recalled("a fox, watercolor", 7, "mini-0123")
