"""The figures of an autoencoder, and the losses that keep it sharp."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.composer.compose import SLOTS
from models.composer.dataset import ComposedPictures
from models.evaluation.autoencoder import noise_db, sharpness
from models.training.__main__ import HERE, read_config
from models.training.sharp import Critic, Eye, critic_losses, energy_loss, feature_loss
from models.training.vae import CLIP, train_vae
from tests.models.shapes import drawn_shapes


def pictures(px: int) -> torch.Tensor:
    """Coloured shapes on gray."""
    layers = drawn_shapes(4, px).astype(np.float32) / 255
    flat = layers[..., :3] * layers[..., 3:] + 0.8 * (1 - layers[..., 3:])
    return torch.as_tensor(flat).permute(0, 3, 1, 2) * 2 - 1


def blurred(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(F.avg_pool2d(x, 4), scale_factor=4, mode="bilinear")


def test_a_blur_is_less_sharp_and_noise_beside_the_edges_does_not_help() -> None:
    x = pictures(64)
    y = blurred(x)
    assert sharpness(x, x) == pytest.approx(1) and noise_db(x, y) > 15
    assert sharpness(x, y) < 0.5 < 0.9 < sharpness(x, 0.5 * x + 0.5 * x)
    assert sharpness(x, torch.zeros_like(x)) == 0
    flat = torch.ones_like(x)
    assert sharpness(flat, torch.rand_like(x)) == 0  # nothing of a picture without edges counts


def test_each_loss_of_the_critic_teaches_its_own_network_only() -> None:
    torch.manual_seed(0)
    critic, x = Critic(8), pictures(32)
    y = blurred(x).requires_grad_()
    judged, taught = critic_losses(critic, x, y)
    torch.autograd.backward(judged, retain_graph=True)
    assert y.grad is None and any(p.grad is not None and p.grad.abs().sum() > 0 for p in critic.parameters())
    critic.zero_grad()
    torch.autograd.backward(taught)
    assert y.grad is not None and y.grad.abs().sum() > 0
    assert all(p.grad is None or not p.grad.any() for p in critic.parameters())


def test_the_eye_sees_a_blur_and_is_not_trained() -> None:
    eye, x = Eye(CLIP), pictures(64)
    y = blurred(x).requires_grad_()
    assert float(feature_loss(eye, x, x)) == 0
    loss = feature_loss(eye, x, y)
    torch.autograd.backward(loss)
    assert loss.item() > 0.05 and y.grad is not None and y.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in eye.parameters())


def test_the_large_autoencoder_trains_with_all_losses_and_goes_on(tmp_path: Path) -> None:
    config: dict[str, Any] = read_config(HERE / "large.toml", smoke=False)
    assert config["data"]["picture_px"] == 16 * 2 ** (len(config["vae"]["channels"]) - 1)
    config["vae"].update(batch=2, crop_px=64, steps=2, critic_from=0.0)
    config["data"].update(held_out=4)
    rng = np.random.default_rng(0)
    data = ComposedPictures(
        rng.integers(0, 255, (8, 64, 64, 3), np.uint8), np.zeros((8, 1 + len(SLOTS)), np.int16), ("a fox",)
    )
    vae = train_vae(data, config, tmp_path)
    with torch.no_grad():
        assert vae.encode(torch.zeros(1, 3, 256, 256)).latent_dist.mean.shape == (1, 16, 16, 16)
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert stored["steps"] == 2 and set(stored["modules"]) == {"model", "critic"}
    config["vae"]["steps"] = 3
    train_vae(data, config, tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"] == 3
    assert len((tmp_path / "held_out.jsonl").read_text().splitlines()) == 2


def test_the_strength_of_edges_counts_and_their_exact_place_does_not() -> None:
    x = pictures(64)
    beside = torch.roll(x, 1, dims=3)
    assert float(energy_loss(x, x)) == 0
    assert float(energy_loss(x, beside)) < 0.5 * float(energy_loss(x, blurred(x)))
    assert float((x - beside).abs().mean()) > 0  # L1 sees the move
