"""Pipelines of other families than the mini models: loaded, run, and what happens when they cannot."""

import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from models import ModelError, find_model, load_renderer
from models.catalog import Adapter
from models.diffusion import DiffusersRenderer
from models.safety import HIDDEN, hidden, other_seed
from tests.models import tiny

FOX = SimpleNamespace(prompt="a fox", negative_prompt="", seed=3)
OWL = SimpleNamespace(prompt="an owl", negative_prompt="", seed=4)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("families")
    return {
        "sdxl": tiny.save_sdxl(folder / "sdxl"),
        "lcm": tiny.save_lcm(folder / "lcm"),
        "lcm-fp16": tiny.save_lcm(folder / "lcm-fp16", "fp16"),
        "checked": tiny.save_checked(folder / "checked", objects=False),
        "objecting": tiny.save_checked(folder / "objecting", objects=True),
        "lora": tiny.save_lora(folder / "lora"),
    }


def loaded(folder: Path, **options: Any) -> DiffusersRenderer:
    found = load_renderer(str(folder), 1, changes={"steps": 2}, **options)
    assert isinstance(found, DiffusersRenderer)
    return found


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def record(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened(content).info["palate"])
    return found


@pytest.mark.parametrize("family", ["sdxl", "lcm", "lcm-fp16", "checked"])
def test_a_folder_that_diffusers_saved_is_a_model(folders: dict[str, Path], family: str) -> None:
    renderer = loaded(folders[family])
    told: list[tuple[int, int]] = []
    pictures = renderer.render([FOX, OWL], lambda done, of: told.append((done, of)))
    assert [opened(picture).size for picture in pictures] == [(32, 32)] * 2
    assert told[-1] == (4, 4) and pictures == renderer.render([FOX, OWL]) and pictures[0] != pictures[1]


def test_a_family_brings_its_defaults_and_the_mini_clip_sees_until_another_is_fetched(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    lcm, sdxl = find_model(str(folders["lcm"])), find_model(str(folders["sdxl"]))
    assert (lcm.steps, lcm.negative) == (4, False) and (sdxl.steps, sdxl.guidance) == (25, 5.0)
    assert lcm.words == sdxl.words == 4
    assert lcm.clip == find_model("mini").clip and lcm.vocabulary == ""


def test_a_folder_states_its_own_settings(tmp_path: Path) -> None:
    folder = tiny.save_checked(tmp_path / "mine", objects=False)
    (folder / "palate.toml").write_text(
        'steps = 3\npicture_px = 48\ntitle = "Mine"\nscheduler = "DDIMScheduler"'
    )
    renderer = load_renderer(str(folder), 1)
    (picture,) = renderer.render([FOX])
    assert opened(picture).size == (48, 48) and "Sampler: DDIM," in opened(picture).info["parameters"]
    assert (
        record(picture)["steps"] == 3
        and renderer.name != load_renderer(str(folder), 1, changes={"steps": 4}).name
    )
    (folder / "palate.toml").write_text('scheduler = "os"')
    with pytest.raises(ModelError, match="class of diffusers"):
        load_renderer(str(folder), 1)


def test_a_lora_changes_what_is_drawn(folders: dict[str, Path]) -> None:
    plain = loaded(folders["lcm"])
    changed = loaded_with(folders["lcm"], Adapter(folders["lora"], "lora.safetensors"))
    assert plain.name != changed.name
    assert plain.render([FOX]) != changed.render([FOX]) == changed.render([FOX])
    with pytest.raises(ModelError, match="does not load"):
        loaded_with(folders["lcm"], Adapter(folders["lora"], "missing.safetensors"))


def loaded_with(folder: Path, adapter: Adapter) -> DiffusersRenderer:
    return DiffusersRenderer(find_model(str(folder), changes={"adapter": adapter, "steps": 2}), threads=1)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    folder = tiny.save_lcm(tmp_path / "mine")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({}, weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(ModelError, match="does not load"):
        loaded(folder)


def test_negative_prompts_are_passed_where_they_do_something(folders: dict[str, Path]) -> None:
    against = SimpleNamespace(prompt="a fox", negative_prompt="an owl", seed=3)
    checked, lcm = loaded(folders["checked"]), loaded(folders["lcm"])
    (picture,) = checked.render([against])
    assert [picture] != checked.render([FOX])
    assert opened(picture).info["parameters"].splitlines()[1] == "Negative prompt: an owl"
    assert opened(lcm.render([against])[0]).tobytes() == opened(lcm.render([FOX])[0]).tobytes()


def test_a_prompt_that_is_too_long_is_refused_and_not_cut(folders: dict[str, Path]) -> None:
    renderer = loaded(folders["sdxl"])
    long = SimpleNamespace(prompt="fox " * 200, negative_prompt="", seed=3)
    assert renderer.room("a fox") > 0 > renderer.room(long.prompt)
    with pytest.raises(ModelError, match=r"at most \d+ word pieces, found 2\d\d"):
        renderer.render([long])


def test_what_the_checker_objects_to_is_tried_again_then_blurred(folders: dict[str, Path]) -> None:
    renderer = loaded(folders["objecting"])
    (picture,) = renderer.render([FOX])
    assert record(picture)["hidden"] and record(picture)["seed"] == FOX.seed
    shown = opened(picture).convert("RGB")
    (open_one,) = loaded(folders["objecting"], checked=False).render([FOX])
    assert "hidden" not in record(open_one) and opened(open_one).tobytes() != shown.tobytes()
    assert len(shown.getcolors(32 * 32) or []) > 1  # it is not a black square


def test_a_picture_that_passes_at_another_seed_says_which(folders: dict[str, Path]) -> None:
    renderer = loaded(folders["checked"])
    judged: list[int] = []
    checker = renderer._pipeline.safety_checker
    honest = checker.forward

    def first_objects(images: Any, clip_input: Any) -> Any:
        judged.append(len(images))
        pictures, _ = honest(images=images, clip_input=clip_input)
        return pictures, [len(judged) == 1] * len(images)

    checker.forward = first_objects
    (picture,) = renderer.render([FOX])
    assert record(picture)["seed"] == other_seed(FOX.seed, 1) and "hidden" not in record(picture)
    checker.forward = honest
    again = SimpleNamespace(prompt="a fox", negative_prompt="", seed=other_seed(FOX.seed, 1))
    assert opened(renderer.render([again])[0]).tobytes() == opened(picture).tobytes()


def test_a_hidden_picture_shows_no_more_than_its_colours() -> None:
    half = Image.new("RGB", (128, 128), "white")
    half.paste("red", (0, 0, 128, 64))
    pair = [hidden(half), hidden(half.rotate(180))]
    assert pair[0].size == (128, 128) and pair[0].tobytes() != pair[1].tobytes() and "hidden" in HIDDEN


class _Crowded:
    """A pipeline that has no room for more than so many pictures at once, nor for any until it is sliced."""

    def __init__(self, pipeline: Any, room: int, sliced: bool) -> None:
        self._pipeline, self._room, self._needs_slices = pipeline, room, sliced
        self.tried: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def enable_attention_slicing(self) -> None:
        self._pipeline.enable_attention_slicing()
        self._needs_slices = False

    def __call__(
        self, prompt: Any, generator: Any, num_inference_steps: int, guidance_scale: float, height: int,
        width: int, callback_on_step_end: Any,
    ) -> Any:  # fmt: skip
        self.tried.append(len(prompt))
        if len(prompt) > self._room or self._needs_slices:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return self._pipeline(
            prompt=prompt, generator=generator, num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale, height=height, width=width,
            callback_on_step_end=callback_on_step_end,
        )  # fmt: skip


def test_too_little_memory_means_fewer_at_once_then_slices_and_is_said(
    folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    renderer = loaded(folders["lcm"])
    expected = [opened(picture).size for picture in renderer.render([FOX, OWL, FOX])]
    assert renderer.batch == (8 if renderer.device.type == "cuda" else 4)
    crowded = _Crowded(renderer._pipeline, room=1, sliced=True)
    renderer._pipeline = crowded
    with caplog.at_level(logging.WARNING):
        told: list[tuple[int, int]] = []
        pictures = renderer.render([FOX, OWL, FOX], lambda done, of: told.append((done, of)))
    assert [opened(picture).size for picture in pictures] == expected and told[-1] == (6, 6)
    assert crowded.tried == [3, 1, 1, 1, 1] and renderer.batch == renderer.memory.batch == 1
    assert "3 pictures at once" in caplog.text and "slices" in caplog.text
    renderer.render([FOX, OWL])
    assert crowded.tried[5:] == [1, 1]  # it remembers


def test_no_memory_at_all_is_an_error(folders: dict[str, Path]) -> None:
    renderer = loaded(folders["lcm"])
    renderer._pipeline = _Crowded(renderer._pipeline, room=0, sliced=False)
    with pytest.raises(ModelError, match="out of memory"):
        renderer.render([FOX])


def test_a_compiled_denoiser_draws_the_same(folders: dict[str, Path]) -> None:
    plain, compiled = loaded(folders["lcm"]), loaded(folders["lcm"], compiled="eager")
    assert opened(compiled.warm_up("an owl")).size == (32, 32)
    one, other = (opened(renderer.render([FOX])[0]).convert("RGB") for renderer in (plain, compiled))
    difference = torch.frombuffer(bytearray(one.tobytes()), dtype=torch.uint8).float()
    difference -= torch.frombuffer(bytearray(other.tobytes()), dtype=torch.uint8).float()
    assert difference.abs().max() <= 4
