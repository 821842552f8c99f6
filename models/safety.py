"""Pictures that a model's own safety checker rejects: drawn again from other seeds, and blurred at last.

The checkers of Stable Diffusion replace rejected pictures by black ones, often by mistake. A rejected picture
is drawn twice more, from seeds that are computed from its own. If these are rejected too, the picture is
blurred beyond recognition and labelled.
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageDraw, ImageFilter

TRIES = 2
"""Number of other seeds."""

HIDDEN = "hidden by the model's safety check"


def keep_pictures(pipeline: Any) -> bool:
    """Make the pipeline's checker report its objections without changing pictures; False if it has none."""
    checker = getattr(pipeline, "safety_checker", None)
    if checker is None:
        return False
    check = checker.forward

    def forward(images: Any, clip_input: Any) -> Any:
        spare = images.clone() if hasattr(images, "clone") else images.copy()  # the checker changes it
        _, objections = check(clip_input=clip_input, images=spare)
        return images, objections

    checker.forward = forward
    return True


def switch_off(pipeline: Any) -> None:
    """Remove the pipeline's checker."""
    if getattr(pipeline, "safety_checker", None) is not None:
        pipeline.safety_checker = None
        pipeline.register_to_config(requires_safety_checker=False)


def other_seed(seed: int, attempt: int) -> int:
    """The seed of the n-th attempt, computed from the first seed."""
    return (seed + attempt * 1_640_531_527) % 2**31


def hidden(picture: Image.Image) -> Image.Image:
    """The picture blurred until only its colours are left, with the label HIDDEN."""
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
