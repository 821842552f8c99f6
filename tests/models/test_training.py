"""The training of the mini models: losses with known values, and the whole chain on a tiny set."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models import load_embedder, load_renderer
from models.composer.compose import SLOTS
from models.composer.dataset import build_pictures, load_pictures
from models.composer.scenes import is_kept_back
from models.jobs import Job
from models.training.__main__ import SMOKE, main, read_config
from models.training.export import export_names
from models.training.reader import SLOT_WEIGHT, Reader, reading_loss, softened, trained_reader
from models.training.text_plan import GRID, PLANNED, fit_head, plan_loss, plan_of, subject_weights
from models.training.unet import spread_times
from models.training.vae import build_vae, released_autoencoder, to_input
from models.training.vae_growth import grow
from personalize.rendering.png import open_picture
from tests.models.shapes import drawn_shapes, write_library

CONFIG = Path(__file__).parents[2] / "models" / "training" / "config.toml"
MINI = CONFIG.parents[1] / "mini"


def test_reading_loss_asks_for_what_was_said_alone() -> None:
    """A reader whose answer does not depend on the picture: the loss is that answer's surprise."""
    torch.manual_seed(0)
    reader = Reader(channels=4, side=8, subjects=5).eval().requires_grad_(False)
    torch.nn.init.zeros_(reader.head.weight)
    reader.head.bias.copy_(torch.randn_like(reader.head.bias))
    logits = reader(torch.randn(1, 4, 8, 8))
    scenes = torch.zeros(2, 1 + len(SLOTS), dtype=torch.long)
    scenes[:, 0], scenes[0, 2] = 3, 7
    subject = -float(logits[0].log_softmax(1)[0, 3])
    token = -float(logits[2].log_softmax(1)[0, 7])
    found = reading_loss(reader, torch.randn(2, 4, 8, 8), scenes, torch.tensor([True, True]))
    assert float(found) == pytest.approx((2 * subject + SLOT_WEIGHT * token) / 2, rel=1e-5)
    untold = reading_loss(reader, torch.randn(2, 4, 8, 8), scenes, torch.tensor([False, True]))
    assert float(untold) == pytest.approx(subject / 2, rel=1e-5)


def test_a_missing_reader_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="models.training reader"):
        trained_reader(tmp_path, torch.zeros(1, 4, 8, 8), 5)


def test_a_reader_is_taught_on_softer_pictures_of_the_same() -> None:
    torch.manual_seed(0)
    smooth = torch.ones(400, 2, 6, 6)
    changed = softened(smooth)  # blurring leaves an even picture alone, so what is left is noise
    spread = (changed - smooth).flatten(1).std(dim=1)
    assert 0.2 < float((spread < 1e-5).float().mean()) < 0.5 and 0.4 < float(spread.max()) < 0.8
    rough = torch.randn(400, 2, 6, 6)
    left = (softened(rough) * rough).flatten(1).mean(dim=1) / rough.square().flatten(1).mean(dim=1)
    assert float(left.min()) < 0.5 and float(left.max()) == pytest.approx(1.0, abs=0.1)


def test_the_whole_chain_on_a_tiny_set(tmp_path: Path) -> None:
    """Data, CLIP, autoencoder, denoiser, export; then the stock loaders draw and embed with the result."""
    build, out = tmp_path / "build", tmp_path / "mini"
    build.mkdir()
    write_library(build, read_config(CONFIG, smoke=True)["data"])

    def run(step: str, folder: Path = build) -> int:
        return main([step, "--build", str(folder), "--out", str(out), "--smoke"])

    for step in ("data", "clip", "vae", "decoder", "layout", "reader", "unet", "export"):
        assert run(step) == 0
    config = read_config(CONFIG, smoke=True)["data"]
    data = load_pictures(build, config)
    kept = np.array([is_kept_back(row) for row in data.scenes])
    assert kept[-config["held_out"] :].all() and not kept[: -config["held_out"]].any()
    for part in ("clip", "vae", "decoder", "layout", "reader", "unet"):
        steps = torch.load(build / part / "checkpoint.pt", weights_only=True)["steps"]
        assert steps == SMOKE[part]["steps"]
    assert run("unet") == 0  # resumed, and already done
    assert torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["steps"] == steps
    folded, latents = (torch.load(build / "vae" / f"{name}.pt") for name in ("folded", "latents"))
    assert run("vae") == 0  # encodes, as it is
    for name, value in torch.load(build / "vae" / "folded.pt").items():
        assert torch.equal(value, folded[name]), name
    encoded = torch.load(build / "vae" / "latents.pt")
    torch.testing.assert_close(encoded.float(), latents.float(), atol=0.05, rtol=0.05)
    again = tmp_path / "again"
    assert run("adopt", again) == 0
    assert (again / "vae" / "folded.pt").exists()  # so that the step `vae` only encodes
    modules = torch.load(again / "unet" / "checkpoint.pt", weights_only=True)["modules"]
    exported = torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["modules"]
    for name, value in exported["ema_unet"].items():
        torch.testing.assert_close(modules["unet"][name], value.half().float())
    with pytest.raises(ValueError, match="without checkpoints"):
        run("adopt", again)
    renderer, embedder = load_renderer(str(out)), load_embedder(str(out))
    assert renderer.room("a fox") > 0 and embedder.embed_texts(["a fox"]).shape == (1, embedder.dimension)
    assert open_picture(renderer.render([Job("a fox", 1)])[0]).size == (128, 128)
    doubled_of(out, tmp_path / "doubling")


def doubled_of(models: Path, build: Path) -> None:
    """The step `doubling`: the same denoiser, pictures of twice the side, and no second doubling."""
    build.mkdir()
    config = CONFIG.with_name("doubling.toml")
    write_library(build, read_config(config, smoke=True)["data"])

    def run(step: str) -> int:
        flags = ["--config", str(config), "--build", str(build), "--out", str(models), "--smoke"]
        return main([step, *flags])

    unet = models / "stable-diffusion" / "unet"
    before = {file.name: file.read_bytes() for file in unet.iterdir()}
    build_pictures(build, read_config(config, smoke=True)["data"], 1)
    assert run("doubling") == 0
    assert {file.name: file.read_bytes() for file in unet.iterdir()} == before
    renderer = load_renderer(str(models))
    assert open_picture(renderer.render([Job("a fox", 1)])[0]).size == (256, 256)
    for part, steps in (("doubling", SMOKE["doubling"]["steps"]), ("halving", SMOKE["halving"]["steps"])):
        assert torch.load(build / part / "checkpoint.pt", weights_only=True)["steps"] == steps
    assert run("doubling") == 2  # it was doubled already


@torch.no_grad()
def test_a_grown_autoencoder_begins_as_the_one_of_half_the_side() -> None:
    torch.manual_seed(0)
    config = read_config(CONFIG.with_name("large.toml"), smoke=False)
    vae, released = build_vae(config).eval(), build_vae(read_config(CONFIG, smoke=False)).eval()
    grow(vae, released)
    layers = torch.as_tensor(drawn_shapes(4, 256)).permute(0, 3, 1, 2).float() / 127.5 - 1
    x = F.avg_pool2d(layers[:, :3], 3, 1, 1)
    latents = vae.encode(x).latent_dist.mean
    known = released.encode(F.avg_pool2d(x, 2)).latent_dist.mean
    kept = config["vae"]["kept_channels"]
    assert float((latents[:, :kept] - known).square().mean()) < 0.05 * float(known.square().mean())
    assert float(latents[:, kept:].std()) > 0.05  # the others say something, and nobody reads it yet
    doubled = F.interpolate(released.decode(latents[:, :kept]).sample, scale_factor=2)
    decoded = vae.decode(latents).sample
    assert float((decoded - doubled).abs().mean()) < 0.2 * float((doubled - doubled.mean()).abs().mean())
    other = build_vae({**config, "vae": {**config["vae"], "channels": [8, 16, 32, 64, 96]}})
    with pytest.raises(ValueError, match="Expected the widths"):
        grow(other, released)


@torch.no_grad()
def test_more_latent_channels_change_nothing_at_first() -> None:
    torch.manual_seed(0)
    config = read_config(CONFIG.with_name("large.toml"), smoke=False)
    vae, released = build_vae(config).eval(), released_autoencoder()
    grow(vae, released)
    x = torch.rand(2, 3, 256, 256) * 2 - 1
    known = released.encode(x).latent_dist.mean
    latents = vae.encode(x).latent_dist.mean
    torch.testing.assert_close(latents[:, : known.shape[1]], known, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(
        vae.decode(latents).sample, released.decode(known).sample, atol=1e-4, rtol=1e-3
    )


def test_smoke_changes_sizes_of_work_only() -> None:
    whole, smoke = read_config(CONFIG, smoke=False), read_config(CONFIG, smoke=True)
    for section, values in whole.items():
        for name, value in values.items():
            assert smoke[section][name] == dict(SMOKE.get(section, {})).get(name, value)


def test_times_are_spread_evenly_over_their_distribution() -> None:
    torch.manual_seed(0)
    times = torch.stack([spread_times(24, 0.8) for _ in range(200)])
    logits = torch.logit(times)
    assert float(logits.mean()) == pytest.approx(0.8, abs=0.02)
    assert float(logits.std()) == pytest.approx(1.0, abs=0.03)
    parts = torch.special.ndtr(logits - 0.8).mul(24).floor()
    assert all(len(set(row.tolist())) == 24 for row in parts)  # one of each part in every batch
    assert float(logits.mean(dim=1).std()) < 0.05  # independent draws would have 0.2


def test_the_place_of_the_subject_counts_more_and_the_whole_the_same() -> None:
    weights = subject_weights(16, 1.5)
    tokens = SLOTS["composition"]
    assert weights.shape == (len(tokens), 16, 16)
    torch.testing.assert_close(weights.mean(dim=(1, 2)), torch.ones(len(tokens)))
    plain, left, right, high, two = (
        weights[tokens.index(token)]
        for token in ("", "at the left edge", "at the right edge", "high up", "two of them")
    )
    assert float(plain[7:9, 7:9].mean()) > 1.5 * float(plain[0, 0])
    torch.testing.assert_close(left, right.flip(1))
    assert float(left[:, :8].mean()) > 1.2 * float(left[:, 8:].mean())
    assert float(high[:8].mean()) > 1.2 * float(high[8:].mean())
    assert float(two[4, 4]) > 1.3 * float(two[4, 12])
    torch.testing.assert_close(subject_weights(8, 0.0), torch.ones(len(tokens), 8, 8))


@torch.no_grad()
def test_a_plan_is_laid_out_as_the_latents_are() -> None:
    """A head that copies: place (r, c) at the end of the window says the part (r, c) of the picture."""
    channels, side = 2, 3
    latents = torch.randn(1, channels, GRID * side, GRID * side)
    width = channels * side * side
    states = torch.zeros(1, 7 + PLANNED, width)
    for row in range(GRID):
        for column in range(GRID):
            part = latents[0, :, row * side : (row + 1) * side, column * side : (column + 1) * side]
            states[0, 7 + row * GRID + column] = part.flatten()
    head = torch.nn.Linear(width, width)
    head.weight.copy_(torch.eye(width))
    head.bias.zero_()
    torch.testing.assert_close(plan_of(states, head, channels), latents)
    weight = subject_weights(GRID * side, 1.0)[:1, None]
    assert float(plan_loss(states, head, latents, weight)) == pytest.approx(0.0, abs=1e-12)
    assert float(plan_loss(states, head, latents + 1.0, weight)) == pytest.approx(1.0, rel=1e-5)


def test_the_first_head_of_a_plan_fits_the_encoder_as_it_is() -> None:
    """Latents that are a linear function of the states are found again, in their places."""
    width, channels, side, window = 12, 2, 2 * GRID, PLANNED + 3
    table = torch.randn(50, width, generator=torch.Generator().manual_seed(1))

    class Encoder(torch.nn.Module):
        def forward(self, ids: torch.Tensor) -> SimpleNamespace:
            return SimpleNamespace(last_hidden_state=table[ids])

    ids = torch.randint(50, (40, window), generator=torch.Generator().manual_seed(2))
    true, head = (torch.nn.Linear(width, channels * (side // GRID) ** 2) for _ in range(2))
    with torch.no_grad():
        latents = plan_of(table[ids], true, channels)
    fit_head(head, Encoder(), ids, latents, batch=16)
    torch.testing.assert_close(plan_of(table[ids], head, channels), latents, rtol=0, atol=0.01)


def test_the_released_list_of_subjects_replaces_no_other(tmp_path: Path) -> None:
    out = tmp_path / "new" / "mini"
    export_names(out)
    assert (out / "subjects.toml").read_bytes() == (MINI / "subjects.toml").read_bytes()
    (out / "subjects.toml").write_text("of other models")
    export_names(out)
    assert (out / "subjects.toml").read_text() == "of other models"


def test_a_larger_release_goes_on_from_the_released_denoiser(tmp_path: Path) -> None:
    """The chain of large.toml: more latent channels, of which the released denoiser knows the first."""
    build, out = tmp_path / "build", tmp_path / "next"
    build.mkdir()
    config_file = CONFIG.with_name("large.toml")
    write_library(build, read_config(config_file, smoke=True)["data"])

    def run(step: str, folder: Path = out) -> None:
        where = ["--build", str(build), "--out", str(folder), "--config", str(config_file)]
        assert main([step, *where, "--smoke"]) == 0

    for step in ("data", "vae", "decoder"):
        run(step)
    latents = torch.load(build / "vae" / "latents.pt").float()
    kept = read_config(config_file, smoke=True)["vae"]["kept_channels"]
    spread = latents.std(dim=(0, 2, 3))
    torch.testing.assert_close(spread[kept:], torch.ones(len(spread) - kept), atol=0.01, rtol=0.01)
    pictures = to_input(load_pictures(build, read_config(config_file, smoke=True)["data"]).pictures[:16])
    with torch.no_grad():
        known = released_autoencoder().encode(pictures).latent_dist.mean
    assert float((latents[:16, :kept] - known).square().mean()) < 0.1  # the released denoiser knows them
    assert "critic" in torch.load(build / "decoder" / "checkpoint.pt", weights_only=True)["modules"]
    main(["adopt", "--build", str(build), "--out", str(MINI), "--config", str(config_file), "--smoke"])
    unet = torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["modules"]["unet"]
    assert not unet["conv_in.weight"][:, kept:].any() and unet["conv_in.weight"][:, :kept].any()
    assert not unet["conv_out.weight"][kept:].any() and unet["conv_out.weight"][:kept].any()
    for step in ("clip", "layout", "reader", "unet", "export"):
        run(step)
    trained = torch.load(build / "unet" / "checkpoint.pt", weights_only=True)["modules"]["unet"]
    assert trained["conv_out.weight"][kept:].any()  # the new channels learn
    renderer, embedder = load_renderer(str(out)), load_embedder(str(out))
    picture = renderer.warm_up("a fox", lambda done, of: None)
    assert open_picture(picture).size == (256, 256)
    assert embedder.embed_pictures([open_picture(picture)]).shape == (1, embedder.dimension)
