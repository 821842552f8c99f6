"""Folders of models as people have them: loaded where diffusers can, refused in a sentence elsewhere."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models import ModelError, devices, find_model, load_renderer, own_settings
from tests.models import tiny

FOX = SimpleNamespace(prompt="a fox", negative_prompt="", seed=3)
PARTS = ("unet", "vae", "text_encoder")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save_lcm(tmp_path_factory.mktemp("plain") / "lcm")


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "mine"))


def weights_of(folder: Path, part: str) -> Path:
    (file,) = (folder / part).glob("*.safetensors")
    return file


def as_variant(folder: Path, part: str, variant: str, keep: bool = False) -> None:
    file = weights_of(folder, part)
    other = file.with_suffix(f".{variant}.safetensors")
    shutil.copy(file, other)
    if not keep:
        file.unlink()


def drawn(folder: Path) -> bytes:
    return load_renderer(str(folder), 1, changes={"steps": 1}).render([FOX])[0]


def edit(file: Path, **values: Any) -> None:
    stated = json.loads(file.read_text("utf-8"))
    stated.update(values)
    file.write_text(json.dumps({name: value for name, value in stated.items() if value is not None}))


@pytest.mark.parametrize(
    "variants",
    [
        {"unet": "fp16"},
        {"vae": "fp16"},
        {"unet": "bf16", "vae": "bf16", "text_encoder": "bf16"},
        {"unet": "non_ema"},
        {"unet": "fp16", "text_encoder": "fp16"},
    ],
    ids=str,
)
def test_weights_that_exist_in_one_variant_only_are_read(folder: Path, variants: dict[str, str]) -> None:
    for part, variant in variants.items():
        as_variant(folder, part, variant)
    assert drawn(folder)


def test_plain_weights_come_before_variants(folder: Path) -> None:
    expected = drawn(folder)
    as_variant(folder, "unet", "fp16", keep=True)
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"damaged")
    assert len(drawn(folder)) == pytest.approx(len(expected), abs=40)


def test_parts_in_different_variants_are_named(folder: Path) -> None:
    as_variant(folder, "unet", "bf16")
    as_variant(folder, "vae", "fp16")
    with pytest.raises(ModelError, match=r"unet: bf16; vae: fp16\. Save all parts in one variant"):
        drawn(folder)


@pytest.mark.parametrize("stated", [None, 10**30])
def test_a_tokenizer_without_a_length_takes_that_of_its_encoder(folder: Path, stated: int | None) -> None:
    edit(folder / "tokenizer" / "tokenizer_config.json", model_max_length=stated)
    renderer = load_renderer(str(folder), 1, changes={"steps": 1})
    assert renderer.room("a fox") < 100 and renderer.render([FOX])
    with pytest.raises(ModelError, match="word pieces"):
        renderer.render([SimpleNamespace(prompt="fox " * 200, negative_prompt="", seed=3)])


@pytest.mark.parametrize("text", ["steps = 3", "# nothing", "title = 'Füchse'\nguidance = 2"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_settings_may_begin_with_a_byte_order_mark(folder: Path, text: str, mark: str) -> None:
    (folder / "palate.toml").write_text(mark + text, encoding="utf-8")
    assert find_model(str(folder)).steps == (3 if "steps" in text else 4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("step = 3", "found 'step'. Did you mean steps"),
        ("guidence = 3", "Did you mean guidance"),
        ("colour = 'red'", "found 'colour'"),
        ("[model]\nsteps = 3", "found 'model'"),
        ("steps = 0", "steps from 1 to 500"),
        ("steps = -3", "found -3"),
        ("steps = 3.5", "a whole number"),
        ("steps = '3'", "a whole number"),
        ("steps = true", "a whole number"),
        ("steps = 100000000000", "steps from 1 to 500"),
        ("guidance = nan", "guidance from 0 to 50"),
        ("guidance = inf", "guidance from 0 to 50"),
        ("picture_px = 500", "a multiple of 8"),
        ("picture_px = 1000000", "picture_px from 8 to 4096"),
        ("negative = 'false'", "true or false"),
        ("title = 3", "a text in quotes"),
        ("dtype = 'float8'", "dtype out of"),
        ("steps 3", "TOML"),
        ("title = Mine", "TOML"),
    ],
)
def test_settings_that_do_not_fit_are_said(folder: Path, text: str, found: str) -> None:
    (folder / "palate.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="palate.toml") as caught:
        find_model(str(folder))
    assert found in str(caught.value)


def test_the_types_of_weights_are_those_that_a_device_gets() -> None:
    assert own_settings.DTYPES == tuple(devices.DTYPES)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_settings_in_another_encoding_are_said(folder: Path, encoding: str) -> None:
    (folder / "palate.toml").write_text("title = 'Füchse'", encoding=encoding)
    with pytest.raises(ModelError, match="save it as UTF-8"):
        find_model(str(folder))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["model.safetensors"], "from_single_file"),
        (["v1-5-pruned.ckpt"], "from_single_file"),
        (["pytorch_lora_weights.safetensors"], "found a LoRA"),
        (["adapter_config.json", "adapter_model.safetensors"], "found a LoRA"),
        (["config.json", "diffusion_pytorch_model.safetensors"], "one network without a pipeline"),
        (["sdxl/model_index.json", "other/model_index.json"], "Name one of them: other, sdxl"),
        (["notes.txt"], "Restore the folder"),
        ([], "Restore the folder"),
    ],
)
def test_a_folder_that_is_no_pipeline_is_said(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError) as caught:
        find_model(str(tmp_path))
    assert said in str(caught.value) and "model_index.json" in str(caught.value)


@pytest.mark.parametrize("name", ["v1-5.safetensors", "v1-5.ckpt", "flux.gguf"])
def test_a_file_of_weights_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ModelError, match="found one file of weights.*from_single_file"):
        find_model(str(tmp_path / name))


@pytest.mark.parametrize("kind", ["StableVideoDiffusionPipeline", "AudioLDM2Pipeline", "NoSuchPipeline"])
def test_a_pipeline_that_draws_no_pictures_from_text_is_said(folder: Path, kind: str) -> None:
    edit(folder / "model_index.json", _class_name=kind)
    with pytest.raises(ModelError, match=rf"Expected a text-to-image model .*\({kind}\)"):
        load_renderer(str(folder), 1)


def test_a_model_for_inpainting_is_said(tmp_path: Path) -> None:
    folder = tiny.save_checked(tmp_path / "inpainting", objects=False)
    tiny._unet(in_channels=9).save_pretrained(folder / "unet")
    edit(folder / "model_index.json", _class_name="StableDiffusionInpaintPipeline")
    with pytest.raises(ModelError, match="takes 9 channels instead of 4"):
        load_renderer(str(folder), 1)


def test_a_part_that_exists_as_a_pickle_only_is_said(folder: Path) -> None:
    file = weights_of(folder, "vae")
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(ModelError, match="weights of vae .* pickles"):
        load_renderer(str(folder), 1)
