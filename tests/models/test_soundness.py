"""Networks that give numbers without meaning: mended in 32 bits, or refused in a sentence."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import app
from models import ModelError, load_embedder, load_renderer
from models.diffusion import DiffusersRenderer
from models.soundness import UnsoundError, checked_pictures
from tests.models import tiny

FOX = SimpleNamespace(prompt="a fox", negative_prompt="", seed=3)
OWL = SimpleNamespace(prompt="an owl", negative_prompt="", seed=4)
LARGEST_HALF = 65_504.0


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    return {
        "lcm": tiny.save_lcm(folder / "lcm"),
        "sdxl": tiny.save_sdxl(folder / "sdxl"),
        "checked": tiny.save_checked(folder / "checked", objects=False),
    }


def loaded(folder: Path) -> DiffusersRenderer:
    found = load_renderer(str(folder), 1, changes={"steps": 2})
    assert isinstance(found, DiffusersRenderer)
    return found


def pixels(content: bytes) -> torch.Tensor:
    return torch.tensor(numpy.asarray(Image.open(io.BytesIO(content)).convert("RGB"))).float()


def overflow(layer: Any) -> None:
    """Make a layer leave the range of 16 bits but not that of 32; the norm after it takes the scale out."""
    with torch.no_grad():
        layer.weight.mul_(LARGEST_HALF)


@pytest.mark.parametrize("family", ["lcm", "sdxl", "checked"])
@pytest.mark.parametrize(
    "layer",
    [lambda pipe: pipe.vae.decoder.conv_in, lambda pipe: pipe.unet.conv_in],
    ids=["decoder", "denoiser"],
)
def test_networks_that_overflow_in_16_bits_draw_in_32(
    folders: dict[str, Path],
    family: str,
    layer: Callable[[Any], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    wide, narrow = loaded(folders[family]), loaded(folders[family])
    for renderer in (wide, narrow):
        renderer._pipeline.vae.register_to_config(force_upcast=False)  # else diffusers widens the decoder
        overflow(layer(renderer._pipeline))
    narrow._pipeline.to(dtype=torch.float16)
    layer(narrow._pipeline).weight.data.clamp_(-LARGEST_HALF, LARGEST_HALF)
    expected, found = wide.render([FOX, OWL]), narrow.render([FOX, OWL])
    for one, other in zip(expected, found, strict=True):
        assert len(set(pixels(other).flatten().tolist())) > 10
        assert (pixels(one) - pixels(other)).abs().mean() < 8
    assert "32 bits from now on" in caplog.text
    caplog.clear()
    again = narrow.render([FOX, OWL])
    assert [pixels(content).tolist() for content in again] == [pixels(content).tolist() for content in found]
    assert caplog.text == ""  # mended once


def spoil(folder: Path, part: str, value: float, name: str = "diffusion_pytorch_model") -> None:
    """Set the last weights of a part in its file."""
    file = folder / part / f"{name}.safetensors"
    weights = load_file(file)
    for key in [key for key in weights if "conv_out" in key or "final_layer_norm" in key]:
        weights[key] = torch.full_like(weights[key], value)
    save_file(weights, file, metadata={"format": "pt"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_damaged_weights_are_refused_in_a_sentence(tmp_path: Path, part: str, value: float) -> None:
    folder = tiny.save_lcm(tmp_path / "mine")
    spoil(folder, part, value, "model" if part == "text_encoder" else "diffusion_pytorch_model")
    with pytest.raises(ModelError, match=r"found that .* not finite.*--model"):
        loaded(folder).render([FOX])


def test_a_picture_of_one_colour_is_refused(tmp_path: Path) -> None:
    folder = tiny.save_lcm(tmp_path / "mine")
    spoil(folder, "vae", 0.0)
    with pytest.raises(ModelError, match="one colour"):
        loaded(folder).render([FOX])


def test_one_bad_picture_spoils_its_batch() -> None:
    images = numpy.random.default_rng(0).random((3, 8, 8, 3)).astype("float32")
    assert [picture.size for picture in checked_pictures(images)] == [(8, 8)] * 3
    images[1, 2, 3, 0] = numpy.nan
    with pytest.raises(UnsoundError, match="not finite"):
        checked_pictures(images)


def test_a_pipeline_that_gives_pictures_only_is_read_too() -> None:
    good = Image.fromarray(numpy.arange(192, dtype="uint8").reshape(8, 8, 3))
    assert checked_pictures([good]) == [good]
    with pytest.raises(UnsoundError, match="one colour"):
        checked_pictures([good, Image.new("RGB", (8, 8))])


def test_the_app_does_not_start_with_such_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.save_lcm(tmp_path / "mine")
    spoil(folder, "vae", float("nan"))
    flags = ["--model", str(folder), "--steps", "1", "--data", str(tmp_path / "data"), "--port", "0"]
    assert app.main([*flags, "--vocabulary", "mini", "--threads", "1"]) == 2
    output = capsys.readouterr().err
    assert output.startswith("Expected a picture from mine") and output.count("\n") == 1
    assert not list((tmp_path / "data").rglob("*.png"))


def test_a_clip_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    embedder = load_embedder("mini", 1)
    with torch.no_grad():
        next(embedder._net.visual.parameters()).fill_(float("nan"))
    with pytest.raises(ModelError, match="--clip"):
        embedder.embed_pictures([Image.new("RGB", (64, 64))])
    assert embedder.embed_texts(["a fox"]).isfinite().all()  # the other half is whole
