"""Pictures that a model's own safety checker objects to: drawn again from other noise, and blurred at last.

The checkers that come with Stable Diffusion blacken what they object to. They often do so by mistake, so a
picture is tried twice more from other seeds, which follow from its own; what is objected to even then is
blurred beyond recognition and says so.
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageDraw, ImageFilter

TRIES = 2
"""More seeds that are tried."""

HIDDEN = "hidden by the model's safety check"


def keep_pictures(pipeline: Any) -> bool:
    """Let the pipeline's checker say what it objects to without blackening it; False if it has none."""
    checker = getattr(pipeline, "safety_checker", None)
    if checker is None:
        return False
    judge = checker.forward

    def forward(images: Any, clip_input: Any) -> Any:
        spare = images.clone() if hasattr(images, "clone") else images.copy()  # it blackens what it is given
        _, objections = judge(clip_input=clip_input, images=spare)
        return images, objections

    checker.forward = forward
    return True


def switch_off(pipeline: Any) -> None:
    """Draw without the checker."""
    if getattr(pipeline, "safety_checker", None) is not None:
        pipeline.safety_checker = None
        pipeline.register_to_config(requires_safety_checker=False)


def other_seed(seed: int, attempt: int) -> int:
    """The seed of the n-th try, which follows from the first."""
    return (seed + attempt * 1_640_531_527) % 2**31


def hidden(picture: Image.Image) -> Image.Image:
    """The picture blurred until only its colours are left, with a line that says so."""
    side = max(picture.size)
    small = (
        picture.convert("RGB").filter(ImageFilter.GaussianBlur(side / 6)).resize((3, 3)).resize(picture.size)
    )
    draw = ImageDraw.Draw(small)
    size = max(8, side // 22)
    draw.text(
        (side / 2, side / 2), "\n".join((HIDDEN[:19].strip(), HIDDEN[19:].strip())), fill="white",
        stroke_width=max(1, size // 8), stroke_fill="black", anchor="mm", align="center", font_size=size,
    )  # fmt: skip
    return small
