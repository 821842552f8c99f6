"""Pictures of numbers that are no numbers: found, mended in 32 bits, or refused.

In 16 bits, the decoder or the denoiser of many models leaves the range of its type. The result is infinite or
no number, and diffusers draws it as a black or white picture.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

import numpy
import torch
from PIL import Image

_LOG = logging.getLogger(__name__)
_NARROW = (torch.float16, torch.bfloat16)


class UnsoundError(Exception):
    """What was drawn is no picture; the message says what was found."""


def watch_decoders(pipeline: Any, title: str) -> None:
    """Make the pipeline's decoders check their numbers, and decode again in 32 bits where that helps.

    A decoder that needed 32 bits keeps them. The warning in the log says so once.

    Args:
        pipeline: of diffusers; each part that is a network and can decode is watched.
        title: of the model, for the log.
    """
    for name, part in pipeline.components.items():
        if isinstance(part, torch.nn.Module) and hasattr(part, "decode"):
            network: Any = part
            network.decode = _watched(network, network.decode, f"{title}: its {name}")


def _watched(part: Any, decode: Callable[..., Any], who: str) -> Callable[..., Any]:
    """The method `decode` with a check before and after."""

    @functools.wraps(decode)
    def checked(latents: torch.Tensor, *rest: Any, **named: Any) -> Any:
        if not _sound(latents):
            raise UnsoundError("the denoiser gave numbers that are not finite")
        decoded = decode(latents.to(part.dtype), *rest, **named)
        if _sound(_pixels(decoded)):
            return decoded
        if part.dtype in _NARROW:
            _LOG.warning("%s gave numbers that are not finite in 16 bits. It has 32 bits from now on.", who)
            part.to(dtype=torch.float32)
            decoded = decode(latents.float(), *rest, **named)
            if _sound(_pixels(decoded)):
                return decoded
        raise UnsoundError("the decoder gave numbers that are not finite, in 32 bits too")

    return checked


def widen(pipeline: Any) -> bool:
    """Give all networks 32 bits; False if they have them already, or if there is no room for them."""
    narrow = any(
        weights.dtype in _NARROW
        for part in pipeline.components.values()
        if isinstance(part, torch.nn.Module)
        for weights in part.parameters()
    )
    if narrow:
        try:
            pipeline.to(dtype=torch.float32)
        except (RuntimeError, ValueError, MemoryError):  # no memory, or weights of 8 bits and fewer
            _LOG.warning("The networks could not get 32 bits.", exc_info=True)
            return False
    return narrow


def checked_pictures(images: Any) -> list[Image.Image]:
    """The pictures of a pipeline's output.

    Args:
        images: Float[N, height, width, 3] in 0..1, or pictures of a pipeline that gives nothing else.

    Raises:
        UnsoundError: a number is not finite, or a picture has one colour everywhere.
    """
    if isinstance(images, numpy.ndarray):
        from diffusers.image_processor import VaeImageProcessor

        if not numpy.isfinite(images).all():
            raise UnsoundError("the model gave numbers that are not finite")
        images = VaeImageProcessor.numpy_to_pil(images)
    pictures: list[Image.Image] = list(images)
    for picture in pictures:
        colours = numpy.asarray(picture.convert("RGB"))
        if (colours == colours[0, 0]).all():
            raise UnsoundError("the picture has one colour everywhere")
    return pictures


def _sound(numbers: Any) -> bool:
    return not isinstance(numbers, torch.Tensor) or bool(torch.isfinite(numbers).all())


def _pixels(decoded: Any) -> Any:
    """The tensor in a decoder's output: a tuple, or an object with the field `sample`."""
    return decoded[0] if isinstance(decoded, tuple) else getattr(decoded, "sample", decoded)
