"""The first weights of an autoencoder that halves a picture once more than the released one.

The released networks become the inner levels. The new outer level begins as "halve" and "double", and the new
latent channels begin without an effect. So the first reconstruction is the released one's, doubled, and the
training goes on from there.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor


def grow(vae: Any, released: Any) -> None:
    """Give `vae` the weights of `released`, and an outer level without an effect if it has one level more.

    Args:
        vae: an untrained diffusers.AutoencoderKL with the same levels, or with one more, whose outer level is
            as wide as the next one. It has at least as many latent channels.
        released: a trained diffusers.AutoencoderKL.

    Raises:
        ValueError: the widths of the levels are others.
    """
    ours, theirs = list(vae.config.block_out_channels), list(released.config.block_out_channels)
    if ours == theirs:
        state = vae.state_dict()
        vae.load_state_dict(
            {name: _placed(name, old, state[name]) for name, old in released.state_dict().items()}
        )
        return
    if ours != [theirs[0], *theirs]:
        raise ValueError(
            f"Expected the widths {[theirs[0], *theirs]} of a level more than the released autoencoder's, "
            f"found {ours}. Correct `channels` in [vae], or leave out `kept_channels`."
        )
    state, old = vae.state_dict(), released.state_dict()
    last = len(theirs) - 1
    for name, value in old.items():
        inner = re.sub(r"(encoder\.down_blocks\.)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}", name)
        state[inner] = _placed(inner, value, state[inner])
    for name in state:
        outer = name.startswith(("encoder.down_blocks.0.", f"decoder.up_blocks.{last + 1}."))
        if outer and name.endswith(("conv2.weight", "conv2.bias")):
            state[name] = torch.zeros_like(state[name])
    _halve(state["encoder.down_blocks.0.downsamplers.0.conv.weight"])
    _copy(state[f"decoder.up_blocks.{last}.upsamplers.0.conv.weight"])
    for name in ("encoder.down_blocks.0.downsamplers.0", f"decoder.up_blocks.{last}.upsamplers.0"):
        state[f"{name}.conv.bias"].zero_()
    vae.load_state_dict(state)


def _placed(name: str, old: Tensor, new: Tensor) -> Tensor:
    """The weights `old` of a layer in the shape of `new`, which has more latent channels.

    Layers before the latents keep what `new` has for their new outputs, so that these can learn. A layer
    behind the latents does not read the new channels at first. The two 1 x 1 convolutions pass them on.
    """
    if old.shape == new.shape:
        return old
    rows = _places(old.shape[0], new.shape[0], halves=name.startswith(("encoder.conv_out", "quant_conv")))
    out = new.clone()
    if old.ndim == 1:
        out[rows] = old
        return out
    columns = _places(old.shape[1], new.shape[1], halves=name.startswith("quant_conv"))
    if "quant_conv" in name:
        out = torch.eye(len(new))[:, :, None, None].to(new)
    elif len(columns) < new.shape[1]:
        out = torch.zeros_like(new)
    out[rows[:, None], columns[None, :]] = old
    return out


def _places(old: int, new: int, halves: bool) -> Tensor:
    """Where the old channels are among the new ones, Long[old]; `halves`: means first, then log variances."""
    if not halves:
        return torch.arange(old)
    return torch.cat([torch.arange(old // 2), new // 2 + torch.arange(old // 2)])


def _halve(weight: Tensor) -> None:
    """Make a convolution of stride 2 the mean of four pixels, Float[C, C, 3, 3]."""
    weight.zero_()
    for channel in range(len(weight)):
        weight[channel, channel, :2, :2] = 0.25


def _copy(weight: Tensor) -> None:
    """Make a convolution pass its input on, Float[C, C, 3, 3]."""
    weight.zero_()
    for channel in range(len(weight)):
        weight[channel, channel, 1, 1] = 1.0
